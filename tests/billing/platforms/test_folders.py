"""A platform behind a folder."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from billing.platforms.folders import WRITTEN_WITHIN, FolderPlatform
from foundation.errors import Conflict, Unreachable
from tests.billing.platforms.telling import message

AT = datetime(2026, 12, 1, 10, tzinfo=UTC)


def names(folder: Path) -> dict[str, list[str]]:
    return {part.name: sorted(path.name for path in part.iterdir()) for part in folder.iterdir()}


def put(folder: Path, name: str, content: bytes, written_at: datetime = AT) -> None:
    path = folder / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (written_at.timestamp(), written_at.timestamp()))


def test_a_document_is_put_whole_and_once(tmp_path: Path) -> None:
    platform = FolderPlatform(tmp_path)
    for _ in range(2):
        assert platform.deposit("FAC-1", b"one") == "FAC-1.pdf"
    assert names(tmp_path) == {"out": ["FAC-1.pdf"]}
    with pytest.raises(Conflict):
        platform.deposit("FAC-1", b"two")
    assert (tmp_path / "out" / "FAC-1.pdf").read_bytes() == b"one"


def test_messages_are_read_in_order_until_they_are_settled(tmp_path: Path) -> None:
    platform = FolderPlatform(tmp_path)
    put(tmp_path, "2.xml", message("FAC-2", "200", at=AT))
    put(tmp_path, "1.xml", message("FAC-1", "213", at=AT))
    put(tmp_path, ".3.xml", message("FAC-3", "200", at=AT))
    put(tmp_path, "4.xml.part", message("FAC-4", "200", at=AT))
    told = list(platform.fetch(at=AT))
    assert [(one.name, one.statuses[0].number) for one in told] == [("1.xml", "FAC-1"), ("2.xml", "FAC-2")]
    assert list(platform.fetch(at=AT)) == told
    platform.settle(told[0], is_known=True)
    platform.settle(told[1], is_known=False)
    assert list(platform.fetch(at=AT)) == []
    assert names(tmp_path) == {"in": [".3.xml", "4.xml.part"], "done": ["1.xml"], "bad": ["2.xml"]}


def test_a_name_that_comes_again_hides_nothing(tmp_path: Path) -> None:
    platform = FolderPlatform(tmp_path)
    for code in ("200", "213"):
        put(tmp_path, "1.xml", message("FAC-1", code, at=AT))
        (told,) = platform.fetch(at=AT)
        assert told.statuses[0].code == code
        platform.settle(told, is_known=True)
    assert len(names(tmp_path)["done"]) == 2


def test_what_cannot_be_read_is_put_aside_once_it_must_be_whole(tmp_path: Path) -> None:
    platform = FolderPlatform(tmp_path)
    put(tmp_path, "half.xml", message("FAC-1", "200", at=AT)[:200])
    assert list(platform.fetch(at=AT + WRITTEN_WITHIN)) == []
    assert names(tmp_path) == {"in": ["half.xml"]}
    put(tmp_path, "good.xml", message("FAC-1", "200", at=AT))
    late = AT + WRITTEN_WITHIN + timedelta(seconds=1)
    assert [one.name for one in platform.fetch(at=late)] == ["good.xml"]
    assert names(tmp_path) == {"in": ["good.xml"], "bad": ["half.xml"]}


def test_a_folder_that_is_lost_is_not_made_anew(tmp_path: Path) -> None:
    platform = FolderPlatform(tmp_path / "away")
    with pytest.raises(Unreachable):
        platform.deposit("FAC-1", b"one")
    with pytest.raises(Unreachable):
        list(platform.fetch(at=AT))
    assert list(tmp_path.iterdir()) == []
