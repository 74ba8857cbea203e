import re

import pytest

from search_api import suggestions
from search_api.suggestions import Suggestion
from taxonomy import texts
from tests.builders import Directory


def suggest(few: Directory, typed: str, language: str = "fr") -> list[Suggestion]:
    searcher = few.searcher()
    return suggestions.suggest(typed, searcher.wordlists, searcher.engine, language, searcher.still_findable)  # pyright: ignore[reportArgumentType]


def labels(found: list[Suggestion], kind: str) -> list[str]:
    return [item.label for item in found if item.kind == kind]


def test_the_empty_box_offers_skills_zones_and_sectors(few: Directory) -> None:
    assert {item.kind for item in suggest(few, "")} == {"skill", "zone", "sector"}


def test_the_empty_box_offers_what_most_profiles_have_first(few: Directory) -> None:
    customs = few.wordlists.current().skills.by_id["customs"]
    assert suggest(few, "", "fr")[0].label == customs.label("fr")
    assert suggest(few, "  ", "en")[0].label == customs.label("en")


@pytest.mark.parametrize(
    ("typed", "kind", "label"),
    [
        ("doua", "skill", "Douane"),
        ("agroal", "sector", "Agroalimentaire"),
        ("magh", "zone", "Maghreb"),
        ("allem", "zone", "Allemagne"),
        ("MAGH", "zone", "Maghreb"),
    ],
)
def test_beginnings_are_completed(few: Directory, typed: str, kind: str, label: str) -> None:
    assert any(item.startswith(label) for item in labels(suggest(few, typed), kind))


@pytest.mark.parametrize("typed", ["d", "do", "export do", "cu"])
def test_a_short_beginning_offers_only_what_shows_it(few: Directory, typed: str) -> None:
    letters = typed.rsplit(maxsplit=1)[-1]
    offered = [item.label for item in suggest(few, typed) if item.kind != "expert"]
    assert offered
    assert all(re.search(rf"\b{letters}", texts.fold(label)) for label in offered)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("UE", "Union européenne"),
        ("uk", "Royaume-Uni"),
        ("dotnet", ".NET"),
        (".n", ".NET"),
        (".net", ".NET"),
        ("net", ".NET"),
        ("dev .ne", "dev .NET"),
        ("c++", "C++"),
        ("l'export doua", "l'export Douane"),
    ],
)
def test_names_with_marks_are_completed(few: Directory, typed: str, value: str) -> None:
    assert value in [item.value for item in suggest(few, typed)]


def test_labels_are_in_the_readers_language(few: Directory) -> None:
    assert "Germany" in labels(suggest(few, "germ", "en"), "zone")
    assert "Allemagne" in labels(suggest(few, "germ", "fr"), "zone")


def test_only_the_last_words_are_completed_and_those_before_stay(few: Directory) -> None:
    values = [item.value for item in suggest(few, "étude de marché magh")]
    assert "étude de marché Maghreb" in values


def test_several_words_are_completed_together(few: Directory) -> None:
    assert "Gestion de projet" in labels(suggest(few, "gestion de pro"), "skill")


@pytest.mark.parametrize("typed", ["sal", "Salma", "idri", "IDRISSI", "salma idr", "Idrissi Sal", "Salma Idrissi"])
def test_experts_are_found_by_the_beginning_of_any_name(few: Directory, typed: str) -> None:
    assert "Salma Idrissi – Experte douane pour le Maroc" in labels(suggest(few, typed), "expert")


def test_the_name_of_an_expert_is_found_whatever_the_accents(few: Directory) -> None:
    assert any(label.startswith("Zoé Vignal") for label in labels(suggest(few, "zoe"), "expert"))


@pytest.mark.parametrize("typed", ["salma vignal", "salma xqz", "douane salma"])
def test_an_expert_has_every_name_that_was_typed(few: Directory, typed: str) -> None:
    assert labels(suggest(few, typed), "expert") == []


@pytest.mark.parametrize("typed", ["e", "a", "con", "é"])
def test_suggestions_are_few_and_different(few: Directory, typed: str) -> None:
    found = suggest(few, typed)
    assert 0 < len(found) <= suggestions.MOST
    assert len({(item.kind, item.label) for item in found}) == len(found)


def test_what_nothing_begins_with_suggests_nothing(few: Directory) -> None:
    assert suggest(few, "xqzxqz") == []
