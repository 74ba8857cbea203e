"""Payments: cards that are tried and wires that arrive, each counted once, for the escrow that it names.

What providers say is applied as it comes: told twice, or late, it changes nothing that it should not. A payment that
names no escrow, or one that is over, waits for an operator.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import colleagues
from accounts.models.accounts import Role
from accounts.sign_ins import SignedIn
from billing import entries, escrows, refund_parts
from billing.events import PROVIDER_EVENT
from billing.lifecycle import (
    ESCROWS,
    PAYMENTS,
    EscrowEvent,
    EscrowState,
    Party,
    PaymentEvent,
    PaymentState,
    RefundState,
)
from billing.models.escrows import Escrow, Payment, PaymentKind, Refund, RefundPart, RefundReason, WireDetails
from billing.providers.interface import PAYIN, Payin, Resource
from foundation import audits, i18n, lifecycles, mails, outbox
from foundation.audits import SYSTEM, Actor
from foundation.database import insert, taken
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate
from foundation.mails import Mail

KIND = PAYMENTS.kind
LONGEST_TEXT = 200
TOLD = frozenset({Role.OWNER, Role.ACCOUNTANT})
"""Who of a client hears of payments."""
_UNDER_WAY = frozenset({PaymentState.CREATED.value, PaymentState.CHALLENGE.value})
_EVENTS = {
    PaymentState.CHALLENGE: PaymentEvent.CHALLENGE,
    PaymentState.SUCCEEDED: PaymentEvent.SUCCEED,
    PaymentState.FAILED: PaymentEvent.FAIL,
}


def begin_card(session: Session, who: SignedIn, reference: str, provider: str, *, at: datetime) -> Payment:
    """Note that somebody is about to pay by card what is missing; raise Conflict where nothing is."""
    escrow = escrows.of(session, reference)
    if escrow.state != EscrowState.AWAITING:
        raise Conflict("nothing is to be paid now")
    payment = Payment(
        escrow_id=escrow.id,
        provider=provider,
        kind=PaymentKind.CARD.value,
        cents=escrow.amounts.missing,
        currency=escrow.currency,
        begun_by=who.account_id,
        begun_at=at,
    )
    session.add(payment)
    session.flush()
    return payment


def note_begun(session: Session, payment_id: str, provider_id: str) -> None:
    """Note under which id the provider has a payment."""
    payment = take(session, payment_id)
    payment.provider_id = payment.provider_id or provider_id
    session.add(payment)


def look_up(session: Session, who: SignedIn, payment_id: str) -> None:
    """Have the provider asked how somebody's own payment stands, as long as nobody knows: they came back from there."""
    found = session.get(Payment, payment_id) if payment_id.isprintable() else None
    if found and found.begun_by == who.account_id and found.provider_id and found.state in _UNDER_WAY:
        outbox.record(session, PROVIDER_EVENT, [Resource(found.provider, PAYIN, found.provider_id).key])


def take_in(session: Session, provider: str, payin: Payin, *, at: datetime) -> Payment:
    """Apply what a provider says of a payment; may be repeated, and come in any order."""
    payment = take(session, _find_or_make(session, provider, payin, at))
    event = _EVENTS.get(payin.state)
    state = PaymentState(payment.state)
    if event and PAYMENTS.allows(state, event, Party.SYSTEM):
        values: dict[str, Any] = {"cents": payin.cents, "failure": payin.failure}
        if event is not PaymentEvent.CHALLENGE:
            values["settled_at"] = at
        lifecycles.move(session, PAYMENTS, payment, event, Party.SYSTEM, actor=SYSTEM, at=at, **values)
    if payment.state == PaymentState.SUCCEEDED and not (payment.counted_at or payment.returned_at):
        _count(session, payment, at)
        if not payment.counted_at:
            entries.unassigned_pay_in(session, payment, payment.settled_at or at)
    return payment


def of(session: Session, escrow: Escrow) -> Sequence[Payment]:
    """Return the payments for an escrow, the latest first."""
    statement = select(Payment).where(col(Payment.escrow_id) == escrow.id)
    return session.execute(statement.order_by(col(Payment.begun_at).desc(), col(Payment.id))).scalars().all()


def last_counted(session: Session, escrow: Escrow) -> Payment | None:
    """Return the last payment that was added to an escrow."""
    statement = select(Payment).where(col(Payment.escrow_id) == escrow.id, col(Payment.counted_at).is_not(None))
    latest = statement.order_by(col(Payment.counted_at).desc(), col(Payment.id)).limit(1)
    return session.execute(latest).scalar_one_or_none()


def card_ids(session: Session, client_id: str, *, limit: int = 20) -> Sequence[str]:
    """Return a provider's ids of a client's latest card payments."""
    statement = select(col(Payment.provider_id)).join(Escrow, col(Escrow.id) == col(Payment.escrow_id))
    is_theirs = (col(Escrow.payer_client_id) == client_id, col(Payment.kind) == PaymentKind.CARD.value)
    rows = session.execute(
        statement.where(*is_theirs, col(Payment.provider_id).is_not(None))
        .order_by(col(Payment.begun_at).desc(), col(Payment.id))
        .limit(limit)
    )
    return [str(provider_id) for provider_id in rows.scalars()]


def unmatched(session: Session, *, limit: int = 100) -> Sequence[Payment]:
    """Return the payments that arrived and wait for an operator, the oldest first."""
    statement = select(Payment).where(
        col(Payment.state) == PaymentState.SUCCEEDED.value,
        col(Payment.counted_at).is_(None),
        col(Payment.returned_at).is_(None),
    )
    return session.execute(statement.order_by(col(Payment.settled_at), col(Payment.id)).limit(limit)).scalars().all()


def assign(
    session: Session, payment_id: str, number: str, language: Language, actor: Actor, *, at: datetime
) -> Payment:
    """Count a payment for the escrow of a number, as an operator found out; raise Invalid, or Conflict if overtaken."""
    payment = take_waiting(session, payment_id)
    found = escrow_for(session, payment, number, language)
    _add(session, payment, escrows.take(session, found.id), Party.OPERATOR, actor, at)
    audits.record(session, actor, "payment_assigned", KIND, payment.id, at=at, number=found.number)
    return payment


def escrow_for(session: Session, payment: Payment, number: str, language: Language) -> Escrow:
    """Return the escrow of a number, if a payment may be counted for it; raise Invalid."""
    key = escrows.compared(number)
    found = session.execute(select(Escrow).where(col(Escrow.number_key) == key)).scalar_one_or_none() if key else None
    if found is None:
        raise _no_escrow(language, "unknown_number", message("Nothing is awaited under this number."))
    if not _takes(found, payment):
        reason = message("Nothing can be paid for this any more, or not in this currency.")
        raise _no_escrow(language, "closed", reason)
    return found


def give_back(session: Session, payment_id: str, actor: Actor, *, at: datetime) -> Refund:
    """Send a payment that is for nothing back to whoever paid it."""
    payment = take_waiting(session, payment_id)
    payment.returned_at = at
    refund = Refund(
        reason=RefundReason.RETURNED.value,
        state=RefundState.AGREED.value,
        cents=payment.cents,
        currency=payment.currency,
        asked_by=actor.account_id,
        asked_at=at,
    )
    session.add_all([payment, refund])
    session.flush()
    session.add(RefundPart(refund_id=refund.id, payment_id=payment.id, cents=payment.cents))
    session.flush()
    entries.give_back(session, payment, refund, at)
    refund_parts.owe(session, refund)
    audits.record(session, actor, "payment_returned", KIND, payment.id, at=at)
    return refund


def take_waiting(session: Session, payment_id: str) -> Payment:
    """Return a payment that waits for an operator, taken; raise Conflict if somebody was quicker."""
    if session.get(Payment, payment_id) is None:
        raise NotFound("there is no such payment")
    payment = take(session, payment_id)
    if payment.state != PaymentState.SUCCEEDED or payment.counted_at or payment.returned_at:
        raise Conflict("this payment does not wait for anybody any more")
    return payment


def names(wire_text: str, number_key: str) -> bool:
    """Tell whether what a payer wrote names a number, whatever stands around it or between. Pure."""
    signs = r"[^A-Z0-9]*".join(number_key)
    before = r"(?<![0-9])" if number_key[:1].isdigit() else ""
    after = r"(?![0-9])" if number_key[-1:].isdigit() else ""
    return bool(number_key) and re.search(f"{before}{signs}{after}", wire_text.upper()) is not None


def _find_or_make(session: Session, provider: str, payin: Payin, at: datetime) -> str:
    begun = session.get(Payment, payin.key) if payin.key else None
    if begun is not None and begun.provider == provider:
        note_begun(session, begun.id, payin.provider_id)
        session.flush()
        return begun.id
    fresh = Payment(
        escrow_id=_awaited_for(session, provider, payin.provider_id),
        provider=provider,
        provider_id=payin.provider_id,
        kind=payin.kind.value,
        cents=payin.cents,
        currency=payin.currency,
        wire_text=_clean(payin.wire_text),
        wire_sender=_clean(payin.wire_sender),
        begun_at=at,
    )
    session.execute(insert(session, Payment).values(**fresh.model_dump()).on_conflict_do_nothing())
    is_it = (col(Payment.provider) == provider, col(Payment.provider_id) == payin.provider_id)
    return session.execute(select(col(Payment.id)).where(*is_it)).scalar_one()


def _awaited_for(session: Session, provider: str, provider_id: str) -> str | None:
    """Return the escrow for which a provider was asked where to send a wire, where it gave a reference of its own."""
    is_it = (col(WireDetails.provider) == provider, col(WireDetails.provider_id) == provider_id)
    return session.execute(select(col(WireDetails.escrow_id)).where(*is_it)).scalars().first()


def take(session: Session, payment_id: str) -> Payment:
    """Return a payment that nobody else changes until this transaction ends, as it stands now."""
    return taken(session, Payment, payment_id)


def _count(session: Session, payment: Payment, at: datetime) -> None:
    """Add a payment to the escrow that it is for, if there is one that takes it; else it waits for an operator."""
    escrow_id = payment.escrow_id or _named(session, payment)
    if escrow_id is None:
        return
    escrow = escrows.take(session, escrow_id)
    if _takes(escrow, payment):
        _add(session, payment, escrow, Party.SYSTEM, SYSTEM, at)


def _named(session: Session, payment: Payment) -> str | None:
    """Return the one escrow that a wire names; None where it names none, or several."""
    text = escrows.compared(payment.wire_text)
    statement = select(col(Escrow.id), col(Escrow.number_key)).where(
        literal(text).contains(col(Escrow.number_key)), col(Escrow.currency) == payment.currency
    )
    found = [row.id for row in session.execute(statement) if names(payment.wire_text, row.number_key)]
    return found[0] if len(found) == 1 else None


def _takes(escrow: Escrow, payment: Payment) -> bool:
    is_open = ESCROWS.allows(EscrowState(escrow.state), EscrowEvent.PAY_IN, Party.SYSTEM)
    return is_open and escrow.currency == payment.currency


def _add(session: Session, payment: Payment, escrow: Escrow, party: Party, actor: Actor, at: datetime) -> None:
    payment.escrow_id, payment.counted_at = escrow.id, at
    session.add(payment)
    session.flush()
    entries.pay_in(session, payment, escrow, at)
    escrows.pay_in(session, escrow, payment.cents, party, actor, at)
    _tell_payer(session, payment, escrow, at)


def _tell_payer(session: Session, payment: Payment, escrow: Escrow, at: datetime) -> None:
    """Mail those who pay for the client what came, and what is still missing."""
    values = {"title": escrow.title, "reference": escrow.reference, "currency": escrow.currency}
    values |= {"cents": payment.cents, "missing_cents": escrow.amounts.missing}
    for account, membership in colleagues.members(session, escrow.payer_client_id):
        if membership.role in TOLD and account.email is not None:
            mail = Mail(
                account.email, i18n.known(account.language), "payment_received", {"name": account.name, **values}
            )
            mails.write(session, mail, key=f"payment_received {payment.id} {account.id}", at=at)


def _no_escrow(language: Language, code: str, reason: str) -> Invalid:
    return Invalid([Fault("number", code, translate(language, reason))])


def _clean(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)[:LONGEST_TEXT].strip()
