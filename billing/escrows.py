"""Escrows: what is held for a reference, and every way it may change.

All of this happens in the caller's transaction, on a row that is taken first: of two who change one escrow at once, the
second decides by what the first one left, and is told where it comes too late.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Role
from accounts.sign_ins import SignedIn
from billing import entries, refund_parts, transfers
from billing.commissions import Price
from billing.events import ESCROW_DISPUTED, ESCROW_HELD, ESCROW_REFUNDED, ESCROW_RELEASED, WIRE_WANTED
from billing.lifecycle import ESCROWS, EscrowEvent, EscrowState, Party
from billing.models.escrows import Escrow, RefundReason
from foundation import lifecycles, outbox
from foundation.audits import SYSTEM, Actor
from foundation.database import taken
from foundation.errors import NotFound
from foundation.lifecycles import Refused, StateChange

KIND = ESCROWS.kind
PAYERS = frozenset({Role.OWNER, Role.BUYER, Role.ACCOUNTANT})
_CURRENCY = re.compile(r"[A-Z]{3}")
_NOT_COMPARED = re.compile(r"[^A-Z0-9]")


def open(  # noqa: A001, PLR0913 - escrows.open, as in "open an escrow"
    session: Session,
    reference: str,
    *,
    payer: str,
    payee: str,
    due_cents: int,
    currency: str,
    at: datetime,
    number: str = "",
    title: str = "",
) -> Escrow:
    """Open an escrow that a client is to fill for an expert; opening it again changes nothing.

    `number` is what a transfer carries, such as M-2026-00042 (the reference, where there is none). Raises ValueError
    for an amount that is none, or no currency.
    """
    if due_cents <= 0 or not _CURRENCY.fullmatch(currency):
        raise ValueError(f"nothing can be held for {due_cents} cents {currency}")
    if found := find(session, reference):
        return found
    number = number or reference
    escrow = Escrow(
        reference=reference,
        number=number,
        number_key=compared(number),
        title=title or number,
        payer_client_id=payer,
        payee_expert_id=payee,
        due_cents=due_cents,
        currency=currency,
        opened_at=at,
    )
    session.add(escrow)
    session.flush()
    outbox.record(session, WIRE_WANTED, [reference])
    return escrow


def find(session: Session, reference: str) -> Escrow | None:
    """Return the escrow of a reference, if one was opened."""
    return session.execute(select(Escrow).where(col(Escrow.reference) == reference)).scalar_one_or_none()


def of(session: Session, reference: str) -> Escrow:
    """Return the escrow of a reference; raise NotFound."""
    found = find(session, reference)
    if found is None:
        raise NotFound("nothing is held for this")
    return found


def for_payer(session: Session, who: SignedIn, reference: str) -> Escrow:
    """Return the escrow of a reference for somebody of the client that pays it; raise NotFound for anybody else."""
    escrow = of(session, reference)
    if who.client_id is None or escrow.payer_client_id != who.client_id:
        raise NotFound("nothing is held for this")
    return escrow


def may_pay(who: SignedIn) -> bool:
    """Tell whether somebody may move money for their client."""
    return who.role in PAYERS


def take(session: Session, escrow_id: str) -> Escrow:
    """Return an escrow that nobody else changes until this transaction ends, as it stands now."""
    return taken(session, Escrow, escrow_id)


def adjust_due(session: Session, reference: str, due_cents: int, at: datetime) -> Escrow:
    """Have another amount be due, since another price was agreed by both.

    More than is held: a top-up is awaited. Less: what is held in excess goes back. Raises Refused while a refund is in
    question and once all is over.
    """
    if due_cents <= 0:
        raise ValueError("for nothing an escrow is cancelled")
    escrow = take(session, of(session, reference).id)
    if escrow.due_cents == due_cents:
        return escrow
    is_raised = escrow.state == EscrowState.HELD and due_cents > escrow.amounts.held
    event = EscrowEvent.RAISE_DUE if is_raised else EscrowEvent.CHANGE_DUE
    _move(session, escrow, event, Party.SYSTEM, SYSTEM, at, due_cents=due_cents)
    cover(session, escrow, Party.SYSTEM, SYSTEM, at)
    return escrow


def pay_in(session: Session, escrow: Escrow, cents: int, party: Party, actor: Actor, at: datetime) -> None:
    """Add a payment that arrived to an escrow that was taken; raises Refused once all is over."""
    _move(session, escrow, EscrowEvent.PAY_IN, party, actor, at, paid_cents=escrow.paid_cents + cents)
    cover(session, escrow, party, actor, at)


def cover(session: Session, escrow: Escrow, party: Party, actor: Actor, at: datetime) -> None:
    """Hold the escrow if all that is due is there, and give back what is there in excess."""
    if escrow.state == EscrowState.AWAITING and escrow.amounts.is_covered:
        _move(session, escrow, EscrowEvent.COVER, party, actor, at, held_at=escrow.held_at or at)
        outbox.record(session, ESCROW_HELD, [escrow.reference])
    return_surplus(session, escrow, at)


def return_surplus(session: Session, escrow: Escrow, at: datetime) -> None:
    """Give back what is there in excess; while a refund is in question, nothing moves."""
    cents = escrow.amounts.surplus
    if cents and escrow.state in {EscrowState.AWAITING, EscrowState.HELD}:
        refunded = escrow.refunded_cents + cents
        _move(session, escrow, EscrowEvent.RETURN_SURPLUS, Party.SYSTEM, SYSTEM, at, refunded_cents=refunded)
        refund_parts.agree(session, escrow, cents, RefundReason.SURPLUS, at)


def approve(session: Session, reference: str, at: datetime) -> Escrow:
    """Note that the payer approved the work, so that what is held waits for its release alone; raise Refused.

    A bank may still take it back; whoever pays can't ask for it any more.
    """
    escrow = take(session, of(session, reference).id)
    if escrow.state != EscrowState.HELD:
        raise Refused(KIND, EscrowState(escrow.state), EscrowEvent.RELEASE, [])
    escrow.approved_at = escrow.approved_at or at
    return escrow


def release(session: Session, reference: str, price: Price, at: datetime) -> Escrow:
    """Release what is held to the expert, since the client validated the work (S22); raise Refused otherwise.

    The commission is taken now, on what is really released of the price. Releasing again changes nothing.
    """
    escrow = take(session, of(session, reference).id)
    if escrow.state == EscrowState.RELEASED:
        return escrow
    return_surplus(session, escrow, at)
    values = {"released_cents": escrow.due_cents, "closed_at": at}
    _move(session, escrow, EscrowEvent.RELEASE, Party.SYSTEM, SYSTEM, at, **values)
    entries.release(session, escrow, price, at)
    transfers.divide(session, escrow, at)
    outbox.record(session, ESCROW_RELEASED, [escrow.reference])
    return escrow


def cancel(session: Session, reference: str, at: datetime) -> Escrow:
    """Expect nothing any more; what was paid in part for something that never began goes back.

    Raises Refused where all was held once: then money goes back only if the expert agrees (S25).
    """
    escrow = take(session, of(session, reference).id)
    if escrow.held_at is not None:
        raise Refused(KIND, EscrowState(escrow.state), EscrowEvent.CANCEL, [EscrowEvent.DISPUTE])
    cents = escrow.amounts.held
    values = {"due_cents": 0, "refunded_cents": escrow.refunded_cents + cents, "closed_at": at}
    _move(session, escrow, EscrowEvent.CANCEL, Party.SYSTEM, SYSTEM, at, **values)
    if cents:
        refund_parts.agree(session, escrow, cents, RefundReason.CANCELLED, at)
    return escrow


def give_back(session: Session, reference: str, actor: Actor, at: datetime) -> Escrow:
    """Give all that is there back to the payer, by a right that the payee can't refuse: see `booking.withdrawals`.

    Raises Refused while a refund is in question, and once all is over.
    """
    escrow = take(session, of(session, reference).id)
    cents = escrow.amounts.held
    values = {"due_cents": 0, "refunded_cents": escrow.refunded_cents + cents, "closed_at": at}
    _move(session, escrow, EscrowEvent.GIVE_BACK, Party.CLIENT, actor, at, **values)
    if cents:
        refund_parts.agree(session, escrow, cents, RefundReason.CANCELLED, at)
    outbox.record(session, ESCROW_REFUNDED, [escrow.reference])
    return escrow


def charge_back(session: Session, escrow: Escrow, cents: int, at: datetime) -> None:
    """Hold so much less, since the payer's bank took it back: it counts as never paid, and is awaited anew."""
    _move(session, escrow, EscrowEvent.CHARGE_BACK, Party.SYSTEM, SYSTEM, at, paid_cents=escrow.paid_cents - cents)


def win_back(session: Session, escrow: Escrow, cents: int, at: datetime) -> None:
    """Hold again what the bank gave back; what was paid anew meanwhile is a surplus."""
    _move(session, escrow, EscrowEvent.WIN_BACK, Party.SYSTEM, SYSTEM, at, paid_cents=escrow.paid_cents + cents)
    cover(session, escrow, Party.SYSTEM, SYSTEM, at)


def dispute(session: Session, escrow: Escrow, actor: Actor, at: datetime, reason: str) -> None:
    """Keep what is held from being released, since the client asks for it back; raise Refused once they approved."""
    if escrow.approved_at is not None:
        raise Refused(KIND, EscrowState(escrow.state), EscrowEvent.DISPUTE, [EscrowEvent.RELEASE])
    _move(session, escrow, EscrowEvent.DISPUTE, Party.CLIENT, actor, at, reason=reason)
    outbox.record(session, ESCROW_DISPUTED, [escrow.reference])


def settle(session: Session, escrow: Escrow, party: Party, actor: Actor, at: datetime, *, less_cents: int = 0) -> None:
    """End a dispute; `less_cents` of what is due go back by agreement. All of it: nothing is due any more."""
    amounts = escrow.amounts
    if less_cents and less_cents >= min(amounts.held, amounts.due):
        return _refund(session, escrow, less_cents, party, actor, at)
    values = {"due_cents": amounts.due - less_cents, "refunded_cents": amounts.refunded + less_cents}
    event = EscrowEvent.SETTLE if amounts.is_covered else EscrowEvent.SETTLE_SHORT
    _move(session, escrow, event, party, actor, at, **values)
    if amounts.is_covered:
        outbox.record(session, ESCROW_HELD, [escrow.reference])
    if less_cents:
        outbox.record(session, ESCROW_REFUNDED, [escrow.reference])
    return return_surplus(session, escrow, at)


def steps(session: Session, escrow: Escrow) -> Sequence[StateChange]:
    """Return what happened to an escrow, oldest first."""
    return lifecycles.changes(session, KIND, [escrow.id])


def compared(text: str) -> str:
    """Return a number, or what a payer wrote, as both are compared: capitals and digits only. Pure."""
    return _NOT_COMPARED.sub("", text.upper())


def _refund(session: Session, escrow: Escrow, cents: int, party: Party, actor: Actor, at: datetime) -> None:
    surplus = escrow.amounts.held - cents
    values = {"due_cents": 0, "refunded_cents": escrow.paid_cents, "closed_at": at}
    _move(session, escrow, EscrowEvent.REFUND, party, actor, at, **values)
    if surplus > 0:
        refund_parts.agree(session, escrow, surplus, RefundReason.SURPLUS, at)
    outbox.record(session, ESCROW_REFUNDED, [escrow.reference])


def _move(
    session: Session, escrow: Escrow, event: EscrowEvent, party: Party, actor: Actor, at: datetime, **values: Any
) -> None:
    lifecycles.move(session, ESCROWS, escrow, event, party, actor=actor, at=at, **values)
    if event in {EscrowEvent.RAISE_DUE, EscrowEvent.SETTLE_SHORT, EscrowEvent.CHARGE_BACK}:
        outbox.record(session, WIRE_WANTED, [escrow.reference])
