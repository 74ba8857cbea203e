"""Chargebacks: the payer's bank takes a card payment back, and may give it back once the operator has contested it.

What was still held of the payment is held no more: the escrow falls short, nothing is released, and its client is
asked to pay again. What had been released or had gone back already is the operator's loss. Providers say so in any
order and as often as they like.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import entries, escrows, payments, refund_parts
from billing.events import ESCROW_CHARGED_BACK
from billing.lifecycle import (
    CHARGEBACKS,
    ESCROWS,
    ChargebackEvent,
    ChargebackState,
    EscrowEvent,
    EscrowState,
    Party,
    PaymentState,
)
from billing.models.chargebacks import Chargeback
from billing.models.escrows import Escrow, Payment
from billing.providers.interface import Disputed
from foundation import lifecycles, outbox
from foundation.audits import SYSTEM

KIND = CHARGEBACKS.kind


def take_in(session: Session, payment_id: str, said: Disputed, *, at: datetime) -> Chargeback | None:
    """Apply what a provider says of a chargeback; may be repeated, and come in any order.

    None where the payment has not come, as far as anybody knows.
    """
    payment = payments.take(session, payment_id)
    escrow = escrows.take(session, payment.escrow_id) if payment.escrow_id else None
    if payment.state != PaymentState.SUCCEEDED:
        return None
    found = _find(session, payment.provider, said.provider_id) or _take(session, payment, escrow, said, at)
    if said.state is not ChargebackState.TAKEN and found.state == ChargebackState.TAKEN:
        _close(session, found, payment, escrow, said, at)
    return found


def of(session: Session, escrow: Escrow) -> Sequence[Chargeback]:
    """Return the chargebacks of payments for an escrow, the oldest first."""
    statement = select(Chargeback).where(col(Chargeback.escrow_id) == escrow.id)
    return session.execute(statement.order_by(col(Chargeback.taken_at), col(Chargeback.id))).scalars().all()


def queue(session: Session, *, limit: int = 100) -> Sequence[tuple[Chargeback, Escrow | None]]:
    """Return the chargebacks that no bank has decided on, the oldest first: operators contest them in time, or not."""
    statement = (
        select(Chargeback, Escrow)
        .outerjoin(Escrow, col(Escrow.id) == col(Chargeback.escrow_id))
        .where(col(Chargeback.state) == ChargebackState.TAKEN.value)
        .order_by(col(Chargeback.taken_at), col(Chargeback.id))
        .limit(limit)
    )
    return [(chargeback, escrow) for chargeback, escrow in session.execute(statement)]


def _find(session: Session, provider: str, provider_id: str) -> Chargeback | None:
    is_it = (col(Chargeback.provider) == provider, col(Chargeback.provider_id) == provider_id)
    return session.execute(select(Chargeback).where(*is_it)).scalar_one_or_none()


def _take(session: Session, payment: Payment, escrow: Escrow | None, said: Disputed, at: datetime) -> Chargeback:
    """Note that money is gone. Payment and escrow were taken."""
    counts = escrow if payment.counted_at else None
    is_waiting = counts is None and not payment.returned_at and said.cents == payment.cents
    if counts:
        held = min(said.cents, counts.amounts.held, refund_parts.left_of(session, payment))
    else:
        held = said.cents if is_waiting else 0
    made = Chargeback(
        provider=payment.provider,
        provider_id=said.provider_id,
        payment_id=payment.id,
        escrow_id=counts.id if counts else None,
        cents=said.cents,
        currency=said.currency,
        held_cents=held,
        reason=said.reason,
        taken_at=at,
    )
    session.add(made)
    session.flush()
    if is_waiting:
        payment.returned_at = at
    entries.charge_back(session, made, payment, counts, is_waiting=is_waiting, at=at)
    if counts and held:
        escrows.charge_back(session, counts, held, at)
    if counts:
        outbox.record(session, ESCROW_CHARGED_BACK, [counts.reference])
    return made


def _close(
    session: Session, found: Chargeback, payment: Payment, escrow: Escrow | None, said: Disputed, at: datetime
) -> None:
    """Note what a bank decided. Payment and escrow were taken."""
    if said.state is ChargebackState.LOST or said.back_cents <= 0:
        _move(session, found, ChargebackEvent.LOSE, at)
        return
    counts = escrow if found.escrow_id else None
    # Nobody awaits it any more: what had been held for somebody's payment goes to whoever paid.
    back = min(said.back_cents, found.cents)
    held = min(found.held_cents, back)
    is_awaited = counts is not None and ESCROWS.allows(EscrowState(counts.state), EscrowEvent.WIN_BACK, Party.SYSTEM)
    refund = refund_parts.promise(session, payment, held, at) if held and not is_awaited else None
    _move(
        session, found, ChargebackEvent.WIN, at, back_cents=back, restored_cents=held if is_awaited else 0,
        refund_id=refund.id if refund else None,
    )  # fmt: skip
    entries.win_back(session, found, payment, counts, held, refund, at=at)
    if refund:
        refund_parts.owe(session, refund)
    if counts and held and is_awaited:
        escrows.win_back(session, counts, held, at)
    if counts:
        outbox.record(session, ESCROW_CHARGED_BACK, [counts.reference])


def _move(session: Session, found: Chargeback, event: ChargebackEvent, at: datetime, **values: Any) -> None:
    lifecycles.move(session, CHARGEBACKS, found, event, Party.SYSTEM, actor=SYSTEM, at=at, closed_at=at, **values)
