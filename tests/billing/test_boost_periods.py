"""Which days a Boost is paid for, what a change of plan costs, and when a renewal is tried: pure rules."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import boost_periods as periods
from billing.boost_periods import ChargeReason, Paid
from billing.lifecycle import BOOSTS, BoostEvent, BoostState, Party
from billing.provider_states import Period
from foundation.lifecycles import Refused
from foundation.settings import Boost

MONTH, YEAR = Period.MONTH, Period.YEAR
DAYS = st.dates(date(2024, 1, 1), date(2036, 12, 31))
PRICES = st.integers(100, 1_000_000)


def paid(plan: Period, price_cents: int, on: date, renewals: int = 0) -> Paid:
    """Return what was paid by who began on a day, after so many renewals."""
    due = periods.first(plan, price_cents, on)
    for _ in range(renewals):
        due = periods.renewal(as_paid(due), plan, price_cents)
    return as_paid(due)


def as_paid(due: periods.Due) -> Paid:
    return Paid(due.plan, due.price_cents, due.anchor_on, due.starts_on, due.ends_on)


def ends(on: date, plan: Period, count: int) -> list[date]:
    return [paid(plan, 100, on, renewals).ends_on for renewals in range(count)]


@pytest.mark.parametrize(
    ("on", "plan", "expected"),
    [
        (date(2026, 1, 31), MONTH, ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        (date(2028, 1, 30), MONTH, ["2028-02-29", "2028-03-30", "2028-04-30"]),
        (date(2026, 12, 1), MONTH, ["2027-01-01", "2027-02-01", "2027-03-01"]),
        (date(2027, 12, 31), MONTH, ["2028-01-31", "2028-02-29", "2028-03-31"]),
        (date(2028, 2, 29), YEAR, ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        (date(2026, 11, 30), YEAR, ["2027-11-30", "2028-11-30"]),
    ],
)
def test_renewals_are_counted_in_calendar_months_from_the_first_day(
    on: date, plan: Period, expected: list[str]
) -> None:
    assert [str(day) for day in ends(on, plan, len(expected))] == expected


@given(DAYS, st.sampled_from([MONTH, YEAR]), st.integers(1, 40))
def test_periods_follow_each_other_without_a_gap_and_never_drift(on: date, plan: Period, count: int) -> None:
    last = paid(plan, 100, on)
    assert last.starts_on == on
    for number in range(2, count + 1):
        due = periods.renewal(last, plan, 100)
        assert due.starts_on == last.ends_on
        assert due.ends_on > due.starts_on
        assert due.ends_on == periods.add_months(on, number * periods.MONTHS[plan])
        last = as_paid(due)


@given(DAYS, st.integers(0, 600))
def test_adding_months_keeps_the_day_where_the_month_has_it(day: date, months: int) -> None:
    found = periods.add_months(day, months)
    assert (found.year - day.year) * 12 + found.month - day.month == months
    assert found.day == day.day or (found.day < day.day and (found + timedelta(days=1)).day == 1)


@given(DAYS, st.sampled_from([MONTH, YEAR]), PRICES, st.integers(0, 5), st.data())
def test_what_is_left_of_a_period_is_between_nothing_and_all_and_never_grows(
    on: date, plan: Period, price: int, renewals: int, data: st.DataObject
) -> None:
    found = paid(plan, price, on, renewals)
    days = (found.ends_on - found.starts_on).days
    offset = data.draw(st.integers(0, days - 1))
    now, later = (periods.left_cents(found, found.starts_on + timedelta(days=offset + more)) for more in (0, 1))
    assert 0 <= later <= now <= price
    assert abs(now * days - price * (days - offset)) * 2 <= days, "never off by more than half a cent"
    assert periods.left_cents(found, found.starts_on) == price
    assert periods.left_cents(found, found.ends_on) == 0


@given(DAYS, PRICES, st.integers(1, 1_000_000), st.integers(0, 30), st.integers(0, 14))
def test_a_longer_period_begins_at_once_less_what_is_left(
    on: date, price: int, more: int, offset: int, renewals: int
) -> None:
    before = paid(MONTH, price, on, renewals)
    day = min(before.starts_on + timedelta(days=offset), before.ends_on - timedelta(days=1))
    due = periods.upgrade(before, YEAR, price + more, day)
    assert due.reason is ChargeReason.UPGRADE
    assert due.starts_on == due.anchor_on == day
    assert due.ends_on == periods.add_months(day, 12)
    assert due.net_cents + due.credit_cents == due.price_cents == price + more
    assert due.credit_cents == periods.left_cents(before, day)
    assert more <= due.net_cents <= due.price_cents, "something is always to be paid"


def test_an_upgrade_in_the_middle_of_a_month_to_the_cent() -> None:
    before = paid(MONTH, 2_900, date(2026, 12, 1))
    due = periods.upgrade(before, YEAR, 29_000, date(2026, 12, 11))
    assert (due.credit_cents, due.net_cents, due.ends_on) == (1_965, 27_035, date(2027, 12, 11)), "21 of 31 days"


@pytest.mark.parametrize(
    ("plan", "to", "on"),
    [
        (YEAR, MONTH, date(2026, 12, 5)),
        (MONTH, MONTH, date(2026, 12, 5)),
        (MONTH, YEAR, date(2027, 1, 1)),
        (MONTH, YEAR, date(2026, 11, 30)),
    ],
)
def test_nothing_else_is_an_upgrade(plan: Period, to: Period, on: date) -> None:
    with pytest.raises(ValueError, match="within what was paid"):
        periods.upgrade(paid(plan, 2_900, date(2026, 12, 1)), to, 29_000, on)


@given(DAYS, st.integers(0, 3))
def test_a_shorter_period_begins_when_the_longer_one_ends(on: date, renewals: int) -> None:
    before = paid(YEAR, 29_000, on, renewals)
    due = periods.renewal(before, MONTH, 2_900)
    assert (due.starts_on, due.net_cents, due.credit_cents) == (before.ends_on, 2_900, 0)
    assert due.ends_on == periods.add_months(on, 12 * (renewals + 1) + 1), "still counted from the same day"


def test_a_renewal_is_tried_on_the_days_of_the_settings_and_then_no_more() -> None:
    due = date(2027, 1, 31)
    found = [periods.retry_on(due, attempts, (3, 6)) for attempts in range(5)]
    assert found == [due, date(2027, 2, 3), date(2027, 2, 6), None, None]
    assert periods.retry_on(due, 1, ()) is None
    assert periods.grace_ends_on(due, 10) == date(2027, 2, 10)


def test_search_reads_a_last_day_for_whoever_paid_or_is_in_grace() -> None:
    ends_on = date(2027, 1, 1)
    found = {state: periods.boosted_until(state, ends_on, date(2027, 1, 11)) for state in BoostState}
    assert found == {
        BoostState.AWAITING: None,
        BoostState.ACTIVE: ends_on,
        BoostState.PAST_DUE: date(2027, 1, 10),
        BoostState.CANCELLED: date(2026, 12, 31),
        BoostState.ENDED: None,
    }
    assert periods.boosted_until(BoostState.AWAITING, None, None) is None


def test_who_may_do_what_with_a_subscription() -> None:
    may = {state: set(BOOSTS.possible(state, Party.EXPERT)) for state in BoostState}
    assert may == {
        BoostState.AWAITING: set(),
        BoostState.ACTIVE: {BoostEvent.CANCEL},
        BoostState.PAST_DUE: {BoostEvent.GIVE_UP},
        BoostState.CANCELLED: {BoostEvent.RESUME},
        BoostState.ENDED: set(),
    }
    assert BOOSTS.is_final(BoostState.ENDED)
    for state in BoostState:
        for event in BoostEvent:
            with pytest.raises(Refused):
                BOOSTS.after(state, event, Party.OPERATOR)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"month_cents": 3_000, "year_cents": 3_000}, "more than PORTULAN_BOOST_MONTH_CENTS"),
        ({"month_cents": 99}, "greater than or equal to 100"),
        ({"retry_days": (3, 10)}, "PORTULAN_BOOST_RETRY_DAYS"),
        ({"retry_days": (3, 3)}, "PORTULAN_BOOST_RETRY_DAYS"),
        ({"retry_days": (0,)}, "PORTULAN_BOOST_RETRY_DAYS"),
        ({"grace_days": 6}, "PORTULAN_BOOST_RETRY_DAYS"),
        ({"month_cents": 40_000}, "more than PORTULAN_BOOST_MONTH_CENTS"),
    ],
)
def test_prices_and_days_that_make_no_sense_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Boost(**values)  # pyright: ignore[reportArgumentType]
    assert Boost(retry_days=()).grace_days == 10
