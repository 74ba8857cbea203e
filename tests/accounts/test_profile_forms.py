from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import profile_forms
from accounts.merges import merge
from accounts.models.experts import Expert
from accounts.profile_forms import Reading
from accounts.records import Record
from taxonomy import languages, zones
from taxonomy.wordlists import Wordlists
from tests import builders
from tests.builders import full_record
from web.pages import spaces

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
ROW = merge(None, Record.model_validate(full_record(available=True, available_from=None)), at=AT)


def read(wordlists: Wordlists, **form: str) -> Reading:
    return profile_forms.read(form, ROW, wordlists, at=AT)


def values(wordlists: Wordlists, **form: str) -> dict[str, Any]:
    reading = read(wordlists, **form)
    assert reading.faults == []
    return {column: value for part in reading.values.values() for column, value in part.items()}


def faults(wordlists: Wordlists, **form: str) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in read(wordlists, **form).faults]


def test_a_field_that_is_not_in_the_form_is_not_touched(wordlists: Wordlists) -> None:
    assert read(wordlists, city="Nantes").values == {"city": {"city": "Nantes"}}


def test_lists_are_one_a_line_and_two_names_of_one_concept_are_one(wordlists: Wordlists) -> None:
    found = values(wordlists, skills="Douane\n\n  Customs \nKnow-how of my own\n", soft_skills="Écoute\nécoute")
    assert found == {"skills": ["Douane", "Know-how of my own"], "soft_skills": ["Écoute"]}


def test_a_zone_stands_for_its_countries_and_names_are_understood_in_both_languages(wordlists: Wordlists) -> None:
    found = values(wordlists, countries="Allemagne\nMaghreb\nGermany", languages="anglais\nGerman\nfr")
    assert found["countries"][0] == "DE"
    assert {"MA", "DZ", "TN"} <= set(found["countries"])
    assert len(found["countries"]) == len(set(found["countries"]))
    assert found["languages"] == ["en", "de", "fr"]


@pytest.mark.parametrize(
    ("typed", "cents"), [("650", 65_000), ("650,50", 65_050), (" 1 250.5 ", 125_050), ("1\u202f250", 125_000)]
)
def test_a_rate_is_read_as_people_write_it(wordlists: Wordlists, typed: str, cents: int) -> None:
    found = values(wordlists, day_rate_amount=typed, day_rate_currency="chf")
    assert found == {"day_rate_cents": cents, "day_rate_currency": "CHF"}


def test_an_empty_rate_is_none(wordlists: Wordlists) -> None:
    found = values(wordlists, day_rate_amount=" ", day_rate_currency="EUR")
    assert found == {"day_rate_cents": None, "day_rate_currency": None}


def test_who_is_available_now_says_since_today_and_keeps_what_was_said_before(wordlists: Wordlists) -> None:
    assert values(wordlists, availability="now") == {"is_available": True, "available_from": AT.date()}
    since = date(2026, 5, 1)
    again = profile_forms.read({"availability": "now"}, {**ROW, "available_from": since}, wordlists, at=AT)
    assert again.values["availability"] == {"is_available": True, "available_from": since}


def test_who_is_not_available_says_no_day(wordlists: Wordlists) -> None:
    found = values(wordlists, availability="not", available_from="2026-09-01")
    assert found == {"is_available": False, "available_from": None}


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"name": "  "}, ("name", "missing")),
        ({"headline": "x" * 401}, ("headline", "string_too_long")),
        ({"summary": "x" * 20_001}, ("summary", "string_too_long")),
        ({"summary": "a\x07b"}, ("summary", "value_error")),
        ({"skills": "x" * 121}, ("skills", "string_too_long")),
        ({"skills": "\n".join(f"skill {number}" for number in range(51))}, ("skills", "too_long")),
        ({"countries": "Atlantide"}, ("countries", "unknown")),
        ({"languages": "Klingon"}, ("languages", "unknown")),
        ({"based_in": "Atlantide"}, ("based_in", "unknown")),
        ({"day_rate_amount": "much"}, ("day_rate_amount", "no_number")),
        ({"day_rate_amount": "NaN"}, ("day_rate_amount", "no_number")),
        ({"day_rate_amount": "1e999"}, ("day_rate_amount", "no_number")),
        ({"day_rate_amount": "-5"}, ("day_rate_amount", "greater_than")),
        ({"day_rate_amount": "5.555"}, ("day_rate_amount", "value_error")),
        ({"day_rate_amount": "5", "day_rate_currency": "XXZ"}, ("day_rate_currency", "value_error")),
        ({"availability": "maybe"}, ("availability", "missing")),
        ({"availability": "from"}, ("available_from", "missing")),
        ({"availability": "from", "available_from": "soon"}, ("available_from", "value_error")),
        ({"reference_1_client": "PME", "reference_1_text": ""}, ("reference_1_text", "missing")),
        ({"reference_2_client": "x" * 401, "reference_2_text": "y"}, ("reference_2_client", "string_too_long")),
    ],
)
def test_what_is_wrong_is_said_of_its_field(wordlists: Wordlists, form: dict[str, str], fault: tuple[str, str]) -> None:
    assert faults(wordlists, **form) == [fault]


def test_every_fault_of_a_form_is_told_at_once(wordlists: Wordlists) -> None:
    assert len(faults(wordlists, name="", countries="Atlantide", headline="x" * 401, city="y" * 121)) == 4


@given(st.dictionaries(st.integers(1, 8), st.tuples(st.text("ab ", max_size=3), st.text("cd ", max_size=3))))
def test_there_are_never_more_than_three_client_references(given_ones: dict[int, tuple[str, str]]) -> None:
    form = {
        f"reference_{number}_{part}": text
        for number, texts in given_ones.items()
        for part, text in zip(("client", "text"), texts, strict=True)
    }
    reading = profile_forms.read(form, ROW, builders.shared_wordlists().current(), at=AT)
    kept = reading.values.get("references", {"client_references": []})["client_references"]
    assert len(kept) <= 3
    filled = [texts for texts in given_ones.values() if all(text.strip() for text in texts)]
    if len(filled) > 3:
        assert reading.faults


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_country_and_language_is_understood_by_the_name_that_the_form_shows(
    wordlists: Wordlists, language: Any
) -> None:
    codes, spoken = sorted(zones.country_codes()), sorted(languages.codes())
    found = values(
        wordlists,
        countries="\n".join(spaces.country_name(code, language) for code in codes),
    )
    assert found["countries"] == codes
    for code in spoken:
        assert values(wordlists, languages=languages.label(code, language))["languages"] == [code]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_form_that_comes_back_as_it_was_shown_changes_nothing(wordlists: Wordlists, language: Any) -> None:
    row = {**ROW, "available_from": date(2026, 12, 1)}
    form = spaces.form_values(Expert(**row), language, AT.date())
    reading = profile_forms.read(form, row, wordlists, at=AT)
    assert reading.faults == []
    assert {name: profile_forms.mark(found) for name, found in reading.values.items()} == profile_forms.marks(row)
