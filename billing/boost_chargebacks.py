"""Charges of Boost subscriptions that the payer's bank takes back, and may give back once operators have contested it.

The operator's loss at once, in the ledger. A period whose whole charge was taken back is handled as a renewal that was
not paid: the boost goes on for the days of grace, its owner is asked to pay, and the card is not charged again without
them. Where the bank gives it back meanwhile, the period is paid again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.experts import Expert
from billing import boost_periods, boosts, entries
from billing.lifecycle import (
    CHARGEBACKS,
    BoostEvent,
    BoostState,
    ChargebackEvent,
    ChargebackState,
    Party,
    PaymentState,
)
from billing.models.boosts import BoostCharge, BoostSubscription
from billing.models.chargebacks import BoostChargeback
from billing.providers.interface import Disputed
from foundation.audits import SYSTEM
from foundation.database import taken
from foundation.lifecycles import Lifecycle, move

TAKEN_BACK = Lifecycle("boost_chargeback", CHARGEBACKS.first, CHARGEBACKS.moves)


def take_in(session: Session, charge_id: str, said: Disputed, *, at: datetime) -> BoostChargeback | None:
    """Apply what a provider says of a chargeback; may be repeated, and come in any order.

    None where the charge has not come, as far as anybody knows.
    """
    boosts.take(session, session.get_one(BoostCharge, charge_id).subscription_id)
    charge = taken(session, BoostCharge, charge_id)
    if charge.state != PaymentState.SUCCEEDED:
        return None
    is_it = (col(BoostChargeback.provider) == charge.provider, col(BoostChargeback.provider_id) == said.provider_id)
    found = session.execute(select(BoostChargeback).where(*is_it)).scalar_one_or_none()
    if found is None:
        found = BoostChargeback(
            provider=charge.provider,
            provider_id=said.provider_id,
            charge_id=charge.id,
            cents=said.cents,
            currency=said.currency,
            reason=said.reason,
            taken_at=at,
        )
        session.add(found)
        session.flush()
        entries.charge_boost_back(session, found, at)
    if said.state is ChargebackState.LOST and found.state == ChargebackState.TAKEN:
        _close(session, found, ChargebackEvent.LOSE, at)
    if said.state is ChargebackState.WON and found.state == ChargebackState.TAKEN:
        _close(session, found, ChargebackEvent.WIN, at, back_cents=min(said.back_cents, found.cents))
        entries.win_boost_back(session, found, at)
    return found


def waiting(session: Session, *, limit: int = 100) -> Sequence[tuple[BoostChargeback, BoostCharge, Expert | None]]:
    """Return what no bank has decided on, the oldest first: operators contest it in time, or not."""
    statement = (
        select(BoostChargeback, BoostCharge, Expert)
        .join(BoostCharge, col(BoostCharge.id) == col(BoostChargeback.charge_id))
        .outerjoin(Expert, col(Expert.id) == col(BoostCharge.expert_id))
        .where(col(BoostChargeback.state) == ChargebackState.TAKEN.value)
        .order_by(col(BoostChargeback.taken_at), col(BoostChargeback.id))
    )
    return [(found, charge, expert) for found, charge, expert in session.execute(statement.limit(limit))]


def count_waiting(session: Session) -> int:
    """Count them."""
    statement = select(func.count()).select_from(BoostChargeback)
    return session.execute(statement.where(col(BoostChargeback.state) == ChargebackState.TAKEN.value)).scalar_one()


def due(session: Session) -> Sequence[str]:
    """Return the ids of subscriptions whose period was taken back, or given back, and that have not moved on since."""
    of_period = and_(
        col(BoostCharge.subscription_id) == col(BoostSubscription.id),
        col(BoostCharge.starts_on) == col(BoostSubscription.starts_on),
    )
    runs = col(BoostSubscription.state).in_([BoostState.ACTIVE.value, BoostState.CANCELLED.value])
    is_taken = and_(runs, col(BoostSubscription.ends_on) == col(BoostCharge.ends_on), _is_standing())
    is_back = and_(
        col(BoostSubscription.state) == BoostState.PAST_DUE.value,
        col(BoostSubscription.ends_on) < col(BoostCharge.ends_on),
        col(BoostChargeback.state) == ChargebackState.WON.value,
    )
    statement = (
        select(col(BoostSubscription.id))
        .join(BoostCharge, of_period)
        .join(BoostChargeback, col(BoostChargeback.charge_id) == col(BoostCharge.id))
        .where(_is_whole(), is_taken | is_back)
        .order_by(col(BoostSubscription.id))
        .distinct()
    )
    return session.execute(statement).scalars().all()


def follow(session: Session, subscription_id: str, grace_days: int, *, at: datetime) -> None:
    """Let a subscription follow what became of its period's charge; may be repeated."""
    found = boosts.take(session, subscription_id)
    charge = _charge_of_period(session, found)
    if charge is None or found.starts_on is None or found.ends_on is None:
        return
    if found.state == BoostState.PAST_DUE and not stands(session, found) and found.ends_on < charge.ends_on:
        paid: dict[str, Any] = {"ends_on": charge.ends_on, "anchor_on": charge.anchor_on, "grace_ends_on": None}
        boosts.move(session, found, BoostEvent.RENEW, Party.SYSTEM, SYSTEM, at, **paid)
        boosts.tell(session, found, "boost_given_back", at=at, key=charge.id, day=charge.ends_on)
    elif found.state == BoostState.CANCELLED and stands(session, found):
        boosts.end(session, found, BoostEvent.LAPSE, Party.SYSTEM, SYSTEM, at)
        boosts.tell(session, found, "boost_ended", at=at, key=charge.id)
    elif found.state == BoostState.ACTIVE and stands(session, found):
        # Nothing is paid from today on; a period lasts a day at least.
        unpaid_on = max(at.date(), found.starts_on + timedelta(days=1))
        until = boost_periods.grace_ends_on(unpaid_on, grace_days)
        values: dict[str, Any] = {"ends_on": unpaid_on, "anchor_on": unpaid_on, "grace_ends_on": until}
        boosts.move(session, found, BoostEvent.MISS, Party.SYSTEM, SYSTEM, at, **values)
        boosts.tell(
            session, found, "boost_taken_back", at=at, key=charge.id, day=until, amount_cents=charge.gross_cents
        )


def stands(session: Session, subscription: BoostSubscription) -> bool:
    """Tell whether the charge of a subscription's period was taken back: the card is not charged by itself then."""
    charge = _charge_of_period(session, subscription)
    is_it = (col(BoostChargeback.charge_id) == (charge.id if charge else ""), _is_standing(), _is_whole())
    statement = select(col(BoostChargeback.id)).join(BoostCharge, col(BoostCharge.id) == col(BoostChargeback.charge_id))
    return session.execute(statement.where(*is_it).limit(1)).first() is not None


def _charge_of_period(session: Session, subscription: BoostSubscription) -> BoostCharge | None:
    is_it = (
        col(BoostCharge.subscription_id) == subscription.id,
        col(BoostCharge.starts_on) == subscription.starts_on,
        col(BoostCharge.state) == PaymentState.SUCCEEDED.value,
        col(BoostCharge.is_stray).is_(False),
    )
    latest = select(BoostCharge).where(*is_it).order_by(col(BoostCharge.settled_at).desc(), col(BoostCharge.id))
    return session.execute(latest.limit(1)).scalar_one_or_none()


def _is_standing() -> ColumnElement[bool]:
    return col(BoostChargeback.state) != ChargebackState.WON.value


def _is_whole() -> ColumnElement[bool]:
    """Return the condition that all of a charge was taken: a part is between the operator and the bank alone."""
    return col(BoostChargeback.cents) >= col(BoostCharge.net_cents) + col(BoostCharge.tax_cents)


def _close(session: Session, found: BoostChargeback, event: ChargebackEvent, at: datetime, **values: Any) -> None:
    move(session, TAKEN_BACK, found, event, Party.SYSTEM, actor=SYSTEM, at=at, closed_at=at, **values)
