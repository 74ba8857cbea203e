"""The operator's desk: offers to profiles that nobody has claimed. Whoever claims one finds its offers there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Account, Client
from accounts.models.experts import Expert
from booking import offers
from booking.lifecycle import OFFERS, OfferEvent, Party
from booking.models.sheets import Offer, Sheet
from booking.offer_rules import OPEN, Refusal
from foundation.audits import Actor
from foundation.errors import NotFound
from foundation.lifecycles import move


class Case(NamedTuple):
    """An offer that goes through the operator, with what it is about."""

    offer: Offer
    sheet: Sheet
    client: Client
    expert: Expert


_HAS_NO_OWNER = ~exists().where(col(Account.expert_id) == col(Offer.expert_id))


def waiting(session: Session, at: datetime, *, limit: int) -> list[Case]:
    """Return the offers that wait for a profile without an owner, those that end first at the top."""
    first = (col(Offer.expires_at), col(Offer.id))
    statement = _cases(col(Offer.state).in_(sorted(OPEN)), col(Offer.expires_at) > at).order_by(*first).limit(limit)
    return [Case(*row) for row in session.execute(statement)]


def count_waiting(session: Session, at: datetime) -> int:
    """Count what waits."""
    waits = (col(Offer.state).in_(sorted(OPEN)), col(Offer.expires_at) > at)
    return session.execute(select(func.count()).select_from(Offer).where(_HAS_NO_OWNER, *waits)).scalar_one()


def get(session: Session, offer_id: str) -> Case:
    """Return an offer to a profile without an owner; raise NotFound for all others: those are between two sides."""
    found = None if "\0" in offer_id else session.execute(_cases(col(Offer.id) == offer_id)).one_or_none()
    if found is None:
        raise NotFound("there is no such offer for the operator")
    return Case(*found)


def are_through_operator(session: Session, expert_ids: Sequence[str]) -> set[str]:
    """Return those of some experts whose offers go through the operator."""
    owned = select(col(Account.expert_id)).where(col(Account.expert_id).in_(list(expert_ids)))
    return set(expert_ids) - set(session.execute(owned).scalars())


def note_passed_on(session: Session, offer_id: str, actor: Actor, *, at: datetime) -> None:
    """Note that the expert was told of an offer by other ways; raise Refused where it no longer waits."""
    get(session, offer_id)
    offer, _ = offers.take(session, offer_id)
    offers.check_time(offer, at)
    move(session, OFFERS, offer, OfferEvent.SEE, Party.OPERATOR, actor=actor, at=at, seen_at=at)


def refuse(session: Session, offer_id: str, refusal: Refusal, actor: Actor, *, at: datetime) -> None:
    """Note that the expert refuses, and tell the client."""
    get(session, offer_id)
    offer, sheet = offers.take(session, offer_id)
    offers.say_no(session, sheet, offer, refusal, Party.OPERATOR, actor, at=at)


def _cases(*conditions: Any) -> Any:
    return (
        select(Offer, Sheet, Client, Expert)
        .join(Sheet, col(Sheet.id) == col(Offer.sheet_id))
        .join(Client, col(Client.id) == col(Offer.client_id))
        .join(Expert, col(Expert.id) == col(Offer.expert_id))
        .where(_HAS_NO_OWNER, *conditions)
    )
