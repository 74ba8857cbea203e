from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from accounts import completeness
from accounts.completeness import ENOUGH_WORDS
from accounts.models.experts import Expert
from ranking import profiles

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
TODAY = AT.date()
WHOLE: dict[str, Any] = {
    "headline": "Customs expert",
    "summary": "word " * ENOUGH_WORDS,
    "skills": ["a", "b", "c"],
    "countries": ["FR"],
    "languages": ["fr"],
    "sectors": ["Vin"],
    "day_rate_cents": 65_000,
    "available_from": TODAY,
    "portrait_id": "p",
    "client_references": [{"client": "PME", "text": "Maroc"}],
    "based_in": "FR",
}


def expert(**columns: Any) -> Expert:
    return Expert(ref="A", slug="a", name="Anne", created_at=AT, updated_at=AT, **{"headline": "", **columns})


def codes(found: Expert, ranking: profiles.Profile = profiles.FIRST, today: date = TODAY) -> list[str]:
    return [step.code for step in completeness.assess(found, ranking, today=today).next_steps]


def test_a_profile_that_says_nothing_is_at_zero_and_a_whole_one_at_a_hundred() -> None:
    assert completeness.assess(expert(), profiles.FIRST, today=TODAY).percent == 0
    whole = completeness.assess(expert(**WHOLE), profiles.FIRST, today=TODAY)
    assert (whole.percent, whole.next_steps) == (100, ())


def test_each_thing_that_is_missing_is_told_and_lowers_the_percentage() -> None:
    for name, nothing in (("skills", []), ("portrait_id", None), ("day_rate_cents", None), ("summary", "short")):
        found = completeness.assess(expert(**{**WHOLE, name: nothing}), profiles.FIRST, today=TODAY)
        assert len(found.next_steps) == 1
        assert found.percent == 100 - found.next_steps[0].share


def test_what_the_live_ranking_weighs_most_comes_first() -> None:
    assert codes(expert())[0] == "skills"
    features = tuple(
        replace(feature, weight=9.0) if feature.source == "language" else feature for feature in profiles.FIRST.features
    )
    assert codes(expert(), replace(profiles.FIRST, features=features))[0] == "languages"


def test_what_was_said_of_availability_counts_until_it_lapses_and_being_unavailable_is_an_answer() -> None:
    said = expert(**WHOLE, availability_confirmed_on=TODAY)
    assert codes(said) == []
    assert codes(said, today=date(2026, 7, 2)) == ["availability"]
    assert codes(expert(**{**WHOLE, "is_available": False, "available_from": None})) == []
