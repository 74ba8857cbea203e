"""Charges of Boost subscriptions: each kept before the provider is asked, counted and posted once, whatever is told.

What becomes of a charge moves the subscription on: it starts, is renewed, or its renewal is missed.
"""

from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import boost_cards, boosts, entries
from billing.boost_periods import ChargeReason, Due
from billing.boost_prices import Price
from billing.events import BOOST_CHARGE_WANTED, BOOST_PAID
from billing.lifecycle import BOOSTS, PAYMENTS, BoostEvent, BoostState, Party, PaymentEvent, PaymentState
from billing.models.boosts import BoostCharge, BoostSubscription
from billing.providers.interface import Charge
from billing.taxes import Tax
from foundation import outbox
from foundation.audits import SYSTEM
from foundation.database import taken
from foundation.lifecycles import Lifecycle, move

CHARGES = Lifecycle("boost_charge", PAYMENTS.first, PAYMENTS.moves)
AUTHENTICATION_NEEDED, ABANDONED = "authentication_needed", "abandoned"
LOOKED_AFTER = timedelta(minutes=10)
"""When it is found out what became of a charge for which the payer was there."""
_EVENTS = {
    PaymentState.CHALLENGE: PaymentEvent.CHALLENGE,
    PaymentState.SUCCEEDED: PaymentEvent.SUCCEED,
    PaymentState.FAILED: PaymentEvent.FAIL,
}
_LEADS_TO = {
    ChargeReason.FIRST: BoostEvent.START,
    ChargeReason.RENEWAL: BoostEvent.RENEW,
    ChargeReason.UPGRADE: BoostEvent.UPGRADE,
}
log = structlog.get_logger(__name__)


def begin(
    session: Session,
    subscription: BoostSubscription,
    due: Due,
    tax: Tax,
    card_id: str,
    provider: str,
    *,
    is_attended: bool,
    at: datetime,
) -> BoostCharge:
    """Keep a charge of a subscription that was taken; while one is under way, that one is returned.

    The provider is asked afterwards: by whoever is there at once, else from the outbox.
    """
    if found := boosts.open_charge(session, subscription.id):
        return found
    price = Price(due.net_cents, tax)
    charge = BoostCharge(
        subscription_id=subscription.id,
        card_id=card_id,
        expert_id=subscription.expert_id,
        reason=due.reason.value,
        plan=due.plan.value,
        anchor_on=due.anchor_on,
        starts_on=due.starts_on,
        ends_on=due.ends_on,
        price_cents=due.price_cents,
        credit_cents=due.credit_cents,
        net_cents=due.net_cents,
        tax_cents=price.tax_cents,
        tax_code=tax.code.value,
        tax_rate_bp=tax.rate_bp,
        tax_country=tax.country,
        tax_exemption=tax.exemption,
        tax_mentions=list(tax.mentions),
        currency=subscription.currency,
        is_attended=is_attended,
        provider=provider,
        made_at=at,
    )
    session.add(charge)
    session.flush()
    outbox.record(session, BOOST_CHARGE_WANTED, [charge.id], due_at=at + LOOKED_AFTER if is_attended else None)
    return charge


def note_asked(session: Session, charge_id: str, at: datetime) -> bool:
    """Note that the provider is about to be asked; False for a charge that is over."""
    charge = session.get_one(BoostCharge, charge_id, with_for_update=True)
    if charge.state != PaymentState.CREATED:
        return False
    charge.asked_at = charge.asked_at or at
    return True


def refuse(session: Session, charge_id: str, failure: str, *, at: datetime) -> None:
    """Give up a charge of which the provider surely made nothing."""
    take_in(session, charge_id, Charge("", charge_id, PaymentState.FAILED, 0, failure), at=at)


def find(session: Session, provider: str, provider_id: str, key: str | None) -> str | None:
    """Return the id of the charge that a provider's payment is of; None where it is of none."""
    is_it = or_(col(BoostCharge.provider_id) == provider_id, col(BoostCharge.id) == key)
    statement = select(col(BoostCharge.id)).where(col(BoostCharge.provider) == provider, is_it)
    return session.execute(statement.limit(1)).scalar_one_or_none()


def take_in(session: Session, charge_id: str, found: Charge, *, at: datetime) -> None:
    """Apply what a provider says of a charge; may be repeated, and come in any order."""
    row = session.get(BoostCharge, charge_id)
    if row is None:
        return
    subscription = boosts.take(session, row.subscription_id)
    charge = taken(session, BoostCharge, charge_id)
    charge.provider_id = charge.provider_id or found.provider_id or None
    charge.action_url = found.action_url or charge.action_url
    session.add(charge)
    event = _EVENTS.get(found.state)
    if event is None or not CHARGES.allows(PaymentState(charge.state), event, Party.SYSTEM):
        return
    values: dict[str, Any] = {"failure": found.failure}
    if event is not PaymentEvent.CHALLENGE:
        values["settled_at"] = at
    move(session, CHARGES, charge, event, Party.SYSTEM, actor=SYSTEM, at=at, **values)
    if event is PaymentEvent.SUCCEED:
        entries.boost(session, charge, at)
        _count(session, subscription, charge, at)
    elif charge.reason == ChargeReason.RENEWAL and not (charge.is_attended and event is PaymentEvent.CHALLENGE):
        _miss(session, subscription, charge, at)


def _count(session: Session, subscription: BoostSubscription, charge: BoostCharge, at: datetime) -> None:
    """Give what was paid for, or leave to operators what came when there was nothing left to pay."""
    event = _LEADS_TO[ChargeReason(charge.reason)]
    is_due = BOOSTS.allows(BoostState(subscription.state), event, Party.SYSTEM)
    if not is_due or (event is BoostEvent.RENEW and charge.starts_on < (subscription.ends_on or charge.starts_on)):
        charge.is_stray = True
        session.add(charge)
        log.error("a charge came when nothing was to be paid", charge_id=charge.id, state=subscription.state)
        return
    boost_cards.use(session, subscription, charge.card_id, at)
    outbox.record(session, BOOST_PAID, [charge.id])
    period: dict[str, Any] = {"plan": charge.plan, "price_cents": charge.price_cents, "anchor_on": charge.anchor_on}
    period |= {"starts_on": charge.starts_on, "ends_on": charge.ends_on, "grace_ends_on": None}
    period |= {"next_plan": None, "next_price_cents": None}
    boosts.move(session, subscription, event, Party.SYSTEM, SYSTEM, at, **period)
    _tell(session, subscription, f"boost_{event}", charge, charge.ends_on, at)


def _miss(session: Session, subscription: BoostSubscription, charge: BoostCharge, at: datetime) -> None:
    """Note that a renewal was not paid, and ask its owner to do something, until the grace is over."""
    if subscription.state == BoostState.ACTIVE and subscription.grace_ends_on:
        boosts.move(session, subscription, BoostEvent.MISS, Party.SYSTEM, SYSTEM, at)
    if subscription.state != BoostState.PAST_DUE or charge.is_attended:
        return
    is_asked = charge.state == PaymentState.CHALLENGE or charge.failure == AUTHENTICATION_NEEDED
    code = "boost_confirm" if is_asked else "boost_missed"
    _tell(session, subscription, code, charge, subscription.grace_ends_on, at)


def _tell(
    session: Session, subscription: BoostSubscription, code: str, charge: BoostCharge, day: date | None, at: datetime
) -> None:
    boosts.tell(session, subscription, code, at=at, key=charge.id, day=day, amount_cents=charge.gross_cents)
