"""A private client withdraws: until when, what goes back, and what is owed for work that had begun."""

from contextlib import nullcontext
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import AccountKind
from billing import escrows
from billing.models.escrows import Refund
from booking import disagreements, missions, signatures, withdrawal_rules, withdrawals
from booking.first_days import TooEarly
from booking.lifecycle import MissionState
from booking.models.missions import Mission
from booking.models.withdrawals import Withdrawal
from booking.withdrawals import TooLate
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from foundation.mails import MailRow
from tests.booking import quoted
from tests.booking.carried_out import PORTAGE, Stage
from tests.booking.quoted import AT, consent

LATER = {"starts_on": date(2027, 1, 11)}
AT_ONCE = {"starts_on": date(2026, 12, 2)}


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database, client=quoted.client(database, AccountKind.PRIVATE_CLIENT))


def withdraw(stage: Stage, *, at: datetime | None = None) -> None:
    with stage.database.writing() as session:
        when = at or stage.now()
        withdrawals.withdraw(session, stage.client, stage.id, address="192.0.2.1", language="en", at=when)
    stage.hear()


def share(stage: Stage, percent: int) -> None:
    with stage.database.writing() as session:
        withdrawals.state_share(session, stage.expert, stage.id, percent, address="192.0.2.2", at=stage.now())
    stage.hear()


def money(stage: Stage) -> tuple[str, int, int, int]:
    """Return what state the mission is in, and how much is due, held and given back."""
    with stage.database.reading() as session:
        escrow = escrows.of(session, stage.id)
        amounts = escrow.amounts
        return session.get_one(Mission, stage.id).state, amounts.due, amounts.held, amounts.refunded


def codes(stage: Stage) -> set[str]:
    with stage.database.reading() as session:
        mails = session.execute(select(MailRow).where(col(MailRow.template) == "news")).scalars()
        return {(mail.values or {})["code"] for mail in mails}


@pytest.mark.parametrize(
    ("signed_on", "last"),
    [
        (date(2026, 12, 1), date(2026, 12, 15)),
        (date(2026, 12, 5), date(2026, 12, 21)),  # the 19th is a Saturday
        (date(2026, 12, 11), date(2026, 12, 28)),  # Christmas, a Friday
        (date(2027, 3, 15), date(2027, 3, 30)),  # Easter Monday
        (date(2027, 4, 22), date(2027, 5, 7)),  # Ascension, the 6th
        (date(2027, 5, 3), date(2027, 5, 18)),  # Whit Monday, the 17th
        (date(2027, 6, 30), date(2027, 7, 15)),
    ],
)
def test_the_last_day_is_the_fourteenth_or_the_next_working_day(signed_on: date, last: date) -> None:
    assert withdrawal_rules.last_day(signed_on) == last


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)))
def test_nobody_has_less_than_fourteen_days_and_the_last_one_is_worked_on(signed_on: date) -> None:
    last = withdrawal_rules.last_day(signed_on)
    assert 14 <= (last - signed_on).days <= 18
    assert last.weekday() < 5
    assert not withdrawal_rules.is_holiday(last)


def test_before_any_payment_the_mission_is_cancelled(stage: Stage) -> None:
    stage.columns = LATER
    stage.accept()
    withdraw(stage)
    withdraw(stage)  # a double click
    assert money(stage) == ("cancelled", 0, 0, 0)
    assert {"withdrawn", "withdrawal_received"} <= codes(stage)


@pytest.mark.parametrize("paid", [100_000, 480_000])
def test_before_the_work_begins_all_goes_back_without_anybody_s_consent(stage: Stage, paid: int) -> None:
    stage.columns = LATER
    stage.accept().pay(paid)
    withdraw(stage)
    assert money(stage) == ("cancelled", 0, 0, paid)
    with stage.database.reading() as session:
        [refund] = session.execute(select(Refund)).scalars()
        kept = session.get_one(Withdrawal, stage.id)
    assert (refund.state, refund.cents) == ("agreed", paid)
    assert (kept.account_id, kept.address, kept.done_percent) == (stage.client.account_id, "192.0.2.1", None)


def test_a_refund_in_question_does_not_keep_anybody_from_withdrawing(stage: Stage) -> None:
    stage.columns = LATER
    stage.accept().pay()
    with stage.database.writing() as session:
        disagreements.ask_refund(session, stage.client, stage.id, 10_000, "Too much", at=stage.now())
    withdraw(stage)
    assert money(stage) == ("cancelled", 0, 0, 480_000)


@pytest.mark.parametrize(
    ("percent", "after"),
    [
        (0, ("cancelled", 0, 0, 480_000)),
        (25, ("in_progress", 120_000, 120_000, 360_000)),
        (33, ("in_progress", 158_400, 158_400, 321_600)),
        (100, ("refund_in_question", 480_000, 480_000, 0)),
    ],
)
def test_once_work_has_begun_the_share_that_was_done_is_owed_and_the_rest_goes_back(
    stage: Stage, percent: int, after: tuple[str, int, int, int]
) -> None:
    _begin(stage)
    withdraw(stage)
    assert money(stage) == ("refund_in_question", 480_000, 480_000, 0)
    assert "withdrawn_share_wanted" in codes(stage)
    share(stage, percent)
    assert money(stage) == after
    with stage.database.writing() as session, pytest.raises(Conflict):
        withdrawals.state_share(session, stage.expert, stage.id, 0, address="", at=stage.now())


@given(st.integers(1, 10**9), st.integers(0, 100), st.integers(0, 100))
def test_more_work_never_gives_more_back_and_no_cent_is_lost(cents: int, one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert 0 <= withdrawals.rest_cents(cents, more) <= withdrawals.rest_cents(cents, less) <= cents
    assert withdrawals.rest_cents(cents, 0) == cents
    assert withdrawals.rest_cents(cents, 100) == 0


def test_nobody_begins_while_the_client_may_withdraw_and_has_not_asked_for_that(stage: Stage) -> None:
    stage.columns = LATER
    stage.accept().pay()
    midnight = datetime(2026, 12, 15, 23, tzinfo=AT.tzinfo)  # in France; the 15th is the last day
    for at in (stage.now(), midnight - timedelta(minutes=1)):
        with stage.database.writing() as session, pytest.raises(TooEarly) as refused:
            missions.start(session, stage.expert, stage.id, at=at)
        assert refused.value.first_day == date(2026, 12, 16)
        assert stage.mission.state == MissionState.FUNDED
    stage.at = midnight - timedelta(minutes=1)
    assert stage.start().mission.state == MissionState.IN_PROGRESS


def test_an_earlier_start_that_the_client_signs_lets_the_work_begin(stage: Stage) -> None:
    stage.columns = LATER
    stage.accept().pay()
    quoted.amended(stage.database, stage.quote, **AT_ONCE)
    for wants, expected in ((False, pytest.raises(Invalid)), (True, nullcontext())):
        with stage.database.writing() as session, expected:
            given = consent(2, wants_early_start=wants)
            signatures.accept(session, stage.client, stage.quote_id, given, address="", language="en", at=stage.now())
    assert stage.start().mission.state == MissionState.IN_PROGRESS


def test_work_for_a_company_begins_when_both_like(database: Database) -> None:
    company = Stage(database, **LATER).accept()
    assert company.pay().start().mission.state == MissionState.IN_PROGRESS


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(-5, 40) | st.none())
def test_work_may_begin_at_once_or_the_day_after_the_last_to_withdraw(signed_on: date, days: int | None) -> None:
    starts_on = None if days is None else signed_on + timedelta(days=days)
    first = withdrawal_rules.first_day(starts_on, signed_on)
    assert (first is None) is withdrawal_rules.is_early(starts_on, signed_on)
    if first is not None and starts_on is not None:
        assert first - timedelta(days=1) == withdrawal_rules.last_day(signed_on)
        assert first <= starts_on  # what was agreed can be kept


def test_after_the_last_day_it_is_too_late(stage: Stage) -> None:
    stage.columns = LATER
    stage.accept().pay()
    last = datetime(2026, 12, 15, 22, 59, tzinfo=AT.tzinfo)  # a minute before midnight in France
    with pytest.raises(TooLate):
        withdraw(stage, at=last + timedelta(minutes=1))
    withdraw(stage, at=last)
    assert money(stage)[0] == MissionState.CANCELLED


def test_neither_companies_nor_others_withdraw(database: Database, stage: Stage) -> None:
    company = Stage(database).accept()
    with database.writing() as session, pytest.raises(TooLate):
        withdrawals.withdraw(session, company.client, company.id, address="", language="en", at=AT)
    stage.columns = LATER
    stage.accept()
    for who in (stage.expert, company.client, quoted.expert(database)):
        with database.writing() as session, pytest.raises(NotFound):
            withdrawals.withdraw(session, who, stage.id, address="", language="en", at=AT)
        with database.writing() as session, pytest.raises(NotFound):
            withdrawals.state_share(session, who, stage.id, 0, address="", at=AT)


def test_in_portage_the_mission_ends_and_no_money_of_ours_moves(stage: Stage) -> None:
    stage.columns = LATER
    stage.accept(**PORTAGE)
    withdraw(stage)
    with stage.database.reading() as session:
        assert session.get_one(Mission, stage.id).state == MissionState.CANCELLED
        assert session.execute(select(Refund)).first() is None


@pytest.mark.parametrize("text", ["", "x", "-1", "101", "1.5", "９", "1" * 5_000, "nan"])
def test_a_share_is_a_whole_number_of_percent(text: str) -> None:
    with pytest.raises(Invalid):
        withdrawals.check_share(text, "en")
    assert withdrawals.check_share(" 25 % ", "en") == 25


def _begin(stage: Stage) -> None:
    """Have work begin at once, as the client had asked when signing."""
    stage.columns = LATER
    stage.accept().pay()
    with stage.database.writing() as session:
        mission = missions.take_any(session, stage.id)
        mission.starts_on = AT_ONCE["starts_on"]
        session.add(mission)
    stage.start()
