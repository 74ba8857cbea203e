"""An expert's dashboard (mission row S6): the figures that matter at a glance, each leading on to its page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

from babel.dates import format_date
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import audience_days, audience_spans
from accounts.audience_days import ZONE
from accounts.audience_spans import Counts, Span
from accounts.models.experts import Expert
from billing import revenues, tax_details
from billing.revenues import Month, Revenue
from booking import agreed_commissions
from booking.lifecycle import QuoteState
from booking.models.quotes import Quote
from foundation.i18n import Language
from web import charts
from web.rendering import money

DAYS = 30


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
    revenues: list[Revenue]
    """What was earned, in each currency; none where nothing was released yet."""
    quotes: Quotes | None
    """None where no quote was sent yet."""
    wants_tax_details: bool = False
    """They were asked for, and not given."""


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


def read(session: Session, expert: Expert, now: datetime) -> Dashboard:
    """Read an expert's figures."""
    today = now.astimezone(ZONE).date()
    first = today - timedelta(days=2 * DAYS - 1)
    days = audience_spans.days(audience_days.by_day(session, expert.id, first, today), first, today)
    return Dashboard(
        expert,
        days[DAYS:],
        audience_spans.total(days[:DAYS]),
        revenues.by_currency(revenues.releases(session, expert.id, agreed_commissions.of), today),
        quotes_of(session, expert.id),
        tax_details.are_wanted(session, expert.id),
    )


def context(found: Dashboard, language: Language) -> dict[str, Any]:
    """Return what the page shows."""
    total = audience_spans.total(found.days)
    return {
        "expert": found.expert,
        "days": DAYS,
        "cards": [_card(name, total, found) for name in ("impressions", "views")],
        "revenues": [_revenue(revenue, language) for revenue in found.revenues],
        "quotes": found.quotes,
        "wants_tax_details": found.wants_tax_details,
    }


def _card(name: str, total: Counts, found: Dashboard) -> dict[str, Any]:
    return {
        "name": name,
        "count": getattr(total, name),
        "before": getattr(found.before, name),
        "line": charts.line([getattr(day.total, name) for day in found.days]),
    }


def _revenue(revenue: Revenue, language: Language) -> dict[str, Any]:
    """Return what was received and waits, month by month, with its chart in whole units of the currency."""
    stacks = [(month.received_cents // 100, month.waiting_cents // 100) for month in revenue.months]
    cumulated = accumulate(month.received_cents for month in revenue.months)
    said = [format_date(month.first, "MMM y", locale=language) for month in revenue.months]
    chart = charts.bars(stacks)
    return {
        "currency": revenue.currency,
        "received_cents": revenue.received_cents,
        "waiting_cents": revenue.waiting_cents,
        "chart": chart,
        "labels": [(label, said[label.at]) for label in chart.labels],
        "titles": [
            _bar_title(name, month, revenue, language) for name, month in zip(said, revenue.months, strict=True)
        ],
        "rows": list(zip(said, revenue.months, cumulated, strict=True)),
    }


def _bar_title(name: str, month: Month, revenue: Revenue, language: Language) -> str:
    amounts = (month.received_cents, month.waiting_cents)
    said = [money(Decimal(cents) / 100, revenue.currency, language) for cents in amounts]
    return f"{name}: {' + '.join(said)}"
