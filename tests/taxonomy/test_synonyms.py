from pathlib import Path

import pytest

from foundation.settings import ROOT
from taxonomy import synonyms, texts
from taxonomy.synonyms import BadSynonym, Synonyms

LISTS = sorted((ROOT / "data" / "synonyms").glob("*.txt"))


def rules(folder: Path, text: str) -> Synonyms:
    path = folder / "list.txt"
    path.write_text(text, encoding="utf-8")
    return synonyms.read([path])


def expansions(found: Synonyms, text: str) -> set[str]:
    return {" ".join(phrase) for item in found.expand(texts.words(text)) for phrase in item.phrases}


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_every_line_of_every_list_can_be_read(path: Path) -> None:
    assert len(synonyms.read([path]).rules) > 100


def test_terms_of_an_equal_rule_mean_each_other(tmp_path: Path) -> None:
    found = rules(tmp_path, "drh, directeur des ressources humaines")
    assert expansions(found, "DRH") == {"directeur des ressources humaines"}
    assert expansions(found, "directeurs de ressources humaines") == {"drh"}


def test_an_arrow_goes_one_way(tmp_path: Path) -> None:
    found = rules(tmp_path, "md => md, managing director")
    assert expansions(found, "md") == {"managing director"}
    assert expansions(found, "managing director") == set()


def test_comments_and_empty_lines_say_nothing(tmp_path: Path) -> None:
    found = rules(tmp_path, "# a, b\n\nvin, wine # not beer\n")
    assert expansions(found, "vin") == {"wine"}
    assert expansions(found, "a b beer") == set()


def test_csharp_at_the_start_of_a_line_is_no_comment(tmp_path: Path) -> None:
    assert expansions(rules(tmp_path, "C#, dotnet developer"), "c#") == {"dotnet developer"}


def test_rules_on_one_head_add_up(tmp_path: Path) -> None:
    assert expansions(rules(tmp_path, "vin, wine\nvin => cru"), "vin") == {"wine", "cru"}


def test_no_word_is_its_own_synonym(tmp_path: Path) -> None:
    assert expansions(rules(tmp_path, "export, exports, exportation"), "export") <= {"exportation"}


def test_the_longest_run_of_words_comes_first(tmp_path: Path) -> None:
    found = rules(tmp_path, "chef, head\nchef de projet, project manager")
    first = next(iter(found.expand(texts.words("chef de projet"))))
    assert (first.start, first.stop) == (0, 3)


@pytest.mark.parametrize("line", ["alone", "a =>", "=> b", "alone,", ", ,"])
def test_a_line_without_a_pair_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadSynonym, match=r"list\.txt:2"):
        rules(tmp_path, f"vin, wine\n{line}\n")
