"""Who sees a quote, whether it may still change, and how it ends by somebody's will (mission rows S14, S15).

It begins in `booking.quote_drafts`, is sent by `booking.quote_versions`, comes due in `booking.quote_deadlines`; the
client's answer is `booking.signatures`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from billing import reductions
from booking import missions, news, series_rows, threads
from booking.lifecycle import QUOTES, MissionState, Party, QuoteEvent, QuoteState
from booking.missions import Frozen
from booking.models.missions import Mission
from booking.models.quotes import Quote, QuoteVersion
from booking.thread_lines import Line
from foundation import audits, lifecycles
from foundation.errors import Conflict, NotFound
from foundation.lifecycles import Refused

KIND = "quote"
UNDER_STUDY = (QuoteState.SENT, QuoteState.AMENDED)
ACCEPTED = (QuoteState.ACCEPTED, QuoteState.AMENDED)


class NeedsRefund(Conflict):
    """The mission is paid for: it ends by agreeing on a refund, or by being carried out (S25)."""


def withdraw(session: Session, who: SignedIn, quote_id: str, *, at: datetime) -> None:
    """Take back what waits for the client: the quote, or the amendment of a signed one, which then stands."""
    quote = take(session, who, quote_id)
    lifecycles.move(
        session, QUOTES, quote, QuoteEvent.WITHDRAW, Party.EXPERT, actor=who.actor, at=at, decided_at=at, changed_at=at
    )
    if quote.accepted_version is None:
        reductions.give_back(session, quote.id, at)
    audits.record(session, who.actor, "withdrew_quote", KIND, quote.id, at=at, version=quote.latest_version)
    say(session, quote, Line.QUOTE_WITHDRAWN, at=at)
    tell_client(session, quote, "quote_withdrawn", key=f"{quote.id} {quote.latest_version}", at=at)


def cancel(session: Session, who: SignedIn, quote_id: str, reason: str, *, at: datetime) -> None:
    """End a signed quote, for either side, with its mission; raise NeedsRefund where that is paid for, else Frozen."""
    quote = seen_by(session, who, quote_id)
    party = Party.EXPERT if quote.expert_id == who.expert_id else Party.CLIENT
    QUOTES.after(QUOTES.state(quote.state), QuoteEvent.CANCEL, party)
    mission = missions.of_quote(session, quote_id)
    if mission.state != MissionState.AWAITING_FUNDS:
        missions.require_changeable(mission)
        raise NeedsRefund("the mission is paid for")
    missions.cancel(session, who, mission.id, at=at, reason=reason)


def get(session: Session, who: SignedIn, quote_id: str) -> Quote:
    """Return a quote of an expert's own; raise NotFound."""
    found = find(session, quote_id)
    if found is None or found.expert_id != who.expert_id:
        raise NotFound("there is no such quote")
    return found


def take(session: Session, who: SignedIn, quote_id: str) -> Quote:
    """Return the same for whoever goes on to change it: others wait, also for any other month of its series."""
    found = get(session, who, quote_id)
    if found.series_id:
        series_rows.hold(session, found.series_id)
    return session.get_one(Quote, quote_id, with_for_update=True, populate_existing=True)


def seen_by(session: Session, who: SignedIn, quote_id: str) -> Quote:
    """Return a quote to either of its sides: the client sees it once it was sent; raise NotFound."""
    found = find(session, quote_id)
    is_experts = found is not None and who.expert_id is not None and found.expert_id == who.expert_id
    is_clients = found is not None and who.client_id is not None and found.client_id == who.client_id
    if found is None or not (is_experts or (is_clients and found.latest_version > 0)):
        raise NotFound("there is no such quote")
    return found


def find(session: Session, quote_id: str) -> Quote | None:
    """Return a quote by what an address names it, whatever that is."""
    return None if "\0" in quote_id else session.get(Quote, quote_id)


def of_expert(session: Session, who: SignedIn) -> Sequence[Quote]:
    """Return an expert's quotes, the last changed first."""
    statement = select(Quote).where(col(Quote.expert_id) == expert_of(who))
    return session.execute(statement.order_by(col(Quote.changed_at).desc(), col(Quote.id))).scalars().all()


def of_client(session: Session, who: SignedIn) -> Sequence[Quote]:
    """Return the quotes that were sent to somebody's client, the last changed first."""
    statement = select(Quote).where(col(Quote.client_id) == who.client_id, col(Quote.latest_version) > 0)
    return session.execute(statement.order_by(col(Quote.changed_at).desc(), col(Quote.id))).scalars().all()


def mission_of(session: Session, quote_id: str) -> Mission | None:
    """Return what carries a quote out."""
    return session.execute(select(Mission).where(col(Mission.quote_id) == quote_id)).scalar_one_or_none()


def check_may_change(session: Session, quote: Quote) -> None:
    """Raise Refused where no other version may be sent in this state, Frozen where the work is done."""
    event = QuoteEvent.SEND if quote.state == QuoteState.DRAFT else QuoteEvent.AMEND
    QUOTES.after(QUOTES.state(quote.state), event, Party.EXPERT)
    mission = mission_of(session, quote.id)
    if mission:
        missions.require_changeable(mission)


def why_fixed(session: Session, quote: Quote) -> Conflict | None:
    """Return why no other version may be sent; None where one may."""
    try:
        check_may_change(session, quote)
    except (Refused, Frozen) as error:
        return error
    return None


def title_of(quote: Quote, version: QuoteVersion | None) -> str:
    """Return what a quote is called: as it was sent last, or as the draft calls it."""
    return str(version.content["title"] if version else quote.draft.get("title", ""))


def versions(session: Session, quote_id: str) -> Sequence[QuoteVersion]:
    """Return what was sent, the first first."""
    statement = select(QuoteVersion).where(col(QuoteVersion.quote_id) == quote_id)
    return session.execute(statement.order_by(col(QuoteVersion.number))).scalars().all()


def latest_versions(session: Session, quotes: Collection[Quote]) -> dict[str, QuoteVersion]:
    """Return the latest version of each quote that was sent, by the quote's id."""
    is_latest = and_(col(QuoteVersion.quote_id) == col(Quote.id), col(QuoteVersion.number) == col(Quote.latest_version))
    ids = [quote.id for quote in quotes]
    statement = select(QuoteVersion).join(Quote, is_latest).where(col(Quote.id).in_(ids))
    return {version.quote_id: version for version in session.execute(statement).scalars()}


def tell_client(session: Session, quote: Quote, code: str, *, key: str, at: datetime, note: str = "") -> None:
    """Mail the client's people about a quote that was sent; nobody where there is no account yet."""
    if quote.client_id is None:
        return
    expert = session.get(Expert, quote.expert_id)
    told: dict[str, Any] = {**_news(session, quote), "counterpart": expert.name if expert else "", "note": note}
    news.tell_client(session, quote.client_id, code, key=key, at=at, **told)


def tell_expert(session: Session, quote: Quote, code: str, *, key: str, at: datetime, note: str = "") -> None:
    """Mail the expert about a quote that was sent."""
    told = {**_news(session, quote), "counterpart": counterpart_of(session, quote), "note": note}
    news.tell_expert(session, quote.expert_id, code, key=key, at=at, **told)


def say(session: Session, quote: Quote, line: Line, *, at: datetime) -> None:
    """Have the thread of the two sides say what happened; there is none yet with somebody without account."""
    if quote.client_id:
        thread = threads.between(session, quote.client_id, quote.expert_id, at=at)
        title = title_of(quote, session.get(QuoteVersion, (quote.id, quote.latest_version)))
        threads.say(session, thread.id, line, title=title, path=f"/quotes/{quote.id}", at=at)


def counterpart_of(session: Session, quote: Quote) -> str:
    """Return what the client of a quote is called."""
    client = session.get(Client, quote.client_id) if quote.client_id else None
    return client.name if client else quote.client_name


def expert_of(who: SignedIn) -> str:
    """Return as which expert somebody acts; raise NotFound."""
    if who.expert_id is None:
        raise NotFound("quotes are made by experts")
    return who.expert_id


def _news(session: Session, quote: Quote) -> dict[str, Any]:
    version = session.get_one(QuoteVersion, (quote.id, quote.latest_version))
    return {
        "path": f"/quotes/{quote.id}",
        "title": version.content["title"],
        "number": quote.number,
        "day": quote.valid_until,
        "amount_cents": version.gross_cents,
        "currency": version.currency,
    }
