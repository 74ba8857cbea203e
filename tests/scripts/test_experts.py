from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.builders import lines, record
from tests.scripts.conftest import Portulan

BAD = record("BAD", countries=["XX"])


def text(*records: dict[str, Any]) -> bytes:
    return b"".join(lines(records))


def refs(portulan: Portulan) -> list[str]:
    return sorted(orjson.loads(line)["ref"] for line in portulan("experts", "export").out.splitlines())


def test_a_file_is_imported(portulan: Portulan, tmp_path: Path) -> None:
    path = tmp_path / "experts.jsonl"
    path.write_bytes(text(record("H001"), record("H002")))
    outcome = portulan("experts", "import", str(path))
    assert (outcome.code, outcome.out, outcome.err) == (0, "2 created, 0 updated, 0 unchanged.\n", "")
    assert refs(portulan) == ["H001", "H002"]


def test_standard_input_is_imported(portulan: Portulan) -> None:
    assert portulan("experts", "import", "-", stdin=text(record("H001"))).code == 0
    assert refs(portulan) == ["H001"]


def test_bad_input_is_listed_and_nothing_is_imported(portulan: Portulan) -> None:
    outcome = portulan("experts", "import", "-", stdin=text(record("H001"), BAD) + b"oops\n")
    told = [line for line in outcome.err.splitlines() if line.startswith("line ")]
    assert outcome.code == 2
    assert told[0] == "line 2: countries.0: 'XX' is not an ISO 3166-1 alpha-2 country code such as FR"
    assert told[1].startswith("line 3: line: is not JSON")
    assert (len(told), refs(portulan)) == (2, [])


def test_skipping_invalid_lines_imports_the_rest_and_says_what_was_left(portulan: Portulan) -> None:
    outcome = portulan("experts", "import", "-", "--skip-invalid", stdin=text(record("H001"), BAD))
    assert (outcome.code, refs(portulan)) == (0, ["H001"])
    assert "line 2: countries.0: " in outcome.err
    assert "1 lines left out" in outcome.out


@pytest.mark.parametrize(
    ("records", "options", "expected"),
    [
        ([record("A")], (), {"created": 1, "skipped": 0, "faults": 0, "imported": True}),
        ([record("A"), BAD], (), {"created": 0, "skipped": 1, "faults": 1, "imported": False}),
        (
            [record("A"), BAD],
            ("--skip-invalid",),
            {"created": 1, "skipped": 1, "faults": 1, "imported": True},
        ),
    ],
)
def test_the_outcome_of_an_import_can_be_read_as_json(
    portulan: Portulan, records: list[dict[str, Any]], options: tuple[str, ...], expected: dict[str, Any]
) -> None:
    outcome = portulan("experts", "import", "-", "--json", *options, stdin=text(*records))
    assert orjson.loads(outcome.out) == {"updated": 0, "unchanged": 0, **expected}


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_bad_input(portulan: Portulan, tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    outcome = portulan("experts", "import", path)
    assert outcome.code == 2
    assert path in outcome.err


def test_an_export_to_a_file_can_be_imported_again_and_changes_nothing(portulan: Portulan, tmp_path: Path) -> None:
    path = str(tmp_path / "export.jsonl")
    portulan("experts", "import", "-", stdin=text(record("H001"), record("H002")))
    assert portulan("experts", "export", path).code == 0
    assert portulan("experts", "import", path).out == "0 created, 0 updated, 2 unchanged.\n"


def test_an_export_that_cannot_be_written_fails(portulan: Portulan, tmp_path: Path) -> None:
    assert portulan("experts", "export", str(tmp_path / "no" / "folder.jsonl")).code == 1


def exported(portulan: Portulan) -> dict[str, Any]:
    return orjson.loads(portulan("experts", "export").out)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("hide", "H001"), {"visible": False}),
        (("show", "H001"), {"visible": True}),
        (("unavailable", "H001"), {"available": False}),
        (("available", "H001"), {"available": True, "available_from": None}),
        (("available", "H001", "--from", "2099-12-01"), {"available": True, "available_from": "2099-12-01"}),
    ],
)
def test_the_switches_change_what_they_say(
    portulan: Portulan, command: tuple[str, ...], expected: dict[str, Any]
) -> None:
    portulan("experts", "import", "-", stdin=text(record("H001")))
    assert portulan("experts", *command).code == 0
    assert exported(portulan).items() >= expected.items()


@pytest.mark.parametrize("command", ["show", "hide", "available", "unavailable"])
@pytest.mark.parametrize("ref", ["nobody", "[/red]"])
def test_an_unknown_expert_is_named_and_ends_with_1(portulan: Portulan, command: str, ref: str) -> None:
    outcome = portulan("experts", command, ref)
    assert outcome.code == 1
    assert ref in outcome.err


def test_deleting_asks_first(portulan: Portulan) -> None:
    portulan("experts", "import", "-", stdin=text(record("H001")))
    assert portulan("experts", "delete", "H001", stdin=b"n\n").code == 1
    assert refs(portulan) == ["H001"]


def test_deleting_can_go_without_asking(portulan: Portulan) -> None:
    portulan("experts", "import", "-", stdin=text(record("H001"), record("H002")))
    outcome = portulan("experts", "delete", "H001", "nobody", "--yes")
    assert (outcome.code, outcome.out, refs(portulan)) == (0, "1 deleted.\n", ["H002"])


def test_an_imported_expert_is_invited_to_own_the_profile(portulan: Portulan) -> None:
    portulan("experts", "import", "-", stdin=text(record("H001")))
    outcome = portulan("experts", "invite", "H001", "anne@example.org", "--language", "en")
    assert outcome.code == 0
    assert "/invitation?token=" in outcome.out
    assert portulan("experts", "invite", "H999", "anne@example.org").code == 1
    assert portulan("experts", "invite", "H001", "no address").code == 2
