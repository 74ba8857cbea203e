"""What ends with somebody who is erased: offers and quotes that wait for an answer, and a Boost that is paid.

The other side is told. Who has left is not named: mails outlast the erasure for a while.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import boosts, reductions
from booking import news, quotes
from booking.lifecycle import QUOTES, OfferState, Party, QuoteEvent, QuoteState
from booking.models.quotes import Quote, QuoteVersion
from booking.models.sheets import Offer, Sheet
from foundation import audits, lifecycles


def end_all(session: Session, *, experts: Collection[str], clients: Collection[str], at: datetime) -> None:
    """End what is open with experts and clients who are being erased, and tell the other sides; offers go with them."""
    is_theirs = or_(col(Quote.expert_id).in_(experts), col(Quote.client_id).in_(clients))
    waiting = select(Quote).where(is_theirs, col(Quote.state) == QuoteState.SENT.value).order_by(col(Quote.id))
    for quote in session.execute(waiting.with_for_update()).scalars().all():
        lifecycles.move(
            session, QUOTES, quote, QuoteEvent.WITHDRAW, Party.SYSTEM, actor=audits.SYSTEM, at=at,
            decided_at=at, changed_at=at,
        )  # fmt: skip
        reductions.give_back(session, quote.id, at)
        title = quotes.title_of(quote, session.get(QuoteVersion, (quote.id, quote.latest_version)))
        path = f"/quotes/{quote.id}"
        if quote.client_id in clients:
            news.tell_expert(session, quote.expert_id, "client_gone", key=quote.id, at=at, title=title, path=path)
        elif quote.client_id:
            news.tell_client(session, quote.client_id, "expert_gone", key=quote.id, at=at, title=title, path=path)
    boosts.leave(session, experts, at)
    for offer, sheet in _open_offers(session, clients):
        path = "/my/dashboard"
        news.tell_expert(session, offer.expert_id, "client_gone", key=offer.id, at=at, title=sheet.title, path=path)


def _open_offers(session: Session, clients: Collection[str]) -> list[tuple[Offer, Sheet]]:
    is_open = col(Offer.state).in_([OfferState.SENT.value, OfferState.SEEN.value])
    joined = select(Offer, Sheet).join(Sheet, col(Sheet.id) == col(Offer.sheet_id))
    statement = joined.where(col(Offer.client_id).in_(clients), is_open).order_by(col(Offer.id))
    return [(offer, sheet) for offer, sheet in session.execute(statement)]
