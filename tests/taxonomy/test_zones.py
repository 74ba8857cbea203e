import pytest

from taxonomy import texts, zones
from taxonomy.wordlists import Wordlists


def places(wordlists: Wordlists, text: str) -> list[tuple[str, str]]:
    return [mention.meanings[0] for mention in wordlists.zones.phrases.mentions(texts.words(text))]


def test_every_member_of_every_zone_is_a_country(wordlists: Wordlists) -> None:
    unknown = {
        zone: members - zones.country_codes()
        for zone, members in wordlists.zones.members.items()
        if members - zones.country_codes()
    }
    assert unknown == {}


def test_no_zone_is_empty(wordlists: Wordlists) -> None:
    assert all(wordlists.zones.members.values())


def test_kosovo_is_a_country_here() -> None:
    assert "XK" in zones.country_codes()


def test_kosovo_is_in_a_zone_and_has_a_name(wordlists: Wordlists) -> None:
    assert any("XK" in members for members in wordlists.zones.members.values())
    assert zones.country_label("XK", "en") == "Kosovo"


def test_every_place_that_a_word_may_mean_exists(wordlists: Wordlists) -> None:
    book = wordlists.zones.phrases
    for phrase in book.phrases():
        for mention in book.mentions(phrase.split()):
            for kind, place in mention.meanings:
                known = wordlists.zones.members if kind == "zone" else zones.country_codes()
                assert place in known, (phrase, kind, place)


def test_no_name_belongs_to_two_zones(wordlists: Wordlists) -> None:
    owners: dict[str, str] = {}
    for zone in wordlists.zones.zones.concepts:
        for name in (*zone.labels.values(), *zone.names):
            assert owners.setdefault(texts.key(name), zone.id) == zone.id, name


@pytest.mark.parametrize("name", ["maghreb", "Maghreb", "GRAND MAGHREB", "Arab Maghreb Union"])
def test_a_zone_is_found_by_id_and_by_any_name(wordlists: Wordlists, name: str) -> None:
    zone = wordlists.zones.find_zone(name)
    assert zone is not None
    assert zone.id == "maghreb"


@pytest.mark.parametrize("name", ["MA", "ma", " Ma ", "Maroc", "morocco", "MAROC"])
def test_a_country_is_found_by_code_and_by_name_in_both_languages(wordlists: Wordlists, name: str) -> None:
    assert wordlists.zones.find_country(name) == "MA"


@pytest.mark.parametrize("name", ["", "XX", "Atlantis", "maghreb"])
def test_what_is_no_country_is_not_found(wordlists: Wordlists, name: str) -> None:
    assert wordlists.zones.find_country(name) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("clients allemands", [("country", "DE")]),
        ("German customers", [("country", "DE")]),
        ("allemande", [("country", "DE")]),
        ("marché maghrébin", [("zone", "maghreb")]),
        ("en Côte d'Ivoire", [("country", "CI")]),
        ("Ivory Coast", [("country", "CI")]),
        ("de Casablanca à Shanghai", [("city", "MA"), ("city", "CN")]),
        ("Afrique de l'Ouest", [("zone", "west-africa")]),
        ("West African buyers", [("zone", "west-africa")]),
    ],
)
def test_places_demonyms_and_cities_are_found_in_running_text(
    wordlists: Wordlists, text: str, found: list[tuple[str, str]]
) -> None:
    assert places(wordlists, text) == found


@pytest.mark.parametrize("text", ["des réunions", "mille francs", "nicer", "polishing"])
def test_words_that_only_resemble_a_place_are_none(wordlists: Wordlists, text: str) -> None:
    assert places(wordlists, text) == []


def test_countries_are_named_in_the_language_asked_for() -> None:
    assert zones.country_label("DE", "fr") == "Allemagne"
    assert zones.country_label("DE", "en") == "Germany"
