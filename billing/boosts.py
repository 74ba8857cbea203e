"""Boost subscriptions: beginning, changing and ending one; search hears of each change (mission rows S3 and B2).

What depends on money happens in `boost_charges`, what depends on days in `boost_renewals`.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, experts
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from billing import boost_cards, boost_periods
from billing.boost_periods import Due, Paid
from billing.boost_prices import CURRENCY
from billing.lifecycle import BOOSTS, BoostEvent, BoostState, Party, PaymentState
from billing.models.boosts import BoostCharge, BoostSubscription
from billing.provider_states import Period
from foundation import i18n, lifecycles, mails
from foundation.audits import SYSTEM, Actor
from foundation.database import insert, taken
from foundation.errors import Conflict, NotFound
from foundation.mails import Mail

PATH = "/my/boost"
OPEN = (PaymentState.CREATED.value, PaymentState.CHALLENGE.value)


class NotShown(Conflict):
    """A boost would bring nothing: the profile is in no results."""


def subscribe(session: Session, who: SignedIn, plan: Period, price_cents: int, *, at: datetime) -> BoostSubscription:
    """Begin a subscription that awaits its first payment; whoever does so twice has one.

    Raises NotShown, and Conflict where one runs already.
    """
    expert = session.get(Expert, who.expert_id)
    if expert is None or not experts.is_findable(expert):
        raise NotShown("the profile is in no results")
    fresh = BoostSubscription(
        expert_id=expert.id, plan=plan.value, price_cents=price_cents, currency=CURRENCY, made_at=at
    )
    session.execute(insert(session, BoostSubscription).values(**fresh.model_dump()).on_conflict_do_nothing())
    found = of_expert(session, who)
    if found.state != BoostState.AWAITING:
        raise Conflict("a subscription runs already")
    if open_charge(session, found.id) is None:
        found.plan, found.price_cents = plan.value, price_cents
        session.add(found)
    return found


def cancel(session: Session, who: SignedIn, *, at: datetime) -> BoostSubscription:
    """Let a subscription end with what is paid; one whose renewal was missed ends at once.

    Raises Refused, and Conflict while a card is being charged.
    """
    found = of_expert(session, who)
    under_way = open_charge(session, found.id)
    if under_way is not None and under_way.state == PaymentState.CREATED:
        raise Conflict("the card is being charged")
    is_missed = found.state == BoostState.PAST_DUE
    if is_missed:
        end(session, found, BoostEvent.GIVE_UP, Party.EXPERT, who.actor, at)
    else:
        move(session, found, BoostEvent.CANCEL, Party.EXPERT, who.actor, at)
    tell(session, found, "boost_ended" if is_missed else "boost_cancelled", at=at, day=found.ends_on)
    return found


def resume(session: Session, who: SignedIn, *, at: datetime) -> BoostSubscription:
    """Take a cancellation back, before the end; raise Refused, and Conflict where it is too late."""
    found = of_expert(session, who)
    if found.ends_on is None or found.ends_on <= at.date():
        raise Conflict("the subscription is over")
    move(session, found, BoostEvent.RESUME, Party.EXPERT, who.actor, at)
    return found


def choose_next(session: Session, who: SignedIn, plan: Period, price_cents: int) -> None:
    """Have another plan begin with the next renewal, or let it stay; raise Conflict where none is to come."""
    found = of_expert(session, who)
    if found.state != BoostState.ACTIVE or open_charge(session, found.id) is not None:
        raise Conflict("no renewal is to come, or it is under way")
    is_other = plan != found.plan
    found.next_plan, found.next_price_cents = (plan.value, price_cents) if is_other else (None, None)
    session.add(found)


def leave(session: Session, expert_ids: Collection[str], at: datetime) -> None:
    """End the subscriptions of experts who are being erased: nothing is charged any more."""
    is_live = (col(BoostSubscription.expert_id).in_(expert_ids), col(BoostSubscription.state) != BoostState.ENDED.value)
    statement = select(BoostSubscription).where(*is_live).order_by(col(BoostSubscription.id)).with_for_update()
    for found in session.execute(statement).scalars().all():
        end(session, found, BoostEvent.LEAVE, Party.SYSTEM, SYSTEM, at)


def of_expert(session: Session, who: SignedIn) -> BoostSubscription:
    """Return somebody's subscription that is not over, taken; raise NotFound."""
    found = live(session, who.expert_id)
    if found is None:
        raise NotFound("there is no subscription")
    return take(session, found.id)


def live(session: Session, expert_id: str | None) -> BoostSubscription | None:
    """Return an expert's subscription that is not over."""
    is_it = (col(BoostSubscription.expert_id) == expert_id, col(BoostSubscription.state) != BoostState.ENDED.value)
    return session.execute(select(BoostSubscription).where(*is_it)).scalar_one_or_none()


def last_ended(session: Session, expert_id: str) -> BoostSubscription | None:
    """Return the subscription of an expert that ended last, if it was ever paid."""
    was_it = (
        col(BoostSubscription.expert_id) == expert_id,
        col(BoostSubscription.state) == BoostState.ENDED.value,
        col(BoostSubscription.starts_on).is_not(None),
    )
    latest = select(BoostSubscription).where(*was_it).order_by(col(BoostSubscription.ended_at).desc()).limit(1)
    return session.execute(latest).scalar_one_or_none()


def take(session: Session, subscription_id: str) -> BoostSubscription:
    """Return a subscription that nobody else changes before this transaction ends."""
    return taken(session, BoostSubscription, subscription_id)


def open_charge(session: Session, subscription_id: str) -> BoostCharge | None:
    """Return the charge of a subscription that is under way."""
    is_it = (col(BoostCharge.subscription_id) == subscription_id, col(BoostCharge.state).in_(OPEN))
    return session.execute(select(BoostCharge).where(*is_it)).scalar_one_or_none()


def charges_of(session: Session, expert_id: str, *, limit: int = 100) -> Sequence[BoostCharge]:
    """Return an expert's charges, the latest first."""
    statement = select(BoostCharge).where(col(BoostCharge.expert_id) == expert_id)
    latest_first = (col(BoostCharge.made_at).desc(), col(BoostCharge.id))
    return session.execute(statement.order_by(*latest_first).limit(limit)).scalars().all()


def paid_of(subscription: BoostSubscription) -> Paid | None:
    """Return what a subscription has paid last."""
    if subscription.anchor_on is None or subscription.starts_on is None or subscription.ends_on is None:
        return None
    return Paid(
        Period(subscription.plan),
        subscription.price_cents,
        subscription.anchor_on,
        subscription.starts_on,
        subscription.ends_on,
    )


def next_due(subscription: BoostSubscription) -> Due | None:
    """Return what the next renewal charges; None where none is to come."""
    paid = paid_of(subscription)
    if paid is None or subscription.state not in {BoostState.ACTIVE, BoostState.PAST_DUE}:
        return None
    plan = Period(subscription.next_plan or subscription.plan)
    price_cents = subscription.next_price_cents or subscription.price_cents
    return boost_periods.renewal(paid, plan, price_cents)


def move(
    session: Session,
    subscription: BoostSubscription,
    event: BoostEvent,
    party: Party,
    actor: Actor,
    at: datetime,
    **values: Any,
) -> None:
    """Move a subscription that was taken, and tell search until when it is boosted; raise Refused."""
    lifecycles.move(session, BOOSTS, subscription, event, party, actor=actor, at=at, **values)
    until = boost_periods.boosted_until(
        BoostState(subscription.state), subscription.ends_on, subscription.grace_ends_on
    )
    experts.set_paid_boost(session, subscription.expert_id, until)


def end(
    session: Session, subscription: BoostSubscription, event: BoostEvent, party: Party, actor: Actor, at: datetime
) -> None:
    """End a subscription: its cards are not charged any more."""
    move(session, subscription, event, party, actor, at, ended_at=at)
    boost_cards.drop_all(session, subscription.id, at)


def tell(
    session: Session,
    subscription: BoostSubscription,
    code: str,
    *,
    at: datetime,
    key: str = "",
    day: date | None = None,
    amount_cents: int | None = None,
) -> None:
    """Mail an expert what happened to the subscription, in the words of `web.news_texts`."""
    account = accounts.owner_of(session, subscription.expert_id)
    if account is None or not account.email:
        return
    values: dict[str, object] = {"code": code, "name": account.name, "path": PATH}
    values |= {"day": day.isoformat() if day else None, "amount_cents": amount_cents, "currency": subscription.currency}
    mail = Mail(account.email, i18n.known(account.language), "news", values)
    mails.write(session, mail, key=f"{code} {key or at.isoformat()} {subscription.id}", at=at)
