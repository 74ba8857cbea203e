"""Banks that take card payments back, as the simulated provider plays them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.lifecycle import ChargebackState, PaymentState
from billing.models.escrows import PaymentKind
from billing.models.sandbox import SandboxChargeback, SandboxTransaction
from billing.providers.payins import Disputed
from billing.providers.resources import CHARGEBACK, REFUND
from billing.providers.sandbox_rows import find, tell
from foundation.database import Database
from foundation.errors import Conflict, NotFound

REASON = "fraud"
_STANDING = (ChargebackState.TAKEN.value, ChargebackState.LOST.value)


class SandboxChargebacks:
    """What banks take back."""

    _database: Database

    def fetch_chargeback(self, provider_id: str) -> Disputed | None:
        """Return a chargeback as it stands."""
        found = find(self._database, SandboxChargeback, provider_id)
        return as_disputed(found) if found else None

    def chargebacks(self, since: datetime) -> Iterator[Disputed]:
        """Return the chargebacks that were made at an instant or later, oldest first."""
        statement = select(SandboxChargeback).where(col(SandboxChargeback.made_at) >= since)
        with self._database.reading() as session:
            rows = session.execute(statement.order_by(col(SandboxChargeback.made_at), col(SandboxChargeback.id)))
            found = [as_disputed(row) for row in rows.scalars()]
        return iter(found)


def take(session: Session, payin_id: str, *, at: datetime, cents: int | None = None) -> str:
    """Have the payer's bank take a card payment back, or a part of it. Return the chargeback's id.

    Raises Conflict where there is nothing to take: it did not come, went back, or was taken before.
    """
    paid = session.get(SandboxTransaction, payin_id, with_for_update=True)
    if paid is None or paid.kind != PaymentKind.CARD or paid.state != PaymentState.SUCCEEDED:
        raise Conflict("only a card payment that came is taken back")
    if of(session, payin_id) or _is_refunded(session, payin_id):
        raise Conflict("it went back already")
    taken = SandboxChargeback(
        payin_id=payin_id, cents=min(cents or paid.cents, paid.cents), currency=paid.currency, made_at=at
    )
    session.add(taken)
    session.flush()
    tell(session, CHARGEBACK, taken.id)
    return taken.id


def decide(session: Session, chargeback_id: str, *, is_won: bool) -> None:
    """Have the bank decide on what the operator said; raises Conflict where it has already."""
    found = session.get(SandboxChargeback, chargeback_id, with_for_update=True)
    if found is None:
        raise NotFound("there is no such chargeback")
    if found.state != ChargebackState.TAKEN:
        raise Conflict("the bank has decided already")
    found.state = (ChargebackState.WON if is_won else ChargebackState.LOST).value
    session.add(found)
    tell(session, CHARGEBACK, found.id)


def of(session: Session, payin_id: str) -> Sequence[SandboxChargeback]:
    """Return the chargebacks of a payment."""
    return session.execute(select(SandboxChargeback).where(col(SandboxChargeback.payin_id) == payin_id)).scalars().all()


def cards_of(session: Session, ids: Sequence[str]) -> list[tuple[SandboxTransaction, SandboxChargeback | None]]:
    """Return which of some card payments came, the latest first, each with its chargeback."""
    is_paid = (col(SandboxTransaction.id).in_(ids), col(SandboxTransaction.state) == PaymentState.SUCCEEDED.value)
    statement = (
        select(SandboxTransaction, SandboxChargeback)
        .outerjoin(SandboxChargeback, col(SandboxChargeback.payin_id) == col(SandboxTransaction.id))
        .where(*is_paid)
        .order_by(col(SandboxTransaction.made_at).desc(), col(SandboxTransaction.id))
    )
    return [(card, taken) for card, taken in session.execute(statement)]


def stands(session: Session, payin_id: str) -> bool:
    """Tell whether a payment is with its bank again: it can't be refunded."""
    return any(found.state in _STANDING for found in of(session, payin_id))


def as_disputed(row: SandboxChargeback) -> Disputed:
    """Return it as the port knows it."""
    state = ChargebackState(row.state)
    back_cents = row.cents if state is ChargebackState.WON else 0
    return Disputed(row.id, row.payin_id, state, row.cents, row.currency, row.made_at, back_cents, REASON)


def _is_refunded(session: Session, payin_id: str) -> bool:
    is_refund = (col(SandboxTransaction.kind) == REFUND, col(SandboxTransaction.refunded_id) == payin_id)
    return session.execute(select(col(SandboxTransaction.id)).where(*is_refund).limit(1)).first() is not None
