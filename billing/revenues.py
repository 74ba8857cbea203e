"""What experts earn: released by clients, less the commission, and counted as received once it was paid out (S6).

This one module says what has been received, so that whoever pays out has one place to tell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import last_months
from billing.lifecycle import ESCROWS, EscrowEvent, TransferState
from billing.models.escrows import Escrow
from billing.models.payouts import Payout, Transfer
from billing.provider_states import PayoutState
from foundation.lifecycles import StateChange

CommissionsOf = Callable[[Session, Mapping[str, int]], Mapping[str, int]]
"""Says which commission, with its tax, is taken of what was released, by reference: whoever booked agreed on it."""


@dataclass(frozen=True, slots=True)
class Release:
    """What a client released to an expert."""

    reference: str
    number: str
    title: str
    currency: str
    released_at: datetime
    gross_cents: int
    """With its tax."""
    commission_cents: int
    received_at: datetime | None = None
    """When it was paid out to the expert; None as long as it was not."""

    @property
    def net_cents(self) -> int:
        """Return what the expert gets of it."""
        return self.gross_cents - self.commission_cents


@dataclass(frozen=True, slots=True)
class Month:
    """What was received in a month, and what was released in it and has not been received yet."""

    first: date
    received_cents: int
    waiting_cents: int


@dataclass(frozen=True, slots=True)
class Revenue:
    """What an expert earned in one currency."""

    currency: str
    months: tuple[Month, ...]
    """The last twelve, the oldest first."""
    waiting_cents: int
    """Released, ever, and not received yet."""

    @property
    def received_cents(self) -> int:
        """Return what was received in the last twelve months."""
        return sum(month.received_cents for month in self.months)


def releases(session: Session, expert_id: str, commissions_of: CommissionsOf) -> list[Release]:
    """Return all that was released to an expert, the oldest first."""
    statement = (
        select(Escrow, col(StateChange.moved_at))
        .join(StateChange, col(StateChange.object_id) == col(Escrow.id))
        .where(
            col(Escrow.payee_expert_id) == expert_id,
            col(StateChange.kind) == ESCROWS.kind,
            col(StateChange.event) == EscrowEvent.RELEASE.value,
        )
        .order_by(col(StateChange.id))
    )
    found = [(escrow, at) for escrow, at in session.execute(statement)]
    received = _received(session, [escrow.id for escrow, _ in found])
    commissions = commissions_of(session, {escrow.reference: escrow.released_cents for escrow, _ in found})
    return [
        Release(
            escrow.reference,
            escrow.number,
            escrow.title,
            escrow.currency,
            at,
            escrow.released_cents,
            commissions.get(escrow.reference, 0),
            received.get(escrow.id),
        )
        for escrow, at in found
    ]


def by_currency(found: Sequence[Release], today: date) -> list[Revenue]:
    """Return what was earned in each currency, the one with the most first. Pure."""
    amounts: dict[str, int] = {}
    for release in found:
        amounts[release.currency] = amounts.get(release.currency, 0) + release.net_cents
    largest_first = sorted(amounts, key=lambda currency: (-amounts[currency], currency))
    return [_of([release for release in found if release.currency == currency], today) for currency in largest_first]


def _received(session: Session, escrow_ids: Sequence[str]) -> Mapping[str, datetime]:
    """Return when escrows were paid out: with the last of what their providers brought; none that came back."""
    is_sent = (col(Payout.transfer_id) == col(Transfer.id)) & (col(Payout.state) == PayoutState.SUCCEEDED.value)
    rows = session.execute(
        select(col(Transfer.escrow_id), func.count(), func.count(col(Payout.id)), func.max(col(Payout.sent_at)))
        .outerjoin(Payout, is_sent)
        .where(col(Transfer.escrow_id).in_(escrow_ids), col(Transfer.state) != TransferState.FAILED.value)
        .group_by(col(Transfer.escrow_id))
    )
    return {escrow_id: sent_at for escrow_id, wanted, sent, sent_at in rows if wanted == sent and sent_at}


def _of(found: Sequence[Release], today: date) -> Revenue:
    received, waiting = dict[date, int](), dict[date, int]()
    for release in found:
        sums, at = (waiting, release.released_at) if release.received_at is None else (received, release.received_at)
        month = last_months.month_of(at)
        sums[month] = sums.get(month, 0) + release.net_cents
    months = tuple(Month(first, received.get(first, 0), waiting.get(first, 0)) for first in last_months.until(today))
    return Revenue(found[0].currency, months, sum(waiting.values()))
