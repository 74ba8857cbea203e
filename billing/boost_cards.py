"""The cards of Boost subscriptions: typed at the provider, kept there, and dropped when not needed any more."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.events import BOOST_CARD_DROPPED
from billing.models.boosts import BoostCard, BoostSubscription
from billing.providers.interface import Subscription
from foundation import outbox
from foundation.errors import NotFound


def begin(session: Session, subscription: BoostSubscription, provider: str, *, at: datetime) -> BoostCard:
    """Return a card that is to be typed for a subscription that was taken: the one that waits for it, or a new one."""
    is_it = (
        col(BoostCard.subscription_id) == subscription.id,
        col(BoostCard.provider) == provider,
        col(BoostCard.typed_at).is_(None),
        col(BoostCard.dropped_at).is_(None),
    )
    found = session.execute(select(BoostCard).where(*is_it).order_by(col(BoostCard.id)).limit(1)).scalar_one_or_none()
    if found is None:
        found = BoostCard(subscription_id=subscription.id, provider=provider, made_at=at)
        session.add(found)
        session.flush()
    return found


def of_expert(session: Session, expert_id: str, card_id: str) -> tuple[BoostCard, BoostSubscription]:
    """Return a card of an expert with its subscription; raise NotFound."""
    found = session.get(BoostCard, card_id)
    subscription = session.get(BoostSubscription, found.subscription_id) if found else None
    if found is None or subscription is None or subscription.expert_id != expert_id:
        raise NotFound("there is no such card")
    return found, subscription


def note_form(session: Session, card_id: str, form_id: str) -> None:
    """Note where the provider has a card typed."""
    found = session.get_one(BoostCard, card_id, with_for_update=True)
    found.form_id = found.form_id or form_id


def refuse(session: Session, card_id: str, at: datetime) -> None:
    """Note that a card could not be kept: another one has to be typed."""
    found = session.get_one(BoostCard, card_id, with_for_update=True)
    if found.typed_at is None:
        found.dropped_at = found.dropped_at or at


def note_typed(session: Session, card_id: str, allowed: Subscription, at: datetime) -> BoostCard:
    """Note that a card was typed, and what allows charges of it."""
    found = session.get_one(BoostCard, card_id, with_for_update=True)
    found.provider_subscription_id = found.provider_subscription_id or allowed.provider_id
    found.subscription_state = allowed.state.value
    found.typed_at = found.typed_at or at
    session.flush()
    return found


def take_in(session: Session, provider: str, allowed: Subscription) -> None:
    """Note whether a card can be charged, as its provider says; of cards that are nobody's nothing is noted."""
    is_it = (col(BoostCard.provider) == provider, col(BoostCard.provider_subscription_id) == allowed.provider_id)
    found = session.execute(select(BoostCard).where(*is_it).with_for_update()).scalar_one_or_none()
    if found is not None:
        found.subscription_state = allowed.state.value


def use(session: Session, subscription: BoostSubscription, card_id: str, at: datetime) -> None:
    """Charge a card from now on, and no other one."""
    subscription.card_id = card_id
    session.add(subscription)
    drop_all(session, subscription.id, at, but=card_id)


def drop_all(session: Session, subscription_id: str, at: datetime, *, but: str = "") -> None:
    """Have a subscription's cards charged no more, but for one."""
    is_it = (col(BoostCard.subscription_id) == subscription_id, col(BoostCard.id) != but)
    statement = select(BoostCard).where(*is_it, col(BoostCard.dropped_at).is_(None)).order_by(col(BoostCard.id))
    for card in session.execute(statement.with_for_update()).scalars():
        card.dropped_at = at
        if card.provider_subscription_id:
            outbox.record(session, BOOST_CARD_DROPPED, [card.id])
