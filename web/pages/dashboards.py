"""An expert's dashboard (mission row S6): the figures that matter at a glance, each leading on to its page."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, Protocol

from babel.dates import format_date
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import audience_days, audience_spans
from accounts.audience_days import ZONE
from accounts.audience_spans import Counts, Span
from accounts.models.experts import Expert
from booking.lifecycle import QuoteState
from booking.models.quotes import Quote
from foundation.i18n import Language
from web import charts

DAYS = 30


class Money(Protocol):
    """What an expert earned."""

    received_cents: list[int]
    """Received in each of the last twelve months, the oldest first."""
    released_cents: int
    """Released, and not paid out yet."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """How many of an expert's quotes wait for their client, and how many are signed; an amended one is both."""

    under_study: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All that the dashboard shows."""

    expert: Expert
    days: list[Span]
    before: Counts
    money: Money | None
    quotes: Quotes | None
    """None where no quote was sent yet."""


def quotes_of(session: Session, expert_id: str) -> Quotes | None:
    """Count an expert's quotes; None where none was sent yet."""
    statement = (
        select(col(Quote.state), func.count())
        .where(col(Quote.expert_id) == expert_id, col(Quote.latest_version) > 0)
        .group_by(col(Quote.state))
    )
    counts = {row[0]: row[1] for row in session.execute(statement)}
    amended = counts.get(QuoteState.AMENDED, 0)
    under_study, accepted = (counts.get(state, 0) + amended for state in (QuoteState.SENT, QuoteState.ACCEPTED))
    return Quotes(under_study, accepted) if counts else None


def figures(session: Session, expert_id: str, now: datetime) -> Money | None:
    """Return what an expert earned; None while missions can't be booked here."""
    del session, expert_id, now
    return None


def read(session: Session, expert: Expert, now: datetime) -> Dashboard:
    """Read an expert's figures."""
    today = now.astimezone(ZONE).date()
    first = today - timedelta(days=2 * DAYS - 1)
    days = audience_spans.days(audience_days.by_day(session, expert.id, first, today), first, today)
    return Dashboard(
        expert,
        days[DAYS:],
        audience_spans.total(days[:DAYS]),
        figures(session, expert.id, now),
        quotes_of(session, expert.id),
    )


def context(found: Dashboard, language: Language) -> dict[str, Any]:
    """Return what the page shows."""
    total = audience_spans.total(found.days)
    return {
        "expert": found.expert,
        "days": DAYS,
        "cards": [_card(name, total, found) for name in ("impressions", "views")],
        "revenue": _revenue(found.money, found.days[-1].last, language) if found.money else None,
        "quotes": found.quotes,
    }


def _card(name: str, total: Counts, found: Dashboard) -> dict[str, Any]:
    return {
        "name": name,
        "count": getattr(total, name),
        "before": getattr(found.before, name),
        "line": charts.line([getattr(day.total, name) for day in found.days]),
    }


def _revenue(money: Money, today: date, language: Language) -> dict[str, Any]:
    """Return what was received in the last months, put together from month to month, in whole euros."""
    euros = [cents // 100 for cents in accumulate(money.received_cents)]
    line = charts.line(euros)
    ago = [len(euros) - 1 - label.at for label in line.labels]
    months = [date(today.year + (today.month - 1 - back) // 12, (today.month - 1 - back) % 12 + 1, 1) for back in ago]
    said = [format_date(month, "MMM y", locale=language) for month in months]
    return {
        "euros": euros[-1],
        "released_euros": money.released_cents // 100,
        "line": line,
        "labels": list(zip(line.labels, said, strict=True)),
    }
