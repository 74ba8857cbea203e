"""What experts earn and clients spend, month by month."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import commissions, escrows, last_months, refunds, revenues, spendings
from billing.models.escrows import Escrow
from billing.revenues import Release
from billing.spendings import Movement
from booking import agreed_commissions
from booking.models.missions import Mission
from foundation.database import Database
from tests.billing import money as builders
from tests.billing.money import AT, DUE, Money
from tests.booking import quoting

TODAY = date(2026, 12, 15)
MOMENTS = st.integers(0, 900 * 24).map(lambda hours: AT - timedelta(hours=hours))


@pytest.fixture
def money(database: Database) -> Money:
    found = builders.make(database)
    found.open()
    return found


def test_months_are_those_of_french_clocks() -> None:
    assert last_months.month_of(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2027, 1, 1)
    months = last_months.until(date(2026, 2, 28))
    assert (months[0], months[-1], len(months)) == (date(2025, 3, 1), date(2026, 2, 1), 12)


def release(cents: int = 100, commission: int = 10, **values: object) -> Release:
    found = Release("m1", "M-1", "Title", "EUR", AT, cents, commission)
    return replace(found, **values)  # pyright: ignore[reportArgumentType]


def test_what_was_released_waits_until_it_is_paid_out() -> None:
    found = [
        release(),
        release(received_at=AT + timedelta(days=1)),
        release(released_at=AT - timedelta(days=800)),
        release(5_000, currency="USD"),
    ]
    dollars, euros = revenues.by_currency(found, TODAY)
    assert (dollars.currency, dollars.waiting_cents, dollars.received_cents) == ("USD", 4_990, 0)
    assert (euros.received_cents, euros.waiting_cents) == (90, 180)
    assert (euros.months[-1].received_cents, euros.months[-1].waiting_cents) == (90, 90)
    assert all(month.received_cents == month.waiting_cents == 0 for month in euros.months[:-1])


def test_a_year_that_is_over_is_received_no_more() -> None:
    [found] = revenues.by_currency([release(received_at=AT - timedelta(days=400))], TODAY)
    assert (found.received_cents, found.waiting_cents) == (0, 0)


def test_an_expert_is_owed_what_was_released_less_the_commission(money: Money) -> None:
    with money.database.writing() as session:
        quote = quoting.sent_row(session, str(money.expert.expert_id), money.client_id, "Signed", at=AT)
        quote.state, quote.accepted_version = "accepted", 1
        values = {"number": "M-2026-00043", "title": "Title", "currency": "EUR", "made_at": AT, "quote_id": quote.id}
        mission = Mission(client_id=money.client_id, expert_id=str(money.expert.expert_id), **values)
        session.add(mission)
        session.flush()
    money.open(mission.id, 144_000, "M-2026-00043")
    money.wire(144_000, "M-2026-00043")
    expert_id = str(money.expert.expert_id)
    with money.database.reading() as session:
        assert revenues.releases(session, expert_id, agreed_commissions.of) == []
    with money.database.writing() as session:
        refund = refunds.ask(session, money.payer, mission.id, 72_000, "Half of it.", at=AT)
        refunds.consent(session, money.payee, refund.id, "::1", at=AT)
    money.release(mission.id)
    with money.database.reading() as session:
        [found] = revenues.releases(session, expert_id, agreed_commissions.of)
        assert revenues.releases(session, "another", agreed_commissions.of) == []
    assert (found.gross_cents, found.commission_cents, found.net_cents) == (72_000, 7_200, 64_800)
    assert (found.released_at, found.received_at, found.number) == (AT, None, "M-2026-00043")


@given(cents=st.integers(0, 10**9), whole=st.integers(1, 10**10), part=st.integers(0, 10**10))
def test_shares_are_rounded_half_up_and_never_more_than_all(cents: int, whole: int, part: int) -> None:
    found = commissions.share(cents, part, whole)
    assert 0 <= found <= cents
    if part <= whole:
        assert abs(2 * found * whole - 2 * cents * part) <= whole
    assert commissions.share(cents, whole, whole) == cents


@given(st.lists(st.builds(Movement, MOMENTS, *(st.integers(0, 10**8) for _ in range(3)))))
def test_what_is_held_is_what_came_less_what_left_from_month_to_month(found: list[Movement]) -> None:
    months = spendings.months(found, TODAY)
    assert months[-1].held_cents == sum(one.paid_cents - one.refunded_cents - one.released_cents for one in found)
    for before, after in pairwise(months):
        moved = after.paid_cents - after.refunded_cents - after.released_cents
        assert after.held_cents == before.held_cents + moved


def test_a_clients_months_add_up_to_the_escrows(money: Money) -> None:
    money.open("m2", number="M-2026-00043")
    money.wire(DUE + 500)
    money.wire(1_000, "M-2026-00043")
    with money.database.writing() as session:
        refund = refunds.ask(session, money.payer, "m1", 80_000, "Because.", at=AT)
        refunds.consent(session, money.payee, refund.id, "::1", at=AT)
    money.release()
    money.deliver()
    today = datetime.now(UTC).date()
    today = max(today, AT.date())
    with money.database.reading() as session:
        found = spendings.escrows_of(session, money.client_id)
        [spending] = spendings.by_currency(session, found, today)
        assert spendings.escrows_of(session, "another") == []
    assert {escrow.reference for escrow in found} == {"m1", "m2"}
    assert spending.held_cents == sum(escrow.amounts.held for escrow in found) == 1_000
    for name in ("paid", "refunded", "released"):
        assert spending.sum_of(name) == sum(getattr(escrow, f"{name}_cents") for escrow in found)


def test_currencies_are_told_apart(money: Money) -> None:
    with money.database.writing() as session:
        session.get_one(Escrow, escrows.of(session, "m1").id).currency = "USD"
    money.open("m2", number="M-2026-00043")
    with money.database.reading() as session:
        found = spendings.escrows_of(session, money.client_id)
        assert [one.currency for one in spendings.by_currency(session, found, TODAY)] == ["EUR", "USD"]
