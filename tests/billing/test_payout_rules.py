"""When an expert can be paid, for what a payout waits, and by when it arrives."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import payout_rules, working_days
from billing.payout_rules import NOBODY, Attempt, Standing, Wait
from billing.provider_states import PayoutState, RecipientState, UserState

READY = Standing(UserState.ACTIVE, is_verified=True, account_id="a", account=RecipientState.ACTIVE)
ACCOUNTS = st.sampled_from(["a", "b"])
ATTEMPTS = st.lists(st.builds(Attempt, st.sampled_from(PayoutState), ACCOUNTS, st.booleans()), max_size=4)
STANDINGS = st.builds(
    Standing,
    st.none() | st.sampled_from(UserState),
    is_verified=st.booleans(),
    account_id=ACCOUNTS,
    account=st.none() | st.sampled_from(RecipientState),
    is_declared=st.booleans(),
    are_papers_valid=st.booleans(),
)


def attempt(state: PayoutState, account_id: str = "a", *, is_retried: bool = False) -> Attempt:
    return Attempt(state, account_id, is_retried)


def lacking(*, is_declared: bool, are_papers_valid: bool) -> Standing:
    return replace(READY, is_verified=False, is_declared=is_declared, are_papers_valid=are_papers_valid)


@pytest.mark.parametrize(
    ("standing", "waits"),
    [
        (READY, ()),
        (NOBODY, (Wait.IDENTITY, Wait.BANK_DETAILS)),
        (Standing(UserState.PENDING, False, None, None), (Wait.PROVIDER, Wait.BANK_DETAILS, Wait.PAPERS)),
        (Standing(UserState.CLOSED, True, "a", RecipientState.ACTIVE), (Wait.CLOSED,)),
        (Standing(UserState.ACTIVE, True, "a", RecipientState.PENDING), (Wait.CONFIRMATION,)),
        (Standing(UserState.ACTIVE, True, "a", RecipientState.CLOSED), (Wait.BANK_DETAILS,)),
        (Standing(UserState.ACTIVE, False, "a", RecipientState.ACTIVE), (Wait.PAPERS,)),
        (lacking(is_declared=False, are_papers_valid=False), (Wait.DECLARATION, Wait.PAPERS)),
        (lacking(is_declared=False, are_papers_valid=True), (Wait.DECLARATION,)),
        # All is validated, as far as we were told: the provider has the last word.
        (lacking(is_declared=True, are_papers_valid=True), (Wait.PAPERS,)),
        (replace(READY, is_declared=False), ()),
    ],
)
def test_a_payout_says_all_that_it_waits_for(standing: Standing, waits: tuple[Wait, ...]) -> None:
    assert payout_rules.waits_for(standing) == waits


@pytest.mark.parametrize("state", [PayoutState.FAILED, PayoutState.RETURNED])
def test_what_came_back_goes_again_to_another_account_or_where_an_operator_says_so(state: PayoutState) -> None:
    assert payout_rules.waits_for(READY, [attempt(state)]) == (Wait.NEW_BANK_DETAILS,)
    assert payout_rules.may_go(READY, [attempt(state, is_retried=True)])
    assert payout_rules.may_go(READY, [attempt(state, "b")])
    assert not payout_rules.may_go(READY, [attempt(state, is_retried=True), attempt(state)])


@given(STANDINGS, ATTEMPTS)
def test_nothing_goes_twice_nor_to_whom_something_lacks(standing: Standing, attempts: list[Attempt]) -> None:
    may = payout_rules.may_go(standing, attempts)
    if any(one.state in {PayoutState.CREATED, PayoutState.SUCCEEDED} for one in attempts):
        assert not may
    lacks = (
        standing.owner is not UserState.ACTIVE
        or not standing.is_verified
        or standing.account is not RecipientState.ACTIVE
    )
    if lacks:
        assert not may
        assert payout_rules.waits_for(standing, attempts)
    stopped = [one for one in attempts if not one.is_under_way and not one.is_retried]
    if not lacks and payout_rules.is_open(attempts):
        assert may == all(one.account_id != standing.account_id for one in stopped)


@pytest.mark.parametrize(("country", "days"), [("FR", 2), ("BG", 2), ("CH", 3), ("GB", 3), ("US", 4), ("??", 4)])
def test_days_by_country(country: str, days: int) -> None:
    assert payout_rules.days_to(country) == days


def test_weekends_and_holidays_do_not_count() -> None:
    assert payout_rules.expected_on(date(2026, 12, 23), "FR") == date(2026, 12, 28)
    assert payout_rules.expected_on(date(2026, 12, 4), "US") == date(2026, 12, 10)


@given(st.dates(date(2026, 1, 1), date(2100, 1, 1)), st.sampled_from(["FR", "SE", "US"]))
def test_it_is_there_on_a_working_day_some_days_later(sent_on: date, country: str) -> None:
    found = payout_rules.expected_on(sent_on, country)
    assert working_days.is_working(found)
    assert timedelta(2) <= found - sent_on <= timedelta(12)
