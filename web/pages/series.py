"""A series' page and its place in lists: the months with their states and sums, and the one thing to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from booking import funds, quote_forms, quotes, series_checks, series_plans, series_rows, series_stops
from booking.lifecycle import SERIES, Party, QuoteState, SeriesEvent, SeriesState
from booking.models.missions import Series
from booking.models.quotes import Quote, QuoteKind
from booking.news import BUYERS
from booking.series import Figures, mark
from booking.series_plans import Plan
from booking.series_rows import Month
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, long_date, message, translate
from web.pages import quotes as quote_pages
from web.pages.mission_steps import next_step, waits_for

_STATES = {
    SeriesState.DRAFT: message("Draft"),
    SeriesState.OPEN: message("Running"),
    SeriesState.STOPPED: message("Stopped"),
    SeriesState.ENDED: message("Ended"),
}
_PARTS = {"days": "days", "item": "items", "step": "roadmap", "day": "day_rate_cents", "client": "client", "own": "tax"}
"""Parts of a quote by how the fields of its editor begin."""
_NEEDS = ("identity", "mandate")
"""What all months need, said once."""
OVER = (QuoteState.DECLINED, QuoteState.WITHDRAWN, QuoteState.CANCELLED)


@dataclass(frozen=True, slots=True)
class View:
    """All that a series' page shows, read in one transaction."""

    series: Series
    party: Party
    may_act: bool
    counterpart: str
    months: Sequence[Month]
    lines: Sequence[dict[str, Any]]


def read(session: Session, who: SignedIn, series_id: str, language: Language, *, at: datetime) -> View:
    """Read a series for one of its sides, or an operator; raise NotFound."""
    series, party = series_rows.seen_by(session, who, series_id)
    months = series_rows.shown(series_rows.months(session, series.id), party)
    may_act = party is Party.EXPERT or (party is Party.CLIENT and who.role in BUYERS)
    lines = [_line(session, series, months, month, party, language, at) for month in months]
    return View(series, party, may_act, counterpart_of(session, series, months, party), months, lines)


def context(
    view: View,
    language: Language,
    *,
    figures: Mapping[str, Figures],
    month_faults: Mapping[str, Sequence[Fault]],
    form: Mapping[str, str],
    faults: Mapping[str, str],
) -> dict[str, Any]:
    """Return what the page shows; `figures` and `month_faults` are of drafts, by their quotes' ids."""
    series, party = view.series, view.party
    state = SeriesState(series.state)
    waiting = [month for month in view.months if month.state is QuoteState.DRAFT]
    return {
        "series": series,
        "party": party.value,
        "may_act": view.may_act,
        "counterpart": view.counterpart,
        "state": state_name(series, language),
        "lines": view.lines,
        "next": next((line for line in view.lines if line["is_next"]), None),
        "sums": _sums(view.months),
        "drafts": waiting,
        "mark": mark(waiting),
        "figures": figures,
        "month_faults": {
            quote_id: [(part_of(fault.field, language), fault.message) for fault in found if fault.field not in _NEEDS]
            for quote_id, found in month_faults.items()
        },
        "may_extend": party is Party.EXPERT
        and (state is SeriesState.DRAFT or SERIES.allows(state, SeriesEvent.EXTEND, party)),
        "stoppable": _stoppable(view),
        "form": form,
        "faults": dict(faults),
    }


def state_name(series: Series, language: Language) -> str:
    """Return how far a series is, in words."""
    if series.stops_after:
        return translate(language, message("Stopped after %(day)s"), day=long_date(series.stops_after, language))
    return translate(language, _STATES[SeriesState(series.state)])


def counterpart_of(session: Session, series: Series, months: Sequence[Month], party: Party) -> str:
    """Return whom a side of a series has to do with; an operator is told both."""
    expert = session.get(Expert, series.expert_id)
    client = session.get(Client, series.client_id) if series.client_id else None
    names = {
        Party.EXPERT: client.name if client else months[0].quote.client_name if months else "",
        Party.CLIENT: expert.name if expert else "",
    }
    return names.get(party) or " · ".join(name for name in reversed(names.values()) if name)


def listed(session: Session, who: SignedIn, language: Language, *, at: datetime) -> list[dict[str, Any]]:
    """Return somebody's series for a list, the latest first."""
    is_theirs = (
        col(Series.expert_id) == who.expert_id
        if who.expert_id
        else (col(Series.client_id) == who.client_id) & (col(Series.state) != SeriesState.DRAFT.value)
    )
    found = session.execute(select(Series).where(is_theirs).order_by(col(Series.made_at).desc(), col(Series.id)))
    rows: list[dict[str, Any]] = []
    for series in found.scalars():
        view = read(session, who, series.id, language, at=at)
        coming = next((line for line in view.lines if line["is_next"]), None)
        rows.append(
            {
                "series": series,
                "counterpart": view.counterpart,
                "state": state_name(series, language),
                "signed": len([month for month in view.months if month.signed and month.state not in OVER]),
                "count": len([month for month in view.months if month.state not in OVER]),
                "next": coming,
            }
        )
    return rows


def of_month(
    session: Session, series_id: str | None, quote_id: str, party: Party, language: Language, *, at: datetime
) -> dict[str, Any] | None:
    """Return where a month stands in its series, for its quote's and its mission's page; None for what is no month."""
    if series_id is None:
        return None
    months = series_rows.shown(series_rows.months(session, series_id), party)
    place = next(place for place, month in enumerate(months) if month.quote.id == quote_id)
    month = months[place]
    fault = None
    if month.state is QuoteState.SENT and month.latest:
        fault = series_checks.why_not(session, month.quote, month.latest, at, language)
    return {
        "series_id": series_id,
        "place": place + 1,
        "count": len(months),
        "previous": _link(months[place - 1], party) if place else None,
        "next": _link(months[place + 1], party) if place + 1 < len(months) else None,
        "obstacle": fault.message if fault else "",
    }


def advice(quote: Quote) -> dict[str, Any] | None:
    """Return whether a draft is so long that months are advised; None for what can't be divided."""
    if quote.series_id or quote.state != QuoteState.DRAFT:
        return None
    first, last = (series_plans.day_of(quote.draft, name) for name in ("starts_on", "ends_on"))
    is_long = bool(first and last and first <= last and series_plans.is_advised(first, last))
    return {"is_long": is_long}


def proposed_plan(quote: Quote, today: date) -> dict[str, str]:
    """Return what the form for months says to begin with."""
    first, last = (series_plans.day_of(quote.draft, name) for name in ("starts_on", "ends_on"))
    found = advice(quote)
    is_long = bool(found and found["is_long"])
    count = min(series_plans.months_between(first, last), series_plans.MOST_MONTHS) if first and last and is_long else 3
    begins = first if first and first > today else today + series_plans.DAY
    return {"count": str(count), "first": begins.isoformat(), "lines": "whole" if is_long else "each"}


def lacking(quote: Quote, language: Language, today: date) -> list[str]:
    """Return the parts of a draft that each of its months would lack: better written once, before it is divided."""
    proposed = proposed_plan(quote, today)
    plan = Plan(1, date.fromisoformat(proposed["first"]))
    [form] = series_plans.forms(quote.draft, str(quote.draft.get("title", "")), plan, language)
    try:
        quote_forms.read(form, language, kind=QuoteKind.MONTH, mentions={}, today=today, starts_from=today)
    except Invalid as error:
        return list(dict.fromkeys(part_of(fault.field, language) for fault in error.faults))
    return []


def part_of(field: str, language: Language) -> str:
    """Return what the part of a quote is called that a field of its editor belongs to; empty for the whole."""
    part = _PARTS.get(field.partition("_")[0], field)
    return translate(language, quote_pages.PARTS[part]) if part in quote_pages.PARTS else ""


def _line(
    session: Session,
    series: Series,
    months: Sequence[Month],
    month: Month,
    party: Party,
    language: Language,
    at: datetime,
) -> dict[str, Any]:
    """Return a month as its page lists it."""
    mission, today = month.mission, series_checks.day_of(at)
    label, kind, is_next = quote_pages.state_name(month.quote, language), f"quote-{month.quote.state}", False
    if mission:
        label = translate(language, next_step(mission, party, funds.lacking_cents(session, mission)).title)
        kind, is_next = mission.state, party in waits_for(mission, today)
    elif party is Party.CLIENT and month.state is QuoteState.SENT and month.latest:
        is_next = series_checks.obstacle(series, months, month.quote, month.latest, today) is None
    version = month.version
    return {
        "month": month,
        "title": quotes.title_of(month.quote, version),
        "state": label,
        "kind": kind,
        "link": _link(month, party),
        "is_next": is_next,
        "is_over": month.state in OVER,
        "may_ask": party is Party.CLIENT and month.state is QuoteState.EXPIRED and series.state != SeriesState.STOPPED,
    }


def _link(month: Month, party: Party) -> str:
    """Return where a side reads a month; operators read missions alone."""
    if month.mission:
        return f"/missions/{month.mission.id}"
    if party is Party.OPERATOR:
        return ""
    return f"/quotes/{month.quote.id}{'/edit' if month.latest is None else ''}"


def _sums(months: Sequence[Month]) -> list[tuple[str, int, int]]:
    """Return for each currency what is signed, and what waits for an answer, tax included."""
    found: dict[str, tuple[int, int]] = {}
    for month in months:
        version = month.version
        if version is None or month.state not in series_rows.LIVE:
            continue
        signed, waiting = found.get(version.currency, (0, 0))
        if month.signed:
            signed += version.gross_cents
        else:
            waiting += version.gross_cents
        found[version.currency] = (signed, waiting)
    return [(currency, *sums) for currency, sums in found.items()]


def _stoppable(view: View) -> list[Month]:
    if not view.may_act or not SERIES.allows(SERIES.state(view.series.state), SeriesEvent.STOP, view.party):
        return []
    return series_stops.stoppable(view.series, view.months)
