"""Which payments a refund goes back against: providers refund payments, the latest first."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import entries
from billing.events import REFUND_AGREED
from billing.lifecycle import REFUNDS, Party, PaymentState, RefundEvent, RefundState
from billing.models.chargebacks import Chargeback
from billing.models.escrows import Escrow, Payment, Refund, RefundPart, RefundReason
from billing.providers.interface import Repaid
from foundation import lifecycles, outbox
from foundation.audits import SYSTEM

RETURNED = "returned"
"""Why a part failed that a bank sent back after it had been sent."""
_UNFINISHED = (RefundState.AGREED.value, RefundState.FAILED.value)


def agree(session: Session, escrow: Escrow, cents: int, reason: RefundReason, at: datetime) -> Refund:
    """Give money back that needs nobody's consent; the escrow was taken and counts it already."""
    refund = Refund(
        escrow_id=escrow.id,
        reason=reason.value,
        state=RefundState.AGREED.value,
        cents=cents,
        currency=escrow.currency,
        asked_at=at,
    )
    session.add(refund)
    session.flush()
    divide(session, refund, escrow, at)
    return refund


def divide(session: Session, refund: Refund, escrow: Escrow, at: datetime) -> None:
    """Make the parts of a refund that was agreed on, and owe them to the provider. The escrow was taken."""
    entries.refund(session, refund, escrow, at)
    payments = select(Payment).where(col(Payment.escrow_id) == escrow.id, col(Payment.counted_at).is_not(None))
    latest_first = payments.order_by(col(Payment.counted_at).desc(), col(Payment.id))
    left = [(payment.id, left_of(session, payment)) for payment in session.execute(latest_first).scalars()]
    for payment_id, cents in allocate(left, refund.cents):
        session.add(RefundPart(refund_id=refund.id, payment_id=payment_id, cents=cents))
    session.flush()
    owe(session, refund)


def redo(session: Session, refund: Refund) -> None:
    """Make parts anew in place of those that failed, and owe them to the provider."""
    for payment_id, cents in _still_owed(session, refund):
        session.add(RefundPart(refund_id=refund.id, payment_id=payment_id, cents=cents))
    session.flush()
    owe(session, refund)


def owe(session: Session, refund: Refund) -> None:
    """Owe the provider the call that sends the parts of a refund."""
    outbox.record(session, REFUND_AGREED, [refund.id])


def parts(session: Session, refund_id: str) -> Sequence[RefundPart]:
    """Return the parts of a refund."""
    statement = select(RefundPart).where(col(RefundPart.refund_id) == refund_id).order_by(col(RefundPart.id))
    return session.execute(statement).scalars().all()


def promise(session: Session, payment: Payment, cents: int, at: datetime) -> Refund:
    """Make a refund of one payment that no escrow counts; it is to be posted and owed."""
    refund = Refund(
        reason=RefundReason.RETURNED.value,
        state=RefundState.AGREED.value,
        cents=cents,
        currency=payment.currency,
        asked_at=at,
    )
    session.add(refund)
    session.flush()
    session.add(RefundPart(refund_id=refund.id, payment_id=payment.id, cents=cents))
    session.flush()
    return refund


def left_of(session: Session, payment: Payment) -> int:
    """Return what of a payment that counts is neither gone, nor on its way or owed, nor taken back by a bank."""
    of_payment = select(Refund).join(RefundPart, col(RefundPart.refund_id) == col(Refund.id))
    # A part that failed is still owed while others of its refund are under way: that fails as a whole only afterwards.
    is_its = (col(RefundPart.payment_id) == payment.id, col(Refund.state).in_(_UNFINISHED))
    refunds = session.execute(of_payment.where(*is_its).distinct()).scalars().all()
    owed = sum(cents for refund in refunds for of, cents in _still_owed(session, refund) if of == payment.id)
    taken = func.coalesce(func.sum(col(Chargeback.held_cents) - col(Chargeback.restored_cents)), 0)
    statement = select(taken).where(col(Chargeback.payment_id) == payment.id)
    return payment.cents - _gone(session, payment.id) - owed - int(session.execute(statement).scalar_one())


def gone_of(session: Session, payment: Payment) -> list[tuple[Refund, int]]:
    """Return the refunds that go back against a payment, the oldest first, with what of it each gives back.

    What could not be sent, and is still owed, counts as gone: it is held no more.
    """
    of_payment = select(Refund).join(RefundPart, col(RefundPart.refund_id) == col(Refund.id))
    statement = of_payment.where(col(RefundPart.payment_id) == payment.id).distinct()
    found: list[tuple[Refund, int]] = []
    for refund in session.execute(statement.order_by(col(Refund.asked_at), col(Refund.id))).scalars().all():
        is_sent = [part for part in parts(session, refund.id) if part.state != PaymentState.FAILED]
        cents = sum(part.cents for part in is_sent if part.payment_id == payment.id)
        if refund.state in _UNFINISHED:
            cents += sum(owed for payment_id, owed in _still_owed(session, refund) if payment_id == payment.id)
        if cents:
            found.append((refund, cents))
    return found


def take_in(session: Session, part_id: str, repaid: Repaid, *, at: datetime) -> None:
    """Apply what the provider says of a part of a refund; may be repeated, and come in any order."""
    statement = select(RefundPart).where(col(RefundPart.id) == part_id).with_for_update()
    part = session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()
    if part is None:
        return
    part.provider_id = part.provider_id or repaid.provider_id
    if part.state == PaymentState.CREATED and repaid.state in {PaymentState.SUCCEEDED, PaymentState.FAILED}:
        part.state, part.failure = repaid.state.value, repaid.failure
        if part.state == PaymentState.SUCCEEDED:
            entries.repay(session, part, at)
    if part.state == PaymentState.SUCCEEDED and repaid.return_id:
        part.state, part.failure = PaymentState.FAILED.value, RETURNED
        entries.repay_returned(session, part, repaid.return_id, at)
    session.add(part)
    session.flush()
    _conclude(session, session.get_one(Refund, part.refund_id, with_for_update=True), at)


def allocate(left: Iterable[tuple[str, int]], cents: int) -> list[tuple[str, int]]:
    """Return how much goes back against which payment, of what is left of each. Pure; raises ValueError."""
    found: list[tuple[str, int]] = []
    for payment_id, most in left:
        taken = min(most, cents)
        if taken > 0:
            found.append((payment_id, taken))
            cents -= taken
    if cents > 0:
        raise ValueError(f"{cents} cents more than was paid are to go back")
    return found


def _still_owed(session: Session, refund: Refund) -> list[tuple[str, int]]:
    """Return what of a refund could not be sent, by the payments that it is to go back against."""
    failed = select(RefundPart).where(
        col(RefundPart.refund_id) == refund.id, col(RefundPart.state) == PaymentState.FAILED.value
    )
    lacking, found = refund.cents - _under_way(session, refund.id), list[tuple[str, int]]()
    for part in session.execute(failed.order_by(col(RefundPart.id).desc())).scalars().all():
        cents = min(lacking, part.cents)
        if cents > 0:
            found.append((part.payment_id, cents))
            lacking -= cents
    return found


def _gone(session: Session, payment_id: str) -> int:
    """Return what of a payment went back, or is on its way."""
    return _sum(session, RefundPart.payment_id, payment_id)


def _under_way(session: Session, refund_id: str) -> int:
    return _sum(session, RefundPart.refund_id, refund_id)


def _sum(session: Session, column: Any, value: str) -> int:
    statement = select(func.coalesce(func.sum(col(RefundPart.cents)), 0)).where(
        col(column) == value, col(RefundPart.state) != PaymentState.FAILED.value
    )
    return int(session.execute(statement).scalar_one())


def _conclude(session: Session, refund: Refund, at: datetime) -> None:
    """Move a refund on once nothing of it is under way any more."""
    found = [part.state for part in parts(session, refund.id)]
    if refund.state not in {RefundState.AGREED, RefundState.DONE} or PaymentState.CREATED in found:
        return
    sent = sum(part.cents for part in parts(session, refund.id) if part.state == PaymentState.SUCCEEDED)
    is_done, was_done = sent == refund.cents, refund.state == RefundState.DONE
    if is_done and was_done:
        return
    event = RefundEvent.FINISH if is_done else RefundEvent.BOUNCE if was_done else RefundEvent.FAIL
    done_at = at if is_done else None
    lifecycles.move(session, REFUNDS, refund, event, Party.SYSTEM, actor=SYSTEM, at=at, done_at=done_at)
