"""Transfers: what was released goes from the payer's wallet to the expert's, the fee to the operator's (row S20).

An escrow that several providers hold a part of has a transfer for each. They wait, and nothing fails, as long as the
provider does not know the expert.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import entries, refund_parts
from billing.events import PAYEE_DUE
from billing.lifecycle import TRANSFERS, EscrowState, Party, PaymentState, TransferEvent, TransferState
from billing.models.escrows import Escrow, Payment
from billing.models.payouts import Transfer
from billing.providers.interface import Release
from foundation import audits, lifecycles, outbox
from foundation.audits import SYSTEM, Actor
from foundation.database import insert, taken
from foundation.errors import Conflict, NotFound

KIND = TRANSFERS.kind
_EVENTS = {PaymentState.SUCCEEDED: TransferEvent.SUCCEED, PaymentState.FAILED: TransferEvent.FAIL}


def divide(session: Session, escrow: Escrow, at: datetime) -> None:
    """Make the transfers of an escrow that was released, and owe them. May be repeated."""
    held = _held(session, escrow)
    fees = divided(entries.fee_cents(session, escrow), list(held.values()))
    for (provider, cents), fee_cents in zip(held.items(), fees, strict=True):
        _add(session, escrow, provider, cents, fee_cents, at)
    owe(session, escrow.payee_expert_id)


def owe(session: Session, expert_id: str) -> None:
    """Owe an expert whatever can go on: transfers, then payouts."""
    outbox.record(session, PAYEE_DUE, [expert_id])


def owed(session: Session, provider: str, expert_id: str) -> Sequence[Transfer]:
    """Return what a provider has yet to bring to an expert's wallet, the oldest first."""
    is_owed = (
        col(Transfer.provider) == provider,
        col(Transfer.payee_expert_id) == expert_id,
        col(Transfer.state) == TransferState.CREATED.value,
    )
    return session.execute(select(Transfer).where(*is_owed).order_by(col(Transfer.id))).scalars().all()


def begin(session: Session, transfer_id: str, owner_id: str) -> str:
    """Decide as whom the expert gets it, once, before the provider is asked; return as whom."""
    transfer = take(session, transfer_id)
    transfer.owner_id = transfer.owner_id or owner_id
    session.add(transfer)
    session.flush()
    return transfer.owner_id


def take_in(session: Session, transfer_id: str, release: Release, *, at: datetime) -> None:
    """Apply what the provider says of a transfer; may be repeated."""
    if session.get(Transfer, transfer_id) is None:
        return
    transfer = take(session, transfer_id)
    transfer.provider_id = transfer.provider_id or release.provider_id or None
    session.flush()
    event = _EVENTS.get(release.state)
    if event is None or not TRANSFERS.allows(TransferState(transfer.state), event, Party.SYSTEM):
        return
    values: dict[str, Any] = {"done_at": at, "failure": release.failure}
    lifecycles.move(session, TRANSFERS, transfer, event, Party.SYSTEM, actor=SYSTEM, at=at, **values)
    if event is TransferEvent.SUCCEED:
        entries.transfer(session, transfer, at)
        owe(session, transfer.payee_expert_id)


def retry(session: Session, transfer_id: str, actor: Actor, *, at: datetime) -> None:
    """Have another transfer tried in place of one that failed; raise Conflict where that was done."""
    if session.get(Transfer, transfer_id) is None:
        raise NotFound("there is no such transfer")
    failed = take(session, transfer_id)
    if failed.state != TransferState.FAILED or failed.retried_at is not None:
        raise Conflict("this transfer does not wait for anybody")
    failed.retried_at = at
    session.add(failed)
    session.flush()
    escrow = session.get_one(Escrow, failed.escrow_id)
    _add(session, escrow, failed.provider, failed.cents, failed.fee_cents, at)
    owe(session, failed.payee_expert_id)
    audits.record(session, actor, "transfer_retried", KIND, failed.id, at=at, number=escrow.number)


def of(session: Session, escrow: Escrow) -> Sequence[Transfer]:
    """Return an escrow's transfers, the oldest first."""
    statement = select(Transfer).where(col(Transfer.escrow_id) == escrow.id)
    return session.execute(statement.order_by(col(Transfer.made_at), col(Transfer.id))).scalars().all()


def make_missing(session: Session, at: datetime) -> None:
    """Make the transfers of what was released before there were any."""
    has_one = select(col(Transfer.escrow_id))
    statement = select(Escrow).where(col(Escrow.state) == EscrowState.RELEASED.value, col(Escrow.id).not_in(has_one))
    for escrow in session.execute(statement).scalars().all():
        divide(session, escrow, at)


def take(session: Session, transfer_id: str) -> Transfer:
    """Return a transfer that nobody else changes until this transaction ends."""
    return taken(session, Transfer, transfer_id)


def divided(cents: int, parts: Sequence[int]) -> list[int]:
    """Return cents as shares of parts: they sum up, and none is more than its part if all of it isn't. Pure."""
    whole, before, found = sum(parts), 0, list[int]()
    for part in parts:
        found.append(cents * (before + part) // whole - cents * before // whole)
        before += part
    return found


def _held(session: Session, escrow: Escrow) -> Mapping[str, int]:
    """Return what each provider holds of what was released. Refunds went against the latest payments first."""
    counted = (col(Payment.escrow_id) == escrow.id, col(Payment.counted_at).is_not(None))
    statement = select(Payment).where(*counted).order_by(col(Payment.counted_at), col(Payment.id))
    rows = session.execute(statement).scalars().all()
    providers = {payment.id: payment.provider for payment in rows}
    left = [(payment.id, refund_parts.left_of(session, payment)) for payment in rows]
    held: dict[str, int] = {}
    for payment_id, cents in refund_parts.allocate(left, escrow.released_cents):
        held[providers[payment_id]] = held.get(providers[payment_id], 0) + cents
    return held


def _add(session: Session, escrow: Escrow, provider: str, cents: int, fee_cents: int, at: datetime) -> None:
    fresh = Transfer(
        escrow_id=escrow.id,
        payee_expert_id=escrow.payee_expert_id,
        provider=provider,
        cents=cents,
        fee_cents=fee_cents,
        currency=escrow.currency,
        made_at=at,
    )
    session.execute(insert(session, Transfer).values(**fresh.model_dump()).on_conflict_do_nothing())
