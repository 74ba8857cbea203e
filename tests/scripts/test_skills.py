from pathlib import Path
from typing import Any

import orjson
import pytest

from search_api import results
from taxonomy import decisions
from tests import esco_files
from tests.builders import Directory, directory, record
from tests.scripts.conftest import Portulan

PEOPLE = [
    record("A", headline="Dresseur", skills=["Débourrage de licornes", "Douane"]),
    record("B", headline="Trainer", skills=["Train unicorns", "Customs"]),
    record("C", headline="Éleveur", skills=["Débourrage de licornes", "Steer a complex project", "Maison"]),
]


def json_of(portulan: Portulan, *arguments: str) -> Any:
    outcome = portulan(*arguments, "--json")
    assert outcome.code == 0, outcome.err
    return orjson.loads(outcome.out)


def facet(found: Directory, lang: str = "fr", **parameters: Any) -> dict[str, int]:
    """Return the labels of the skills facet with their counts."""
    request = found.request(lang=lang, **parameters)
    answer = results.answer(found.find(lang=lang, **parameters), request, found.wordlists.current())
    return {item["label"]: item["count"] for item in answer["facets"]["skill"]}


def catch_up(found: Directory) -> None:
    """Let the directory take up what a command has owed, as a serving process does."""
    found.deliver()


@pytest.fixture
def found(tmp_path: Path):  # noqa: ANN201 - a generator fixture
    """Give the directory of the command line's installation."""
    with directory(tmp_path, PEOPLE, follows_operators=True) as opened:
        yield opened


# Free skills


def test_free_skills_wait_most_listed_first_with_what_they_may_mean(portulan: Portulan, found: Directory) -> None:
    del found
    rows = json_of(portulan, "skills", "list", "--free")
    assert [(row["skill"], row["experts"]) for row in rows] == [
        ("Débourrage de licornes", 2),
        ("Maison", 1),
        ("Steer a complex project", 1),
        ("Train unicorns", 1),
    ]
    near = {item["concept"]: item for item in rows[2]["near"]}
    assert all(item["by"] == "letters" and 0.72 <= item["nearness"] <= 1 for item in near.values())
    assert "Débourrage de licornes" in portulan("skills", "list", "--free").out


def test_a_named_skill_is_a_concept_in_searches_and_facets(portulan: Portulan, found: Directory) -> None:
    told = json_of(
        portulan, "skills", "name", "Débourrage de licornes", "--fr", "Dressage de licornes", "--en", "Unicorn training"
    )
    assert told["concept"] == "unicorn-training"
    catch_up(found)
    assert facet(found)["Dressage de licornes"] == facet(found, "en")["Unicorn training"] == 2
    assert set(found.refs(q="unicorn training")) >= {"A", "C"}
    for label in ("Débourrage de licornes", "Dressage de licornes", "unicorn training", "unicorn-training"):
        assert set(found.refs(skill=[label])) == {"A", "C"}
    assert "Débourrage de licornes" not in [row["skill"] for row in json_of(portulan, "skills", "list", "--free")]


def test_a_merged_skill_is_a_name_of_the_concept(portulan: Portulan, found: Directory) -> None:
    json_of(portulan, "skills", "name", "Train unicorns", "--fr", "Dressage de licornes", "--en", "Unicorn training")
    json_of(portulan, "skills", "merge", "débourrage de LICORNES", "dressage de licornes")
    json_of(portulan, "skills", "merge", "Maison", "project-management")
    catch_up(found)
    assert facet(found)["Dressage de licornes"] == 3
    assert set(found.refs(skill=["Unicorn training"])) == {"A", "B", "C"}
    assert found.refs(skill=["gestion de projet"]) == ["C"]


def test_an_ignored_skill_waits_no_more_and_stays_as_it_is(portulan: Portulan, found: Directory) -> None:
    fingerprint = found.index.fingerprint()
    json_of(portulan, "skills", "ignore", "Maison")
    catch_up(found)
    assert "Maison" not in [row["skill"] for row in json_of(portulan, "skills", "list", "--free")]
    assert found.index.fingerprint() == fingerprint
    assert found.refs(skill=["Maison"]) == ["C"]


def test_a_decision_can_be_undone_and_both_keep_author_and_time(portulan: Portulan, found: Directory) -> None:
    json_of(portulan, "skills", "name", "Maison", "--fr", "Maison", "--en", "House", "--as", "anne")
    catch_up(found)
    assert found.refs(skill=["House"]) == ["C"]
    json_of(portulan, "skills", "merge", "Train unicorns", "House", "--as", "anne")
    outcome = portulan("skills", "undo", "Maison")
    assert (outcome.code, "Train unicorns" in outcome.err) == (1, True)
    json_of(portulan, "skills", "undo", "train unicorns", "--as", "bob")
    json_of(portulan, "skills", "undo", "Maison", "--as", "bob")
    catch_up(found)
    assert found.refs(skill=["House"]) == []
    assert facet(found)["Maison"] == 1
    told = json_of(portulan, "skills", "history")["decisions"]
    assert [(item["name"], item["kind"], item["author"], item["undone_by"]) for item in told] == [
        ("Train unicorns", "merged", "anne", "bob"),
        ("Maison", "named", "anne", "bob"),
    ]
    assert all(item["decided_at"] <= item["undone_at"] for item in told)
    json_of(portulan, "skills", "name", "Maison", "--fr", "Maison", "--en", "House")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("name", "Douane", "--fr", "A", "--en", "B"), 2, "skill"),
        (("name", "Maison", "--fr", "Douane", "--en", "B"), 2, "fr"),
        (("name", "  ", "--fr", "A", "--en", "B"), 2, "skill"),
        (("name", "x" * 121, "--fr", "A", "--en", "B"), 2, "120"),
        (("merge", "Maison", "no such concept"), 2, "no such concept"),
        (("merge", "Douane", "project-management"), 2, "customs"),
        (("undo", "Maison"), 1, "Maison"),
        (("forget", "esco"), 1, "esco"),
    ],
)
def test_a_wrong_decision_is_refused_with_what_is_wrong(
    portulan: Portulan, arguments: tuple[str, ...], code: int, said: str
) -> None:
    outcome = portulan("skills", *arguments)
    assert (outcome.code, said in outcome.err) == (code, True), outcome.err


def test_nothing_is_decided_twice(portulan: Portulan) -> None:
    json_of(portulan, "skills", "ignore", "Maison", "--as", "anne")
    outcome = portulan("skills", "merge", "maison", "customs")
    assert (outcome.code, "anne" in outcome.err) == (1, True)


def test_a_decision_about_a_skill_is_in_the_word_lists_of_running_processes(
    portulan: Portulan, found: Directory
) -> None:
    before = found.wordlists.current()
    json_of(portulan, "skills", "merge", "Maison", "customs")
    assert found.wordlists.refresh().skill_key("maison") == "customs"
    assert found.wordlists.current() is not before
    with found.database.reading() as session:
        assert decisions.decisions(session).keys() == {"maison"}


# ESCO


def test_esco_widens_searches_and_facets_and_can_be_forgotten(
    portulan: Portulan, found: Directory, tmp_path: Path
) -> None:
    folder = str(esco_files.usual(tmp_path / "esco"))
    dry = json_of(portulan, "skills", "import-esco", folder, "--dry-run", "--release", "v9")
    assert (dry["added"], dry["dry_run"]) == (3, True)
    assert json_of(portulan, "skills", "history")["sources"] == []
    fingerprint = found.index.fingerprint()
    told = json_of(portulan, "skills", "import-esco", folder, "--release", "v9")
    assert (told["read"], told["widened_concepts"], told["new_concepts"], told["new_names"]) == (3, 1, 2, 2)
    assert (told["added"], told["changed"], told["removed"]) == (3, 0, 0)
    (source,) = json_of(portulan, "skills", "history")["sources"]
    assert (source["source"], source["release"], source["digest"]) == ("esco", "v9", told["digest"])
    catch_up(found)
    assert found.index.fingerprint() != fingerprint
    assert facet(found)["Dresser des licornes"] == facet(found, "en")["Train unicorns"] == 3
    assert facet(found, "en")["Project management"] == 1
    assert set(found.refs(q="unicorn breaking")) == {"A", "B", "C"}
    assert [unit.value for unit in found.find(q="train unicorns").understood.units] == ["esco:2"]
    again = json_of(portulan, "skills", "import-esco", folder, "--release", "v9")
    assert (again["added"], again["changed"], again["removed"]) == (0, 0, 0)
    assert json_of(portulan, "skills", "forget", "esco") == {"source": "esco", "removed": 3, "without_concept": []}
    catch_up(found)
    assert found.index.fingerprint() == fingerprint
    assert "Dresser des licornes" not in facet(found)


def test_an_imported_label_swallows_no_everyday_word(portulan: Portulan, found: Directory, tmp_path: Path) -> None:
    json_of(portulan, "skills", "import-esco", str(esco_files.usual(tmp_path / "esco")))
    catch_up(found)
    assert facet(found, "en")["House"] == 1
    assert {unit.kind for unit in found.find(q="maison").understood.units} == {"word"}
    # Nobody lists what nobody offers: such a label is no unit of a query.
    esco_files.write(tmp_path / "esco", fr=[("7", "douane de la maison", [])], en=[("7", "quick brown fox", [])])
    json_of(portulan, "skills", "import-esco", str(tmp_path / "esco"))
    catch_up(found)
    assert [unit.text for unit in found.find(q="quick brown fox").understood.units] == ["quick", "brown", "fox"]


def test_a_second_import_replaces_the_first(portulan: Portulan, tmp_path: Path) -> None:
    folder = esco_files.usual(tmp_path / "esco")
    json_of(portulan, "skills", "import-esco", str(folder))
    esco_files.write(folder, fr=[("2", "dompter des licornes", [])], en=[("2", "train unicorns", [])])
    told = json_of(portulan, "skills", "import-esco", str(folder))
    assert (told["added"], told["changed"], told["removed"]) == (0, 1, 2)


def test_one_language_alone_gives_the_label_of_both(portulan: Portulan, tmp_path: Path) -> None:
    folder = str(esco_files.usual(tmp_path / "esco"))
    assert json_of(portulan, "skills", "import-esco", folder, "--language", "fr")["new_concepts"] == 2
    rows = {row["id"]: row for row in json_of(portulan, "skills", "list", "--limit", "100000")}
    assert (rows["esco:2"]["en"], rows["esco:2"]["reviewed"]) == ("Dresser des licornes", False)
    assert portulan("skills", "import-esco", folder, "--language", "de").code == 2


def test_faulty_files_are_told_and_nothing_is_imported(portulan: Portulan, tmp_path: Path) -> None:
    folder = esco_files.write(tmp_path / "esco", fr=[("1", "", ["un"])], en=[("1", "one", [])])
    outcome = portulan("skills", "import-esco", str(folder))
    assert outcome.code == 2
    assert "skills_fr.csv:2: preferredLabel: is empty" in outcome.err
    assert portulan("skills", "import-esco", str(folder), "--json").code == 2
    assert json_of(portulan, "skills", "history")["sources"] == []
