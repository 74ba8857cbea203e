"""A process that is killed between any two steps of a payment's life: whoever comes after brings it to its end."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from billing import escrows, ledger_checks, reconciliations, refunds
from billing.lifecycle import ChargebackState, EscrowState, PaymentState, RefundState
from billing.models.chargebacks import Chargeback
from billing.models.escrows import Escrow, Payment, Refund, RefundPart
from billing.models.sandbox import SandboxChargeback, SandboxTransaction
from billing.providers import sandbox_chargebacks
from foundation.database import Database
from tests.billing.kills import dies_after
from tests.billing.money import AT, DUE, Money, make, sums

BACK = 400
HANDFUL = (3, 17, 40, 61, 90, 122)
MOST_STEPS = 1_000


def story(money: Money, reference: str) -> None:
    """Pay by wire and card, lose the card's payment and win it back, give some back, release. May be begun again."""
    number = escrow_of(money, reference).number
    money.deliver()
    if not any(row.kind == "wire" for row in mine(money, SandboxTransaction, "client_id", money.client_id)):
        money.wire(DUE - 1_000, number)
    if not paid_by_card(money, reference):
        money.card(reference=reference)
    [card] = paid_by_card(money, reference)
    taken = mine(money, SandboxChargeback, "payin_id", card)
    if not taken:
        with money.database.writing() as session:
            sandbox_chargebacks.take(session, card, at=AT)
    money.deliver()
    [taken] = mine(money, SandboxChargeback, "payin_id", card)
    if taken.state == ChargebackState.TAKEN:
        with money.database.writing() as session:
            sandbox_chargebacks.decide(session, taken.id, is_won=True)
    money.deliver()
    if not mine(money, Refund, "escrow_id", escrow_of(money, reference).id):
        with money.database.writing() as session:
            refunds.ask(session, money.payer, reference, BACK, "Because.", at=AT)
    [asked] = mine(money, Refund, "escrow_id", escrow_of(money, reference).id)
    if asked.state == RefundState.ASKED:
        with money.database.writing() as session:
            refunds.consent(session, money.payee, asked.id, "::1", at=AT)
    money.deliver()
    if escrow_of(money, reference).state != EscrowState.RELEASED:
        money.release(reference)
    money.deliver()


def mine(money: Money, table: type[Any], column: str, value: str) -> list[Any]:
    with money.database.reading() as session:
        return list(session.execute(select(table).where(col(getattr(table, column)) == value)).scalars())


def escrow_of(money: Money, reference: str) -> Escrow:
    return money.escrow(reference)


def paid_by_card(money: Money, reference: str) -> list[str]:
    """Return the card payments that the provider has; one that was only begun is given up."""
    begun = mine(money, Payment, "escrow_id", escrow_of(money, reference).id)
    keys = [payment.id for payment in begun if payment.kind == "card"]
    with money.database.reading() as session:
        rows = session.execute(select(SandboxTransaction).where(col(SandboxTransaction.key).in_(keys))).scalars()
        return [row.id for row in rows if row.state == PaymentState.SUCCEEDED]


def lives_through(database: Database, steps: int) -> bool:
    """Have a process be killed after so many steps of the story, and another one tell the rest; tell if it was."""
    reference = uuid4().hex
    money = make(database, f"A{steps}")
    money.open(reference, number=f"N {reference}")
    was_killed = dies_after(money, steps, lambda child: story(child, reference))
    with database.reading() as session:
        assert ledger_checks.check(session) == []
    story(money, reference)
    assert sums(escrow_of(money, reference)) == ("released", DUE - BACK, DUE, BACK, DUE - BACK)
    [refund] = mine(money, Refund, "escrow_id", escrow_of(money, reference).id)
    assert refund.state == RefundState.DONE
    assert sum(part.cents for part in mine(money, RefundPart, "refund_id", refund.id)) == BACK
    assert [row.state for row in mine(money, Chargeback, "escrow_id", refund.escrow_id)] == [ChargebackState.WON]
    with database.reading() as session:
        assert ledger_checks.check(session) == []
        assert escrows.of(session, reference).amounts.held == 0
    return was_killed


def test_a_kill_between_two_steps_changes_nothing_in_the_end(database: Database) -> None:
    were_killed = [lives_through(database, steps) for steps in HANDFUL]
    assert all(were_killed), "the story is shorter than it was"
    money = make(database, "B")
    assert reconciliations.reconcile(database, money.provider, at=AT).differences == []


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_a_kill_between_any_two_steps_changes_nothing_in_the_end(database: Database) -> None:
    steps = next(steps for steps in range(MOST_STEPS) if not lives_through(database, steps))
    assert steps > max(HANDFUL)
    print(f"\n{steps} points")  # noqa: T201
    money = make(database, "B")
    assert reconciliations.reconcile(database, money.provider, at=AT).differences == []
