from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import offer_rules
from booking.lifecycle import OfferState
from booking.offer_rules import LASTS, Marks, Reason
from foundation.errors import Invalid

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
instants = st.integers(-400, 400 * 24).map(lambda hours: AT + timedelta(hours=hours))
days = st.dates(date(2026, 1, 1), date(2028, 1, 1))


def test_an_offer_waits_two_weeks_or_until_the_end_of_the_day_that_the_sheet_names() -> None:
    assert offer_rules.ends_at(AT, None) == AT + LASTS
    assert offer_rules.ends_at(AT, date(2027, 6, 1)) == AT + LASTS
    assert offer_rules.ends_at(AT, date(2026, 12, 4)) == datetime(2026, 12, 5, tzinfo=UTC)
    assert offer_rules.ends_at(AT, date(2026, 12, 1)) == datetime(2026, 12, 2, tzinfo=UTC)


@given(instants, st.none() | days)
def test_an_end_is_never_before_the_sending_nor_later_than_two_weeks(at: datetime, answer_by: date | None) -> None:
    assert at <= offer_rules.ends_at(at, answer_by) <= at + LASTS


@given(st.sampled_from(OfferState), instants, instants)
def test_only_what_waits_expires_and_from_its_very_end(state: OfferState, end: datetime, at: datetime) -> None:
    found = offer_rules.state_at(state.value, end, at)
    assert (found is OfferState.EXPIRED) == (state is OfferState.EXPIRED or (state in offer_rules.OPEN and at >= end))
    assert found in {state, OfferState.EXPIRED}


@pytest.mark.parametrize(
    ("state", "waits", "left", "is_due"),
    [
        ("sent", 14, 3, True),
        ("seen", 14, 1, True),
        ("sent", 14, 4, False),
        ("sent", 14, 0, False),
        ("refused", 14, 1, False),
        ("sent", 5, 1, False),
        ("sent", 6, 1, True),
    ],
)
def test_reminders_come_near_the_end_of_a_long_wait(state: str, waits: int, left: int, is_due: bool) -> None:
    end = AT + timedelta(days=waits)
    assert offer_rules.is_reminder_due(state, AT, end, end - timedelta(days=left)) is is_due


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Marks(["+33612345678"]), Marks(["+33612345678"]), True),
        (Marks(["+33612345678"]), Marks(["+33612345679"]), False),
        (Marks(), Marks(), False),
        (Marks(numbers=["732 829 320"]), Marks(numbers=["73282932000074"]), True),
        (Marks(numbers=["FR44732829320"]), Marks(numbers=["732829320"]), True),
        (Marks(numbers=["FR44732829320"]), Marks(numbers=["732829321"]), False),
        (Marks(numbers=["DE136695976"]), Marks(numbers=["DE136695976"]), True),
        (Marks(numbers=["HRB 123"]), Marks(numbers=["HRB 124"]), False),
        (Marks(numbers=["–"]), Marks(numbers=["–"]), False),
    ],
)
def test_the_same_people_are_known_by_phone_and_by_the_numbers_of_their_company(
    one: Marks, other: Marks, same: bool
) -> None:
    assert offer_rules.are_same(one, other) is same
    assert offer_rules.are_same(other, one) is same


def test_a_refusal_has_a_reason_and_another_one_is_given_in_words() -> None:
    assert offer_rules.read_refusal("dates", "  In March.  ").text == "In March."
    assert offer_rules.read_refusal("no_time", "").reason is Reason.NO_TIME
    for reason, text, field in (("", "x", "reason"), ("rude", "x", "reason"), ("other", " ", "text")):
        with pytest.raises(Invalid) as refused:
            offer_rules.read_refusal(reason, text)
        assert [fault.field for fault in refused.value.faults] == [field]
    with pytest.raises(Invalid):
        offer_rules.read_refusal("dates", "x" * 4_001)
    with pytest.raises(Invalid):
        offer_rules.read_message("x" * 4_001)
    assert offer_rules.read_message("") == ""
