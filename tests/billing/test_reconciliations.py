"""The ledger against the provider and against our own rows: what differs waits for somebody, and is never corrected."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from billing import ledger, ledger_differences, postings, reconciliations
from billing.ledger_differences import Difference
from billing.lifecycle import PaymentState
from billing.models.ledger import LedgerDifference
from billing.models.sandbox import SandboxTransaction
from billing.postings import Amount, External
from billing.providers import sandbox
from foundation import audits, clock
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from tests.billing.money import AT, DUE, Money, make


@pytest.fixture
def money(database: Database) -> Money:
    found = make(database)
    found.open()
    found.deliver()
    return found


def reconcile(money: Money, **period: object) -> list[Difference]:
    return list(reconciliations.reconcile(money.database, money.provider, at=AT, **period).differences)  # pyright: ignore[reportArgumentType]


def waiting(money: Money) -> list[LedgerDifference]:
    with money.database.reading() as session:
        return list(ledger_differences.waiting(session))


def test_both_say_the_same_of_payments_refunds_and_returns(money: Money) -> None:
    money.wire(DUE + 900)
    money.wire(1_000, "merci")
    money.wire(77, is_late=True)
    assert reconcile(money) == []
    assert waiting(money) == []


def test_what_the_provider_has_and_we_have_not_waits_until_it_is_there(money: Money) -> None:
    with money.database.writing() as session:
        wire = sandbox.send_wire(session, money.client_id, "M-2026-00042", DUE, "EUR", at=AT)
    there = reconciliations.External("payin", wire)
    assert reconcile(money) == [Difference(there, None, Amount(DUE, "EUR"))]
    assert reconcile(money, since=AT + timedelta(days=1)) == []
    assert reconcile(money, before=AT) == []
    [row] = waiting(money)
    assert (row.here_cents, row.there_cents, row.there_currency) == (None, DUE, "EUR")
    reconcile(money)
    assert len(waiting(money)) == 1
    money.deliver()
    assert reconcile(money) == []
    assert waiting(money) == []
    with money.database.reading() as session:
        assert [found.gone_at for found in ledger_differences.looked_at(session)] == [AT]


def test_what_the_provider_does_not_know(money: Money) -> None:
    money.card()
    fact = postings.pay_in("p9", Amount(500, "EUR"), "m1", money.client_id, External("sandbox", "payin", "forged"))
    money.database.write(lambda session: ledger.post(session, fact, at=AT))
    forged = reconciliations.External("payin", "forged")
    transaction, wallet = reconcile(money)
    assert transaction == Difference(forged, Amount(500, "EUR"), None)
    assert (wallet.external.kind, wallet.here, wallet.there) == (
        "payer_wallet",
        Amount(DUE + 500, "EUR"),
        Amount(DUE, "EUR"),
    )
    assert reconcile(money, since=AT + timedelta(days=1)) == [wallet]
    assert reconcile(money, before=AT - timedelta(days=1)) == [], "what was in a wallet then nobody knows"


@pytest.mark.parametrize("change", [{"cents": DUE - 1}, {"currency": "USD"}])
def test_other_amounts_are_differences_and_nothing_is_corrected(money: Money, change: dict[str, object]) -> None:
    card = money.card()
    with money.database.writing() as session:
        row = session.get_one(SandboxTransaction, card)
        for name, value in change.items():
            setattr(row, name, value)
        session.add(row)
    found, *_ = reconcile(money)
    assert found.here == Amount(DUE, "EUR")
    assert found.there != found.here
    assert money.escrow().paid_cents == DUE


def test_somebody_looks_at_a_difference_once_and_one_that_changes_waits_again(money: Money) -> None:
    with money.database.writing() as session:
        wire = sandbox.send_wire(session, money.client_id, "M-2026-00042", DUE, "EUR", at=AT)
    reconcile(money)
    [row] = waiting(money)
    actor = audits.account(money.expert.id)
    with money.database.writing() as session:
        ledger_differences.look_at(session, row.id, "  The bank's  error. ", actor, at=AT)
    with pytest.raises(Conflict), money.database.writing() as session:
        ledger_differences.look_at(session, row.id, "", actor, at=AT)
    with pytest.raises(NotFound), money.database.writing() as session:
        ledger_differences.look_at(session, "nothing", "", actor, at=AT)
    reconcile(money)
    assert waiting(money) == []
    [kept] = money.rows(LedgerDifference)
    assert (kept.note, kept.looked_by, kept.looked_at) == ("The bank's error.", money.expert.id, AT)
    with money.database.writing() as session:
        session.get_one(SandboxTransaction, wire).cents = 5
    reconcile(money)
    assert [found.there_cents for found in waiting(money)] == [5]


def test_the_night_looks_at_the_last_weeks_and_at_our_own_rows(money: Money) -> None:
    money.card()
    with money.database.writing() as session:
        session.execute(text("UPDATE escrows SET paid_cents = paid_cents + 1, due_cents = due_cents + 1"))
        sandbox.send_wire(session, money.client_id, "M-2026-00042", DUE, "EUR", at=clock.now())
    # What came within the last hour may still be on its way here.
    reconciliations.look_after(money.database, money.provider, clock.now())
    [row] = waiting(money)
    assert (row.provider, row.external_kind, row.external_id) == (ledger_differences.OWN, "escrows", "m1")
    assert (row.here_cents, row.there_cents) == (DUE, DUE + 1)
    with money.database.writing() as session:
        session.execute(text("UPDATE escrows SET paid_cents = paid_cents - 1, due_cents = due_cents - 1"))
    reconciliations.look_after(money.database, money.provider, clock.now() + timedelta(hours=2))
    assert [row.provider for row in waiting(money)] == ["sandbox"]


def test_what_failed_is_no_transaction(money: Money) -> None:
    money.card("4970100000000030")
    assert [found.state for found in money.payments()] == [PaymentState.FAILED]
    assert reconcile(money) == []
