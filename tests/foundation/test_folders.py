"""Files in folders that others read."""

from pathlib import Path

import pytest

from foundation import folders
from foundation.errors import Conflict


def test_a_file_is_written_once_and_never_over_another(tmp_path: Path) -> None:
    assert folders.put(tmp_path, "a.pdf", b"one")
    assert not folders.put(tmp_path, "a.pdf", b"one")
    with pytest.raises(Conflict, match=r"a\.pdf is there with other content"):
        folders.put(tmp_path, "a.pdf", b"two")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.pdf", b"one")]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        folders.put(tmp_path / "absent", "a.pdf", b"one")
    (tmp_path / "a.pdf").mkdir()
    with pytest.raises(OSError, match=r"a\.pdf"):
        folders.put(tmp_path, "a.pdf", b"one")
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]
