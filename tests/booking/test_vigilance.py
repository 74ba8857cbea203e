"""Which papers are wanted, who insures, who has worked together for long: rules without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import dependency, months, vigilance
from booking.cover import Cover, Policy, cover
from booking.dependency import Dependency, Span
from booking.models.papers import PaperKind, WorkPaper
from booking.vigilance import Buyer, Seller, State
from tests.booking.quoted import AT

FRENCH = Buyer("FR", is_person=False)
HERE = Seller("FR", is_registered=True, is_employed=False)
ABROAD = Seller("MA", is_registered=True, is_employed=False)
POLICY = Policy("Insurer", "P 1")
DAY = date(2026, 12, 1)
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def paper(kind: PaperKind = PaperKind.VIGILANCE, issued_on: date = DAY, **columns: object) -> WorkPaper:
    return WorkPaper(expert_id="e", kind=kind.value, file_id="f", issued_on=issued_on, uploaded_at=AT, **columns)


@pytest.mark.parametrize(
    ("buyer", "seller", "cents", "currency", "kinds"),
    [
        (FRENCH, HERE, 500_000, "EUR", ["vigilance", "registration"]),
        (FRENCH, HERE, 499_999, "EUR", []),
        (FRENCH, Seller("FR", is_registered=False, is_employed=False), 500_000, "EUR", ["vigilance"]),
        (FRENCH, ABROAD, 500_000, "EUR", ["identity_abroad", "social_abroad", "registration_abroad"]),
        (
            FRENCH,
            Seller("MA", is_registered=False, is_employed=False),
            500_000,
            "EUR",
            ["identity_abroad", "social_abroad"],
        ),
        (FRENCH, Seller("FR", is_registered=True, is_employed=True), 900_000, "EUR", []),
        (Buyer("FR", is_person=True), HERE, 900_000, "EUR", []),
        (Buyer("DE", is_person=False), HERE, 900_000, "EUR", []),
        (Buyer(None, is_person=False), HERE, 900_000, "EUR", []),
        (FRENCH, HERE, 500_000 * 655, "XOF", []),
        (FRENCH, HERE, 500_000 * 656, "XOF", ["vigilance", "registration"]),
        (FRENCH, HERE, 1, "ZZZ", ["vigilance", "registration"]),
    ],
)
def test_who_has_to_ask_for_which_papers(
    buyer: Buyer, seller: Seller, cents: int, currency: str, kinds: list[str]
) -> None:
    assert list(vigilance.wanted(buyer, seller, cents, currency)) == kinds


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from([HERE, ABROAD]))
def test_more_money_never_asks_for_less(cents: int, more: int, seller: Seller) -> None:
    asked = vigilance.wanted(FRENCH, seller, cents, "EUR")
    assert set(asked) <= set(vigilance.wanted(FRENCH, seller, cents + more, "EUR"))


def test_a_paper_is_missing_there_for_less_than_six_months_then_too_old() -> None:
    kinds = [PaperKind.VIGILANCE]
    states = {
        on: vigilance.standings(kinds, {PaperKind.VIGILANCE: paper()}, on)[0].state
        for on in (DAY, date(2027, 5, 31), date(2027, 6, 1))
    }
    assert list(states.values()) == [State.THERE, State.THERE, State.OUTDATED]
    assert vigilance.standings(kinds, {}, DAY)[0].state is State.MISSING
    [early] = vigilance.standings(kinds, {PaperKind.VIGILANCE: paper(ends_on=date(2026, 12, 31))}, date(2027, 1, 1))
    assert (early.state, early.until) == (State.OUTDATED, date(2026, 12, 31))


@given(DAYS, st.integers(0, 4000))
def test_periods_of_six_months_follow_each_other_without_a_gap(signed_on: date, later: int) -> None:
    on = signed_on + timedelta(days=later)
    count = vigilance.period(signed_on, on)
    assert vigilance.period_begins(signed_on, count) <= on < vigilance.period_begins(signed_on, count + 1)


@given(DAYS, st.integers(0, 60))
def test_months_are_counted_to_the_same_day_or_the_last_one(day: date, count: int) -> None:
    later = months.later(day, count)
    assert months.between(day, later) == count
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == count
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


def test_a_certificate_adds_to_the_policy_or_takes_its_place_as_long_as_it_holds() -> None:
    end = date(2026, 12, 31)
    own = paper(PaperKind.RC_PRO, ends_on=end)
    instead = paper(PaperKind.RC_PRO, ends_on=end, replaces_policy=True)
    assert cover(None, POLICY, end) == Cover(POLICY, None)
    assert cover(own, POLICY, end) == Cover(POLICY, end)
    assert cover(instead, POLICY, end) == Cover(None, end)
    assert cover(instead, POLICY, end + timedelta(days=1)) == Cover(POLICY, None)


@given(
    st.none()
    | st.builds(
        lambda end, instead: paper(PaperKind.RC_PRO, ends_on=end, replaces_policy=instead), DAYS, st.booleans()
    ),
    DAYS,
)
def test_somebody_always_insures(certificate: WorkPaper | None, on: date) -> None:
    found = cover(certificate, POLICY, on)
    assert found.policy or (found.own_until and found.own_until >= on)


YEAR = Span(date(2025, 1, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("spans", "on", "since"),
    [
        ([], DAY, None),
        ([Span(date(2025, 1, 1), date(2026, 7, 1))], date(2026, 7, 1), None),
        ([Span(date(2025, 1, 1), date(2026, 7, 2))], date(2026, 7, 2), date(2025, 1, 1)),
        ([YEAR, Span(date(2026, 2, 28), date(2026, 9, 30))], date(2026, 9, 30), date(2025, 1, 1)),
        ([YEAR, Span(date(2026, 3, 1), date(2026, 9, 30))], date(2026, 9, 30), None),
        ([Span(date(2025, 1, 1), date(2026, 9, 30))], date(2026, 12, 1), None),
        ([Span(date(2025, 1, 1), date(2026, 9, 30))], date(2026, 11, 30), date(2025, 1, 1)),
    ],
    ids=["none", "18 months", "a day more", "two months’ pause", "a longer pause", "over", "over not long ago"],
)
def test_beyond_18_months_over_all_missions_both_are_warned(spans: list[Span], on: date, since: date | None) -> None:
    found = dependency.warning(spans, on)
    assert (found.since if found else None) == since


@given(
    st.lists(st.builds(lambda first, days: Span(first, first + timedelta(days=days)), DAYS, st.integers(0, 900))),
    DAYS,
    st.randoms(),
)
def test_the_order_of_missions_and_what_lies_inside_another_change_nothing(
    spans: list[Span], on: date, random: object
) -> None:
    shuffled = list(spans)
    random.shuffle(shuffled)  # pyright: ignore[reportAttributeAccessIssue]
    inside = [Span(span.first, span.first) for span in spans]
    assert dependency.warning(shuffled + inside, on) == dependency.warning(spans, on)


def test_a_statement_quiets_the_warning_for_six_months() -> None:
    found = Dependency(date(2025, 1, 1))
    quiet = {on: dependency.quieted(found, DAY, on).is_quiet for on in (DAY, date(2027, 5, 31), date(2027, 6, 1))}
    assert list(quiet.values()) == [True, True, False]
    assert not dependency.quieted(found, None, DAY).is_quiet
