from pathlib import Path

import pytest

from taxonomy import esco, imported_skills
from taxonomy.wordlists import Wordlists
from tests import esco_files
from tests.esco_files import URI

HEADER = "conceptUri,preferredLabel,altLabels\n"


def read_text(folder: Path, text: str) -> list[str]:
    """Return the faults of a French file."""
    (folder / "skills_fr.csv").write_text(text, encoding="utf-8")
    return [str(fault) for fault in esco.read(folder, ["fr"]).faults]


def test_labels_and_other_names_are_read_in_both_languages(tmp_path: Path) -> None:
    found = esco.read(esco_files.usual(tmp_path))
    assert found.faults == ()
    assert [item.uri for item in found.concepts] == [f"{URI}{number}" for number in (1, 2, 3)]
    assert found.concepts[1].labels == {"fr": "dresser des licornes", "en": "train unicorns"}
    assert found.concepts[1].names == {"fr": ("débourrage de licornes",), "en": ("unicorn breaking",)}


def test_the_digest_tells_contents_apart(tmp_path: Path) -> None:
    folder = esco_files.usual(tmp_path)
    before = esco.read(folder).digest
    assert esco.read(folder).digest == before
    esco_files.write(folder, fr=[("9", "autre", [])], en=[])
    assert esco.read(folder).digest != before


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("conceptUri,altLabels\n", ["skills_fr.csv:1: preferredLabel: is missing from the header"]),
        (f"{HEADER}{URI}1,,autre\n", ["skills_fr.csv:2: preferredLabel: is empty"]),
        (
            f"{HEADER}{URI}1,a,\nhttp://elsewhere/2,b,\n",
            ["skills_fr.csv:3: conceptUri: 'http://elsewhere/2' does not begin with http://data.europa.eu/esco/"],
        ),
        (f'{HEADER}{URI}1,"a","b\nc"\n{URI}1,d,\n', [f"skills_fr.csv:4: conceptUri: {URI}1 comes twice"]),
        (f"{HEADER}{URI}1,a\tb,\n", ["skills_fr.csv:2: preferredLabel: 'a\\tb' holds control characters"]),
        (f"{HEADER}{URI}1,{'a' * 501},\n", ["skills_fr.csv:2: preferredLabel: is longer than 500 characters"]),
        (f'{HEADER}{URI}1,"a"b,\n', ["skills_fr.csv:2: row: is no CSV: ',' expected after '\"'"]),
        (f"{HEADER}{URI}1,,\n", []),
    ],
)
def test_faults_are_told_with_their_place(tmp_path: Path, text: str, faults: list[str]) -> None:
    assert read_text(tmp_path, text) == faults


def test_a_missing_file_and_one_that_is_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "skills_fr.csv").write_bytes(b"conceptUri\n\xff\n")
    assert [str(fault) for fault in esco.read(tmp_path).faults] == [
        "skills_fr.csv:2: file: is not UTF-8",
        "skills_en*.csv:0: file: there is no such file",
    ]


def test_what_matches_widens_ours_and_the_rest_is_new(tmp_path: Path, wordlists: Wordlists) -> None:
    found = esco.read(esco_files.usual(tmp_path)).concepts
    matched = imported_skills.match(found, wordlists.skills, "esco")
    assert (matched.read, matched.widened, matched.names, matched.new) == (3, 1, 2, 2)
    ours, new, _ = matched.rows
    assert (ours["concept"], ours["names"]) == (
        "project-management",
        {"fr": ["piloter un projet complexe"], "en": ["steer a complex project"]},
    )
    assert (new["concept"], new["labels"]) == ("esco:2", {"fr": "dresser des licornes", "en": "train unicorns"})


def test_a_name_of_one_of_ours_is_never_given_to_another(tmp_path: Path, wordlists: Wordlists) -> None:
    rows = [("1", "gestion de projet", ["douane"])]
    found = esco.read(esco_files.write(tmp_path, fr=rows, en=[])).concepts
    (row,) = imported_skills.match(found, wordlists.skills, "esco").rows
    assert row["names"] == {"fr": [], "en": []}


def test_what_could_be_two_of_ours_is_kept_apart(tmp_path: Path, wordlists: Wordlists) -> None:
    folder = esco_files.write(tmp_path, fr=[("1", "gestion de projet", [])], en=[("1", "customs", [])])
    matched = imported_skills.match(esco.read(folder).concepts, wordlists.skills, "esco")
    assert (matched.ambiguous, matched.rows[0]["concept"]) == (1, "esco:1")
