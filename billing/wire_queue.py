"""What operators look after among payments: those that wait, found again and page by page, and escrows paid in part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from billing.lifecycle import EscrowState, PaymentState
from billing.models.escrows import Escrow, Payment
from billing.refunds import read_cents

LONGEST_QUERY = 100
_WAITS = (
    col(Payment.state) == PaymentState.SUCCEEDED.value,
    col(Payment.counted_at).is_(None),
    col(Payment.returned_at).is_(None),
)


@dataclass(frozen=True, slots=True)
class PartlyPaid:
    """An escrow of which a part has come, and who is to pay the rest."""

    escrow: Escrow
    client: str
    came_at: datetime
    """When the last payment was counted."""


def waiting(session: Session, *, query: str = "", after: str = "", limit: int) -> Sequence[Payment]:
    """Return the payments that wait for an operator, the oldest first, from the one that follows the id `after`.

    `query` is an amount, or letters of what the payer wrote or is called.
    """
    statement = select(Payment).where(*_WAITS)
    if query:
        statement = statement.where(_is_found(query))
    last = session.get(Payment, after) if after else None
    if last is not None and last.settled_at is not None:
        statement = statement.where(tuple_(col(Payment.settled_at), col(Payment.id)) > (last.settled_at, last.id))
    return session.execute(statement.order_by(col(Payment.settled_at), col(Payment.id)).limit(limit)).scalars().all()


def count_partly_paid(session: Session) -> int:
    """Count the escrows of which a part has come, and the rest is awaited."""
    return session.execute(select(func.count()).select_from(Escrow).where(*_is_partly_paid())).scalar_one()


def partly_paid(session: Session, *, limit: int) -> list[PartlyPaid]:
    """Return the escrows of which a part has come, the one first whose last payment is the longest ago."""
    came_at = func.max(col(Payment.counted_at))
    statement = (
        select(Escrow, col(Client.name), came_at)
        .join(Client, col(Client.id) == col(Escrow.payer_client_id))
        .join(Payment, col(Payment.escrow_id) == col(Escrow.id))
        .where(*_is_partly_paid(), col(Payment.counted_at).is_not(None))
        .group_by(col(Escrow.id), col(Client.name))
        .order_by(came_at, col(Escrow.id))
        .limit(limit)
    )
    return [PartlyPaid(escrow, name, at) for escrow, name, at in session.execute(statement) if at]


def _is_partly_paid() -> tuple[ColumnElement[bool], ...]:
    is_some_there = col(Escrow.paid_cents) > col(Escrow.refunded_cents)
    return col(Escrow.state) == EscrowState.AWAITING.value, is_some_there


def _is_found(query: str) -> ColumnElement[bool]:
    words = query.replace("\0", "").strip()[:LONGEST_QUERY]
    said = [column.icontains(words, autoescape=True) for column in (col(Payment.wire_text), col(Payment.wire_sender))]
    cents = read_cents(words)
    return or_(*said) if cents is None else or_(*said, col(Payment.cents) == cents)
