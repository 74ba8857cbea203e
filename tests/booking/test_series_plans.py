"""How a draft becomes months: days, steps, shares. Pure."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import series_plans
from booking.series_plans import Plan, Span
from tests.booking.quoting import FORM

DAY = timedelta(days=1)
starts = st.dates(date(2026, 1, 1), date(2040, 1, 1))


@given(starts, st.integers(1, 24))
def test_months_follow_each_other_without_a_gap_and_none_is_longer_than_a_month(first: date, count: int) -> None:
    spans = series_plans.spans(first, count)
    assert len(spans) == count
    assert spans[0].first == first
    assert all(after.first == before.last + DAY for before, after in pairwise(spans))
    assert all(27 <= (span.last - span.first).days <= 30 for span in spans)
    assert len({(span.first.year, span.first.month) for span in spans}) == count


def test_a_first_of_the_month_makes_calendar_months_and_a_last_day_stays_one() -> None:
    assert series_plans.spans(date(2028, 1, 1), 2) == [
        Span(date(2028, 1, 1), date(2028, 1, 31)),
        Span(date(2028, 2, 1), date(2028, 2, 29)),
    ]
    assert [span.first for span in series_plans.spans(date(2027, 1, 31), 3)] == [
        *(date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)),
    ]


@pytest.mark.parametrize(
    ("first", "last", "is_long", "count"),
    [
        (date(2027, 1, 1), date(2027, 3, 31), True, 3),
        (date(2027, 1, 1), date(2027, 3, 30), False, 3),
        (date(2027, 1, 15), date(2027, 4, 20), True, 4),
        (date(2027, 1, 1), date(2027, 1, 1), False, 1),
    ],
)
def test_months_are_advised_from_three_on(first: date, last: date, is_long: bool, count: int) -> None:
    assert series_plans.is_advised(first, last) == is_long
    assert series_plans.months_between(first, last) == count


@given(st.integers(0, 10**9), st.integers(1, 24))
def test_shares_add_up_and_differ_by_one_at_most(total: int, count: int) -> None:
    parts = series_plans.shared(total, count)
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1


@given(st.integers(1, 800), st.integers(1, 10**9), st.integers(1, 24))
def test_a_draft_for_all_months_is_shared_out_to_the_last_cent(half_days: int, cents: int, count: int) -> None:
    draft = {**FORM, "days_1_number": str(Decimal(half_days) / 2), "item_1_amount": f"{Decimal(cents) / 100:.2f}"}
    forms = series_plans.forms(draft, "T", Plan(count, date(2027, 1, 11), is_whole=True), "en")
    for field, total in (("days_1_number", Decimal(half_days) / 2), ("item_1_amount", Decimal(cents) / 100)):
        assert sum(Decimal(form[field] or 0) for form in forms) == total
    assert all(bool(form["item_1_label"]) == bool(form["item_1_amount"]) for form in forms)


def test_a_draft_for_each_month_is_repeated_and_its_steps_move_along() -> None:
    forms = series_plans.forms(FORM, "Audit", Plan(3, date(2027, 1, 31)), "fr")
    assert [form["title"] for form in forms] == ["Audit – janvier 2027", "Audit – février 2027", "Audit – mars 2027"]
    assert [form["days_1_number"] for form in forms] == ["4,5"] * 3
    assert [form["valid_until"] for form in forms] == ["2027-01-30", "2027-02-27", "2027-03-30"]
    assert [form.get("step_1_from") for form in forms] == [None, None, None]
    forms = series_plans.forms(FORM, "Audit", Plan(2, date(2027, 2, 1)), "en")
    assert [(form["step_1_from"], form["step_1_until"]) for form in forms] == [
        *(("2027-02-11", "2027-02-22"), ("2027-03-11", "2027-03-22")),
    ]


def test_steps_of_the_whole_stand_in_the_months_that_they_lie_in_and_the_last_month_ends_with_the_whole() -> None:
    draft = {**FORM, "step_1_until": "2027-02-12"}
    one, two = series_plans.forms(draft, "Audit", Plan(2, date(2027, 1, 11), is_whole=True), "en")
    assert (one["step_1_from"], one["step_1_until"]) == ("2027-01-11", "2027-02-10")
    assert (two["step_1_from"], two["step_1_until"], two["ends_on"]) == ("2027-02-11", "2027-02-12", "2027-02-26")


def test_a_long_title_leaves_room_for_the_month_and_what_can_not_be_read_stays() -> None:
    draft = {**FORM, "days_1_number": "many", "starts_on": "soon", "step_1_from": "x"}
    [form] = series_plans.forms(draft, "T" * 160, Plan(1, date(2027, 9, 1), is_whole=True), "fr")
    assert len(form["title"]) <= 160
    assert form["title"].endswith(" – septembre 2027")
    assert form["days_1_number"] == "many"
    assert "step_1_from" not in form
