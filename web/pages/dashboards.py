"""An expert's dashboard (mission row S6): the figures that matter at a glance, each leading on to its page."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, Protocol

from babel.dates import format_date
from sqlalchemy.orm import Session

from accounts import audience_days, audience_spans
from accounts.audience_days import ZONE
from accounts.audience_spans import Counts, Span
from accounts.models.experts import Expert
from foundation.i18n import Language
from web import charts

DAYS = 30


class Money(Protocol):
    """What an expert earned and may earn."""

    received_cents: list[int]
    """Received in each of the last twelve months, the oldest first."""
    released_cents: int
    """Released, and not paid out yet."""
    quotes_under_study: int
    quotes_accepted: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All that the dashboard shows."""

    expert: Expert
    days: list[Span]
    before: Counts
    money: Money | None


def figures(session: Session, expert_id: str, now: datetime) -> Money | None:
    """Return what an expert earned; None while missions can't be booked here."""
    del session, expert_id, now
    return None


def read(session: Session, expert: Expert, now: datetime) -> Dashboard:
    """Read an expert's figures."""
    today = now.astimezone(ZONE).date()
    first = today - timedelta(days=2 * DAYS - 1)
    days = audience_spans.days(audience_days.by_day(session, expert.id, first, today), first, today)
    return Dashboard(expert, days[DAYS:], audience_spans.total(days[:DAYS]), figures(session, expert.id, now))


def context(found: Dashboard, language: Language) -> dict[str, Any]:
    """Return what the page shows."""
    total = audience_spans.total(found.days)
    return {
        "expert": found.expert,
        "days": DAYS,
        "cards": [_card(name, total, found) for name in ("impressions", "views")],
        "revenue": _revenue(found.money, found.days[-1].last, language) if found.money else None,
        "quotes": found.money,
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
