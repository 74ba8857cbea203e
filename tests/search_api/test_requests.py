from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from foundation.errors import Invalid
from search_api import requests
from search_api.requests import Parameters, SearchRequest
from taxonomy.wordlists import Wordlists


def resolved(wordlists: Wordlists, **values: Any) -> SearchRequest:
    return requests.resolve(Parameters(**values), wordlists)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unknown", "1"),
        ("max_day_rate", "0"),
        ("max_day_rate", "-1"),
        ("max_day_rate", "nan"),
        ("max_day_rate", "inf"),
        ("max_day_rate", "1e400"),
        ("max_day_rate", "cheap"),
        ("max_day_rate", "1000001"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.5"),
        ("page", "99999999999999999999"),
        ("size", "0"),
        ("size", "101"),
        ("available_by", "yesterday"),
        ("available_by", "2026-02-30"),
        ("available_by", "0.0"),
        ("boost", "perhaps"),
        ("explain", "perhaps"),
        ("lang", "de"),
        ("currency", "EURO"),
        ("q", "x" * (requests.LONGEST_QUERY + 1)),
        ("country", ["FR"] * (requests.MOST_VALUES + 1)),
        ("skill", ["x" * 201]),
        *((name, [" "]) for name in ("country", "zone", "skill", "sector", "language")),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Parameters(**{field: value})
    assert {detail["loc"][0] for detail in caught.value.errors()} == {field}


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"country": ["FR", "XX"]}, "country", "unknown_country"),
        ({"zone": ["atlantis"]}, "zone", "unknown_zone"),
        ({"language": ["klingon"]}, "language", "unknown_language"),
        ({"currency": "XYZ"}, "currency", "unknown_currency"),
        ({"page": 501, "size": 20}, "page", "too_deep"),
    ],
)
def test_an_unknown_name_is_refused_with_its_field_and_a_code(
    wordlists: Wordlists, values: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        resolved(wordlists, **values)
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [(field, code)]


def test_every_fault_is_told_at_once_in_the_readers_language(wordlists: Wordlists) -> None:
    with pytest.raises(Invalid) as caught:
        resolved(wordlists, country=["XX", "YY"], zone=["atlantis"], lang="en")
    assert [fault.field for fault in caught.value.faults] == ["country", "country", "zone"]
    assert "is no country" in caught.value.faults[0].message
    with pytest.raises(Invalid) as french:
        resolved(wordlists, country=["XX"], lang="fr")
    assert "is no country" not in french.value.faults[0].message


def test_countries_and_languages_are_taken_by_code_and_by_name(wordlists: Wordlists) -> None:
    found = resolved(wordlists, country=["ma", "Germany", "Chine"], language=["FR", "allemand"]).filters
    assert found.country == {"MA", "DE", "CN"}
    assert found.language == {"fr", "de"}


def test_zones_add_up_their_countries(wordlists: Wordlists) -> None:
    found = resolved(wordlists, zone=["maghreb", "Union européenne"]).filters
    assert {"MA", "FR"} <= found.zone_countries
    assert "CN" not in found.zone_countries


def test_a_skill_is_taken_by_any_label_of_its_concept(wordlists: Wordlists) -> None:
    found = resolved(wordlists, skill=["DOUANE", "customs", "Élevage de licornes"]).filters
    assert found.skill == {"customs", "~elevage de licornes"}


def test_the_deepest_page_is_reached_and_none_after_it(wordlists: Wordlists) -> None:
    assert resolved(wordlists, page=100, size=100).page == 100
    with pytest.raises(Invalid):
        resolved(wordlists, page=101, size=100)


def test_a_rate_is_compared_in_euros(wordlists: Wordlists) -> None:
    assert resolved(wordlists, max_day_rate=650.5).filters.max_day_rate_eur_cents == 65_050
    pegged = resolved(wordlists, max_day_rate=655_957, currency="xof").filters
    assert pegged.max_day_rate_eur_cents == 100_000


def test_nothing_asked_filters_nothing(wordlists: Wordlists) -> None:
    request = resolved(wordlists)
    assert request.filters.is_empty
    assert (request.page, request.size, request.boost, request.explain) == (1, 20, True, False)


def test_white_space_around_and_within_a_query_says_nothing(wordlists: Wordlists) -> None:
    assert resolved(wordlists, q="  douane \n\t Maghreb ").q == "douane Maghreb"


def test_a_day_is_taken_as_an_iso_date(wordlists: Wordlists) -> None:
    assert resolved(wordlists, available_by="2026-12-01").filters.available_by == date(2026, 12, 1)
