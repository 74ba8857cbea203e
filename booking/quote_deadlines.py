"""Quotes whose last day comes or is over: the client is reminded once a version, then it expires (mission row S15)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from billing import reductions
from booking import quotes
from booking.lifecycle import QUOTES, Party, QuoteEvent, QuoteState
from booking.models.quotes import Quote
from booking.thread_lines import Line
from foundation import audits, lifecycles
from foundation.database import Database

REMINDED_BEFORE = timedelta(days=3)
_WAITING = [state.value for state in quotes.UNDER_STUDY]


def look_after(database: Database, at: datetime) -> None:
    """Expire what is over, and remind of what soon will be. May be repeated: whoever was told is not told again."""
    today = at.date()
    near = select(col(Quote.id)).where(
        col(Quote.state).in_(_WAITING), col(Quote.valid_until) <= today + REMINDED_BEFORE
    )
    with database.reading() as session:
        ids = list(session.execute(near.order_by(col(Quote.id))).scalars())
    for quote_id in ids:
        with database.writing() as session:
            quote = session.get_one(Quote, quote_id, with_for_update=True)
            if quote.state not in _WAITING or quote.valid_until is None:
                continue
            key = f"{quote.id} {quote.latest_version}"
            if quote.valid_until >= today:
                is_reminded = quote.series_id is not None and quote.state == QuoteState.SENT
                # Of months that wait `booking.series_reminders` reminds, both sides, before they begin.
                if not is_reminded and quote.sent_at and quote.sent_at.date() + REMINDED_BEFORE < today:
                    quotes.tell_client(session, quote, "quote_expiring", key=key, at=at)
                continue
            lifecycles.move(
                session, QUOTES, quote, QuoteEvent.EXPIRE, Party.SYSTEM, actor=audits.SYSTEM, at=at,
                decided_at=at, changed_at=at,
            )  # fmt: skip
            if quote.accepted_version is None:
                reductions.give_back(session, quote.id, at)
            quotes.say(session, quote, Line.QUOTE_EXPIRED, at=at)
            quotes.tell_client(session, quote, "quote_expired", key=key, at=at)
            quotes.tell_expert(session, quote, "own_quote_expired", key=key, at=at)
