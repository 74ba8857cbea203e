import shutil
import time
from pathlib import Path

import pytest

from foundation.settings import ROOT
from taxonomy import wordlists as lists
from taxonomy.synonyms import BadSynonym
from taxonomy.wordlists import LiveWordlists, Wordlists
from tests.builders import eventually

FOLDERS = ("taxonomy", "zones", "synonyms")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in FOLDERS:
        shutil.copytree(ROOT / "data" / part, tmp_path / part)
    return tmp_path


def add_line(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as target:
        target.write(f"{line}\n")


def test_a_label_of_a_concept_is_identified_by_its_id_in_either_language(wordlists: Wordlists) -> None:
    assert wordlists.skill_key("Gestion de projet") == "project-management"
    assert wordlists.skill_key("PROJECT MANAGEMENT") == "project-management"
    assert wordlists.sector_key("Élevage") == wordlists.sector_key("livestock") == "livestock"


def test_a_free_label_is_identified_by_its_folded_words(wordlists: Wordlists) -> None:
    assert wordlists.skill_key("Élevage de  Licornes") == "~elevage de licornes"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("douannes", "douanes"),
        ("logistiqe", "logistique"),
        ("logisitcs", "logistics"),
        ("stratgie", "strategie"),
        ("maghrebb", "maghreb"),
    ],
)
def test_a_misspelling_is_corrected_to_the_nearest_listed_word(wordlists: Wordlists, typed: str, meant: str) -> None:
    assert wordlists.correct(typed) == meant


@pytest.mark.parametrize("typed", ["xyzzy", "dou", "b2b1", "qwertzuiop", ""])
def test_what_resembles_no_listed_word_is_left_alone(wordlists: Wordlists, typed: str) -> None:
    assert wordlists.correct(typed) is None


def test_short_words_are_corrected_by_one_edit_and_long_ones_by_two(wordlists: Wordlists) -> None:
    assert wordlists.correct("vntes") == "ventes"
    assert wordlists.correct("vnts") != "ventes"
    assert wordlists.correct("logstqiue") == "logistique"
    assert wordlists.correct("lgstqiue") is None


def test_every_listed_word_counts_as_known(wordlists: Wordlists) -> None:
    assert {"douane", "customs", "maghreb", "allemands", "shanghai"} <= wordlists.known_words


def test_the_fingerprint_follows_the_content_of_the_lists(folder: Path) -> None:
    before = lists.read(folder).fingerprint
    assert lists.read(folder).fingerprint == before
    add_line(folder / "synonyms" / "fr.txt", "licornage, élevage de licornes")
    assert lists.read(folder).fingerprint != before


def test_lists_that_change_on_disk_take_effect_without_a_restart(folder: Path) -> None:
    live = LiveWordlists(folder)
    before = live.current()
    assert live.current() is before
    add_line(folder / "synonyms" / "fr.txt", "licornage, élevage de licornes")
    add_line(folder / "taxonomy" / "skills.csv", "unicorns,other,Élevage de licornes,Unicorn breeding,,")
    add_line(folder / "zones" / "zones.csv", "atlantis,Atlantide,Atlantis,,,PT|ES")
    eventually(lambda: live.current() is not before)
    assert live.current().synonyms.rules.keys() > before.synonyms.rules.keys()
    assert live.current().skill_key("unicorn breeding") == "unicorns"
    assert live.current().zones.find_zone("Atlantide")


def test_a_list_that_breaks_while_the_site_runs_leaves_the_last_good_one_in_use(folder: Path) -> None:
    live = LiveWordlists(folder)
    before = live.current()
    add_line(folder / "synonyms" / "fr.txt", "alone")
    with pytest.raises(BadSynonym):
        lists.read(folder)
    until = time.monotonic() + lists.CHECK_EVERY_SECONDS + 0.5
    while time.monotonic() < until:
        assert live.current() is before
        time.sleep(0.1)


def test_lists_are_read_again_only_when_a_file_has_changed(folder: Path) -> None:
    before = lists.read(folder)
    assert lists.read(folder) is before
    add_line(folder / "synonyms" / "fr.txt", "licorne, cheval cornu")
    again = lists.read(folder)
    assert again.fingerprint != before.fingerprint
    assert again.synonyms.rules.keys() - before.synonyms.rules.keys()
