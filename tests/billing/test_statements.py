"""Statements of account say what the ledger says: opening and movements come to the closing, whatever happened."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy.orm import Session

from billing import ledger, refunds, statement_lines, statement_periods
from billing.models.ledger import FactKind, LedgerKind
from billing.postings import Name
from billing.statement_periods import Period
from billing.statements import COLUMNS, Column, Side, Statement
from foundation import clock
from foundation.database import Database
from foundation.errors import Invalid
from tests.billing import money as builders
from tests.billing import paying, subscribing
from tests.billing.any_ledger import FACTS, Play, Played
from tests.billing.identified import identify
from tests.billing.money import AT, DUE
from tests.billing.paying import FEE, NET
from tests.billing.test_payouts import RETURNS

DECEMBER = Period(2026, 12)


@pytest.mark.parametrize(
    ("said", "since", "before"),
    [
        ("2026-11", datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)),
        ("2026-07", datetime(2026, 6, 30, 22, tzinfo=UTC), datetime(2026, 7, 31, 22, tzinfo=UTC)),
        ("2026", datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_periods_begin_and_end_at_midnight_in_france(said: str, since: datetime, before: datetime) -> None:
    found = statement_periods.read(said)
    assert (found.said, found.since, found.before) == (said, since, before)


@pytest.mark.parametrize(
    "said", ["", "2026-13", "2026-00", "26", "2026-1", "1999", "9999-12", "２０２６", "2026-11-01"]
)
def test_what_is_no_period_is_refused(said: str) -> None:
    with pytest.raises(Invalid) as refused:
        statement_periods.read(said)
    assert refused.value.faults[0].field == "period"


def test_all_months_since_the_first_movement_are_offered_the_latest_first() -> None:
    now = datetime(2026, 2, 1, tzinfo=UTC)
    years = statement_periods.between(datetime(2025, 11, 30, 23, 30, tzinfo=UTC), now)
    assert [(year.said, [month.said for month in months]) for year, months in years] == [
        ("2026", ["2026-02", "2026-01"]),
        ("2025", ["2025-12"]),
    ]
    assert [year.said for year, _ in statement_periods.between(None, now)] == ["2026"]
    quarters = [statement_periods.quarter_of(datetime(2026, month, 15, tzinfo=UTC)) for month in range(1, 13)]
    assert quarters == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert statement_periods.quarter_of(datetime(2026, 3, 31, 22, 30, tzinfo=UTC)) == 2


def of(session: Session, side: Side, party: str, period: Period = DECEMBER) -> Statement:
    (found,) = statement_lines.of(session, side, party, period)
    return found


def ever(session: Session, side: Side, party: str) -> list[Statement]:
    """Return the statements of all years: some of what happens is dated by the clock."""
    years = sorted({AT.year, clock.now().year})
    return [of(session, side, party, Period(year)) for year in years]


def sums(years: Sequence[Statement]) -> dict[Column, int]:
    return {column: sum(year.sum_of(column) for year in years) for column in years[0].columns}


def test_an_expert_sees_what_was_released_paid_out_and_came_back(database: Database) -> None:
    with paying.playing(database, "sandbox") as money:
        money.released()
        money.enrol()
        money.verify()
        identify(database, money.expert)
        money.give_account(RETURNS)
        money.go_on()
        money.settle()
        with database.reading() as session:
            years = ever(session, Side.EXPERT, money.expert_id)
            lines = sorted((line.fact, line.cents) for year in years for line in year.lines)
            assert lines == [(FactKind.PAYOUT, -NET), (FactKind.PAYOUT_RETURN, NET), (FactKind.RELEASE, NET)]
            assert {line.subject.number for year in years for line in year.lines} == {"M-2026-00042"}
            assert sums(years) == {Column.RELEASED: DUE, Column.COMMISSION: -FEE, Column.PAID_OUT: 0}
            assert (years[0].opening_cents, years[-1].closing_cents) == (0, NET)
            later = of(session, Side.EXPERT, money.expert_id, Period(2999))
            assert (later.opening_cents, later.closing_cents, list(later.lines)) == (NET, NET, [])


def test_a_client_sees_payments_what_goes_back_and_what_was_released(database: Database) -> None:
    money = builders.make(database)
    money.open()
    money.wire(DUE + 500)
    money.release()
    money.open("m2", DUE, "M-2026-00043")
    money.wire(DUE, "M-2026-00043")
    with database.writing() as session:
        asked = refunds.ask(session, money.payer, "m2", DUE, "Nothing came of it.", at=AT)
        refunds.consent(session, money.payee, asked.id, "::1", at=AT)
    with database.reading() as session:
        owed = ever(session, Side.CLIENT, money.client_id)[-1]
        assert (owed.closing_cents, owed.returning_cents) == (DUE, DUE)
    money.deliver()
    with database.reading() as session:
        years = ever(session, Side.CLIENT, money.client_id)
        assert sums(years) == {
            Column.PAID: 2 * DUE + 500,
            Column.TAKEN_BACK: 0,
            Column.RELEASED: -DUE,
            Column.SENT_BACK: -DUE - 500,
        }
        assert (years[-1].closing_cents, years[-1].returning_cents) == (0, 0)
        assert {line.subject.number for year in years for line in year.lines} == {"M-2026-00042", "M-2026-00043"}
        of_expert = ever(session, Side.EXPERT, str(money.expert.expert_id))
        # The surplus, and all of the second.
        assert sum(year.aside_of(FactKind.REFUND) for year in of_expert) == DUE + 500
        asides = [aside for year in of_expert for aside in year.asides]
        assert {aside.subject.number for aside in asides} == {"M-2026-00042", "M-2026-00043"}


def test_boosts_stand_aside_with_their_charge(database: Database) -> None:
    subscriber = subscribing.make(database)
    subscriber.subscribe()
    charge = subscriber.pay(subscriber.type_card())
    assert charge is not None
    with database.reading() as session:
        december = of(session, Side.EXPERT, subscriber.expert_id)
        gross = subscribing.NET + subscribing.TAX
        assert (december.aside_of(FactKind.BOOST), list(december.lines), december.closing_cents) == (gross, [], 0)
        assert [aside.subject.reference for aside in december.asides] == [charge.id]
        assert statement_lines.of(session, Side.EXPERT, "another", DECEMBER) == []


def test_whoever_was_never_paid_anything_has_no_statement(database: Database) -> None:
    money = builders.make(database)
    with database.reading() as session:
        assert statement_lines.of(session, Side.CLIENT, money.client_id, DECEMBER) == []
        assert statement_lines.first_at(session, Side.CLIENT, money.client_id) is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS)
def test_opening_and_movements_always_come_to_the_closing(database: Database, facts: Sequence[Played]) -> None:
    play = Play.of(database, facts)
    for side, party, names in (
        (Side.EXPERT, play.expert_id, [Name(LedgerKind.PAYABLE, play.expert_id, "EUR")]),
        (Side.CLIENT, play.money.client_id, [*play.escrows, *play.returning]),
    ):
        with database.reading() as session:
            assert_true(session, side, party, names)


def assert_true(session: Session, side: Side, party: str, names: Sequence[Name]) -> None:
    """Assert that months chain, come to their year's sums, and agree with the ledger's balances."""
    before = None
    sums = dict.fromkeys(COLUMNS[side], 0)
    for period in (Period(2026, 11), DECEMBER, Period(2027, 1)):
        for found in statement_lines.of(session, side, party, period):
            balance = [
                sum(ledger.balance(session, name, before=at) for name in names) for at in (period.since, period.before)
            ]
            assert [found.opening_cents, found.closing_cents] == balance
            assert before in {None, found.opening_cents}
            before = found.closing_cents
            assert all(set(line.amounts) <= set(found.columns) and line.cents for line in found.lines)
            assert all(period.since <= line.effective_at < period.before for line in found.lines)
            if found.lines:
                assert found.lines[-1].balance_cents == found.closing_cents
            if period.year == 2026:
                sums = {column: cents + found.sum_of(column) for column, cents in sums.items()}
    for year in statement_lines.of(session, side, party, Period(2026)):
        # What is dated before the payment that it is made of may leave less than nothing at a year's end.
        assert {column: year.sum_of(column) for column in year.columns} == sums
