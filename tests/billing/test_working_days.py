from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import working_days


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25), (1954, 4, 18), (2285, 3, 22)],
)
def test_easter(year: int, month: int, day: int) -> None:
    assert working_days.easter(year) == date(year, month, day)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("2026-11-30", "2026-12-02"),  # a Monday
        ("2026-12-03", "2026-12-07"),  # over a weekend
        ("2026-12-05", "2026-12-09"),  # a Saturday begins on Monday
        ("2026-12-23", "2026-12-28"),  # 25 and 26 December
        ("2026-12-31", "2027-01-05"),  # 1 January, a Friday
        ("2026-04-02", "2026-04-08"),  # Good Friday and Easter Monday
        ("2026-04-30", "2026-05-05"),  # 1 May, a Friday
        ("2026-07-13", "2026-07-15"),  # 14 July stops no transfer
    ],
)
def test_a_wire_is_seen_after_two_working_days(sent: str, seen: str) -> None:
    assert working_days.wire_seen_on(date.fromisoformat(sent)) == date.fromisoformat(seen)


def test_a_wire_is_never_seen_on_a_day_without_transfers() -> None:
    for number in range(1_500):
        day = date(2026, 1, 1) + timedelta(days=number)
        seen = working_days.wire_seen_on(day)
        assert working_days.is_working(seen)
        assert 2 <= (seen - day).days <= 7


@given(st.dates(date(2020, 1, 1), date(2050, 12, 31)))
def test_a_wire_that_is_sent_by_the_last_day_is_seen_in_time_and_a_day_later_is_not(needed_on: date) -> None:
    last = working_days.send_by(needed_on)
    assert working_days.is_working(last)
    assert working_days.wire_seen_on(last) <= needed_on
    later = working_days.after(last + timedelta(days=1), 0)
    assert working_days.wire_seen_on(later) > needed_on
