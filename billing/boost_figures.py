"""What operators see of Boost subscriptions: who has one, what they come to, which charges have to go back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.experts import Expert
from billing.boost_periods import MONTHS
from billing.lifecycle import BoostState, PaymentState
from billing.models.boosts import BoostCharge, BoostSubscription
from billing.provider_states import Period

RENEWED = (BoostState.ACTIVE.value, BoostState.PAST_DUE.value)


@dataclass(frozen=True, slots=True)
class Figures:
    """All subscriptions together, in cents before tax."""

    by_state: dict[str, int]
    monthly_cents: int
    """What those that are to be renewed come to each month; a year counts by its twelfth."""
    received_cents: int
    """What was charged since the first day of the month."""
    granted: int
    """Experts with a boost that the operator grants."""


def figures(session: Session, at: datetime) -> Figures:
    """Return what all subscriptions come to."""
    counted = select(col(BoostSubscription.state), func.count()).group_by(col(BoostSubscription.state))
    by_state: dict[str, int] = {state: count for state, count in session.execute(counted)}  # noqa: C416 - rows
    summed = (
        select(col(BoostSubscription.plan), func.sum(col(BoostSubscription.price_cents)))
        .where(col(BoostSubscription.state).in_(RENEWED))
        .group_by(col(BoostSubscription.plan))
    )
    received = select(func.coalesce(func.sum(col(BoostCharge.net_cents)), 0)).where(
        col(BoostCharge.state) == PaymentState.SUCCEEDED.value,
        col(BoostCharge.settled_at) >= at.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
    )
    return Figures(
        by_state,
        sum(int(cents) // MONTHS[Period(plan)] for plan, cents in session.execute(summed)),
        int(session.execute(received).scalar_one()),
        _count_granted(session, at.date()),
    )


def listed(session: Session, state: str = "", *, limit: int = 100) -> Sequence[tuple[BoostSubscription, Expert | None]]:
    """Return subscriptions with their experts, those that need somebody first; by default all that were paid."""
    statement = select(BoostSubscription, Expert).outerjoin(Expert, col(Expert.id) == col(BoostSubscription.expert_id))
    is_wanted = col(BoostSubscription.state) == state if state else col(BoostSubscription.starts_on).is_not(None)
    order = (
        (col(BoostSubscription.state) != BoostState.PAST_DUE.value),
        (col(BoostSubscription.state) == BoostState.ENDED.value),
        col(BoostSubscription.ends_on),
        col(BoostSubscription.id),
    )
    rows = session.execute(statement.where(is_wanted).order_by(*order).limit(limit))
    return [(subscription, expert) for subscription, expert in rows]


def strays(session: Session, *, limit: int = 100) -> Sequence[BoostCharge]:
    """Return the charges that came when nothing was to be paid any more, the oldest first."""
    statement = (
        select(BoostCharge)
        .where(col(BoostCharge.is_stray).is_(True))
        .order_by(col(BoostCharge.settled_at), col(BoostCharge.id))
    )
    return session.execute(statement.limit(limit)).scalars().all()


def _count_granted(session: Session, today: date) -> int:
    statement = select(func.count()).select_from(Expert).where(col(Expert.boost_granted_until) >= today)
    return session.execute(statement).scalar_one()
