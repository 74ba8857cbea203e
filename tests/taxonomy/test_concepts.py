from collections import defaultdict

import pytest

from taxonomy import texts
from taxonomy.concepts import LANGUAGES, Concept, PhraseBook, Vocabulary, phrase_key
from taxonomy.wordlists import Wordlists


def book(*phrases: str, exact: bool = False) -> PhraseBook:
    found = PhraseBook(exact=exact)
    for phrase in phrases:
        found.add(phrase, "skill", phrase)
    return found


def meanings(found: PhraseBook, text: str) -> list[str]:
    return [mention.meanings[0][1] for mention in found.mentions(texts.words(text))]


@pytest.mark.parametrize("kind", ["skills", "sectors"])
def test_every_concept_has_both_labels_and_its_own_id(wordlists: Wordlists, kind: str) -> None:
    concepts = getattr(wordlists, kind).concepts
    assert len(concepts) > 100
    assert len({concept.id for concept in concepts}) == len(concepts)
    for concept in concepts:
        assert all(concept.labels[language].strip() for language in LANGUAGES), concept.id


@pytest.mark.parametrize("kind", ["skills", "sectors"])
def test_no_name_belongs_to_two_concepts(wordlists: Wordlists, kind: str) -> None:
    owners = defaultdict(set)
    for concept in getattr(wordlists, kind).concepts:
        for name in (*concept.labels.values(), *concept.names):
            owners[texts.key(name)].add(concept.id)
    assert {name: ids for name, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize("kind", ["skills", "sectors"])
def test_every_name_of_a_concept_finds_it(wordlists: Wordlists, kind: str) -> None:
    vocabulary: Vocabulary = getattr(wordlists, kind)
    for concept in vocabulary.concepts:
        for name in (concept.id, *concept.labels.values(), *concept.names):
            assert vocabulary.find(name) == concept, name


@pytest.mark.parametrize("name", ["Gestion de projet", "gestion de PROJET", "Project management", "project-management"])
def test_a_concept_is_found_whatever_the_language_and_case(wordlists: Wordlists, name: str) -> None:
    concept = wordlists.skills.find(name)
    assert concept
    assert concept.id == "project-management"


def test_an_unknown_name_finds_no_concept() -> None:
    assert Vocabulary((Concept("a", "skill", {"fr": "Un", "en": "One"}, ()),)).find("Two") is None


def test_the_longest_phrase_wins() -> None:
    assert meanings(book("gestion", "gestion de projet"), "la gestion de projet agile") == ["gestion de projet"]


def test_phrases_are_found_in_any_inflection_and_without_stop_words() -> None:
    assert meanings(book("étude de marché"), "Études des marchés") == ["étude de marché"]


def test_mentions_do_not_overlap_and_say_which_words_they_cover() -> None:
    found = list(book("gestion projet", "projet export").mentions(["gestion", "de", "projet", "export"]))
    assert [(mention.start, mention.stop) for mention in found] == [(0, 3)]


def test_an_exact_book_finds_whole_words_only() -> None:
    assert meanings(book("Réunion", exact=True), "des réunions à la Réunion") == ["Réunion"]


def test_one_phrase_may_have_several_meanings_the_first_taught_first() -> None:
    found = PhraseBook()
    found.add("vin", "sector", "wine")
    found.add("vins", "skill", "wine-selling")
    (mention,) = found.mentions(["vin"])
    assert mention.meanings == (("sector", "wine"), ("skill", "wine-selling"))


def test_a_phrase_of_stop_words_alone_is_never_found() -> None:
    assert phrase_key(["pour", "the"]) == ()
    assert meanings(book("pour the"), "pour the moment") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("payer moins de taxes", []),
        ("la paie des salariés", ["Paie"]),
        ("c'est important", []),
        ("une importation", ["Importation"]),
        ("des importations", ["Importation"]),
        ("spare parts", []),
        ("car parts", ["Car parts"]),
        ("management", []),
        ("IT management", ["IT management"]),
        ("conseil fiscal", ["Fiscale"]),
        ("enjeux fiscaux", ["Fiscale"]),
    ],
)
def test_a_lone_word_is_found_by_itself_and_not_by_its_stem(text: str, found: list[str]) -> None:
    known = book("Paie", "Importation", "Car parts", "IT management", "Fiscale")
    assert meanings(known, text) == found


@pytest.mark.parametrize("text", ["everyday payments", "generation of leads", "we save time", "to win a market"])
def test_ordinary_words_are_no_concepts(wordlists: Wordlists, text: str) -> None:
    found = wordlists.trade_phrases.mentions(texts.words(text))
    concepts = {meaning for mention in found for _, meaning in mention.meanings}
    assert not concepts & {"payroll", "artificial-intelligence", "after-sales", "wine-spirits"}
