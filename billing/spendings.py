"""What a client paid month by month: what came in, went back, was released to experts, and is held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import last_months
from billing.lifecycle import EscrowState, RefundState
from billing.models.escrows import Escrow, Payment, Refund

_GONE = (RefundState.AGREED.value, RefundState.DONE.value, RefundState.FAILED.value)
"""Of refunds whose money is held for nobody any more."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Something that changed what is held: cents that came, went back or were released."""

    at: datetime
    paid_cents: int = 0
    refunded_cents: int = 0
    released_cents: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """A month's sums, and what was held at its end."""

    first: date
    paid_cents: int
    refunded_cents: int
    released_cents: int
    held_cents: int


@dataclass(frozen=True, slots=True)
class Spending:
    """What a client paid in one currency."""

    currency: str
    months: tuple[Month, ...]
    """The last twelve, the oldest first."""

    @property
    def held_cents(self) -> int:
        """Return what is held now."""
        return self.months[-1].held_cents

    def sum_of(self, name: str) -> int:
        """Return the sum of `paid`, `refunded` or `released` over the months."""
        return sum(getattr(month, f"{name}_cents") for month in self.months)


def escrows_of(session: Session, client_id: str) -> Sequence[Escrow]:
    """Return what a client pays or has paid, the latest first."""
    statement = select(Escrow).where(col(Escrow.payer_client_id) == client_id)
    return session.execute(statement.order_by(col(Escrow.opened_at).desc(), col(Escrow.id))).scalars().all()


def by_currency(session: Session, found: Sequence[Escrow], today: date) -> list[Spending]:
    """Return what was paid in each currency, in order of currencies."""
    return [
        Spending(currency, tuple(months(movements(session, [one for one in found if one.currency == currency]), today)))
        for currency in sorted({escrow.currency for escrow in found})
    ]


def movements(session: Session, found: Sequence[Escrow]) -> list[Movement]:
    """Return all that changed what is held for escrows."""
    ids = [escrow.id for escrow in found]
    counted = select(Payment).where(col(Payment.escrow_id).in_(ids), col(Payment.counted_at).is_not(None))
    gone = select(Refund).where(col(Refund.escrow_id).in_(ids), col(Refund.state).in_(_GONE))
    return [
        *(
            Movement(one.counted_at, paid_cents=one.cents)
            for one in session.execute(counted).scalars()
            if one.counted_at
        ),
        *(
            Movement(one.consented_at or one.asked_at, refunded_cents=one.cents)
            for one in session.execute(gone).scalars()
        ),
        *(
            Movement(one.closed_at, released_cents=one.released_cents)
            for one in found
            if one.state == EscrowState.RELEASED and one.closed_at
        ),
    ]


def months(found: Iterable[Movement], today: date) -> list[Month]:
    """Return the sums of the last months; what is held counts what came before them too. Pure."""
    firsts = last_months.until(today)
    sums = {first: [0, 0, 0] for first in firsts}
    held = 0
    for movement in found:
        amounts = (movement.paid_cents, movement.refunded_cents, movement.released_cents)
        month = last_months.month_of(movement.at)
        if month < firsts[0]:
            held += amounts[0] - amounts[1] - amounts[2]
        elif month in sums:
            sums[month] = [one + more for one, more in zip(sums[month], amounts, strict=True)]
    told: list[Month] = []
    for first in firsts:
        paid, refunded, released = sums[first]
        held += paid - refunded - released
        told.append(Month(first, paid, refunded, released, held))
    return told
