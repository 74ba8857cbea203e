"""What an expert reads about the own audience (mission row S5): figures, a chart of them, where they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from sqlalchemy.orm import Session

from accounts import audience_days, audience_sources, audience_spans, outcomes, similar_audiences
from accounts.audience_days import ZONE
from accounts.audience_sources import FEWEST_VISITORS, Reach, Source
from accounts.audience_spans import Counts, Span
from accounts.audiences import KEPT_FOR
from accounts.models.audiences import VisitorKind
from accounts.models.experts import Expert
from accounts.similar_audiences import Comparison
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from ranking import lifts
from ranking.lifts import Lift
from taxonomy import zones
from taxonomy.wordlists import Wordlists
from web import charts
from web.pages import boosts

Step = Literal["day", "week"]
DAYS = (30, 90, 365)
STEPS: tuple[Step, ...] = ("day", "week")
KINDS = (VisitorKind.COMPANY, VisitorKind.EXPERT, VisitorKind.ANONYMOUS)
"""The kinds of visitors in the order of bars, legend and columns."""
KIND_NAMES = {
    VisitorKind.COMPANY: message("Companies"),
    VisitorKind.EXPERT: message("Other experts"),
    VisitorKind.ANONYMOUS: message("Visitors who have not signed in"),
}
_PERCENT: dict[Language, str] = {"fr": "0.0\u202f%", "en": "0.0%"}
SHORT_NAMES = KIND_NAMES | {VisitorKind.ANONYMOUS: message("Not signed in")}


@dataclass(frozen=True, slots=True)
class Period:
    """The last days up to today, and whether they are shown by day or by week."""

    days: int
    step: Step
    today: date

    @property
    def first(self) -> date:
        """Return the first day."""
        return self.today - timedelta(days=self.days - 1)

    @property
    def single_days(self) -> int:
        """Return for how many days of it searches are known: sums keep none."""
        return min(self.days, KEPT_FOR.days)


@dataclass(frozen=True, slots=True)
class Audience:
    """All that is known of an expert's audience in a period."""

    expert: Expert
    spans: list[Span]
    before: Counts | None
    """The same number of days before it; None where the expert was not here all the time."""
    sources: list[Source]
    lift: Lift | None
    """None where no boost had anything to do with it."""
    similar: Comparison | None


def period_of(days: str, step: str, now: datetime, language: Language) -> Period:
    """Return the period that an address asks for, by default 30 days by day and a year by week; raise Invalid."""
    faults: list[Fault] = []
    if days not in {"", *map(str, DAYS)}:
        faults.append(_no_choice("days", DAYS, language))
    if step not in {"", *STEPS}:
        faults.append(_no_choice("by", STEPS, language))
    if faults:
        raise Invalid(faults)
    length = int(days or DAYS[0])
    chosen: Step = "week" if step == "week" or (not step and length > 90) else "day"
    return Period(length, chosen, now.astimezone(ZONE).date())


def spans(session: Session, expert: Expert, period: Period) -> list[Span]:
    """Return an expert's audience by day or by week."""
    rows = audience_days.by_day(session, expert.id, period.first, period.today)
    return in_steps(audience_spans.days(rows, period.first, period.today), period)


def in_steps(days: list[Span], period: Period) -> list[Span]:
    """Return days as the period shows them."""
    return audience_spans.weeks(days) if period.step == "week" else days


def read(session: Session, expert: Expert, period: Period, now: datetime) -> Audience:
    """Read an expert's audience."""
    before_first = period.first - timedelta(days=period.days)
    rows = audience_days.by_day(session, expert.id, before_first, period.today)
    by_day = audience_spans.days(rows, before_first, period.today)
    is_old = expert.created_at.astimezone(ZONE).date() <= before_first
    was_here = is_old or any(day.total != Counts() for day in by_day[:7])
    single_first = period.today - timedelta(days=period.single_days - 1)
    begin, end = audience_days.span(single_first, period.today)
    draws = outcomes.boost_draws(session, now - KEPT_FOR, expert.id)
    is_boosted = expert.boosted_until is not None and expert.boosted_until >= period.today
    return Audience(
        expert=expert,
        spans=in_steps(by_day[period.days :], period),
        before=audience_spans.total(by_day[: period.days]) if was_here else None,
        sources=audience_sources.read(session, expert.id, begin, end),
        lift=lifts.measure(draws, confidence=boosts.CONFIDENCE) if draws or is_boosted else None,
        similar=similar_audiences.compare(session, expert, period.first, period.today),
    )


def context(audience: Audience, period: Period, wordlists: Wordlists, language: Language) -> dict[str, Any]:
    """Return what the page shows."""
    total = audience_spans.total(audience.spans)
    boosted = [source for source in audience.sources if source.is_boosted]
    organic = [source for source in audience.sources if not source.is_boosted]
    before = audience.before
    return {
        "expert": audience.expert,
        "period": period,
        "period_choices": [(days, f"?days={days}") for days in DAYS],
        "step_choices": [(step, f"?days={period.days}&by={step}") for step in STEPS],
        "csv_url": f"/my/audience.csv?days={period.days}&by={period.step}",
        "total": total,
        "is_empty": not any((total.impressions, total.views, before and before.impressions, before and before.views)),
        "impressions": _figure(total.impressions, before and before.impressions, language),
        "views": _figure(total.views, before and before.views, language),
        "reach": _reach(audience_sources.reach(audience.sources), language),
        "chart_list": [
            _chart("impressions", audience.spans, language),
            _chart("views", audience.spans, language),
        ],
        "kind_names": [translate(language, KIND_NAMES[kind]) for kind in KINDS],
        "short_names": [translate(language, SHORT_NAMES[kind]) for kind in KINDS],
        "rows": [_row(span, period, language) for span in reversed(audience.spans)],
        "queries": [(query, _reach(reach, language)) for query, reach in audience_sources.queries(audience.sources)],
        "places": [
            (place_label(place, wordlists, language), _reach(reach, language))
            for place, reach in audience_sources.places(audience.sources)
        ],
        "fewest_visitors": FEWEST_VISITORS,
        "kept_days": KEPT_FOR.days,
        "boosted": _reach(audience_sources.reach(boosted), language) if boosted else None,
        "organic": _reach(audience_sources.reach(organic), language) if organic else None,
        "lift": boosts.effect(audience.lift, language) if audience.lift else None,
        "similar": audience.similar,
    }


def place_label(place: str, wordlists: Wordlists, language: Language) -> str:
    """Return the name of a country or a zone; a zone that no list has any more keeps its id."""
    if place.isupper():
        return zones.country_label(place, language)
    zone = wordlists.zones.zones.by_id.get(place)
    return zone.label(language) if zone else place


def span_label(span: Span, step: Step, language: Language) -> str:
    """Return a day, or the first and last day of a week, in words."""
    if step == "day" or span.first == span.last:
        return format_date(span.first, format="EEE d MMM y", locale=language)
    first = format_date(span.first, format="d MMM", locale=language)
    return f"{first} – {format_date(span.last, format='d MMM y', locale=language)}"


def _no_choice(field: str, choices: Sequence[object], language: Language) -> Fault:
    said = ", ".join(map(str, choices))
    return Fault(field, "unknown", translate(language, "Possible values: %(choices)s.", choices=said))


def _figure(count: int, before: int | None, language: Language) -> dict[str, Any]:
    """Return a figure with what it was before, and the change in percent where there was something to change."""
    change = None
    if before:
        share = (count - before) / before
        change = ("+" if share > 0 else "") + format_percent(share, locale=language)
    return {"count": count, "before": before, "change": change}


def _reach(reach: Reach, language: Language) -> dict[str, Any]:
    rate = None if reach.rate is None else format_percent(reach.rate, format=_PERCENT[language], locale=language)
    return {
        "impressions": reach.impressions,
        "opened": reach.opened,
        "rate": rate,
        "best": reach.best,
        "mean": None if reach.mean is None else format_decimal(reach.mean, format="0.0", locale=language),
    }


def _chart(name: str, spans: Sequence[Span], language: Language) -> dict[str, Any]:
    bars = charts.bars([[getattr(span.kinds[kind], name) for kind in KINDS] for span in spans])
    counts = [getattr(span.total, name) for span in spans]
    return {
        "name": name,
        "bars": bars,
        "labels": [(label, format_date(spans[label.at].first, "d MMM", locale=language)) for label in bars.labels],
        "titles": [
            f"{format_date(span.first, 'd MMM', locale=language)}: {count}"
            for span, count in zip(spans, counts, strict=True)
        ],
        "most": max(counts, default=0),
        "sum": sum(counts),
    }


def _row(span: Span, period: Period, language: Language) -> dict[str, Any]:
    return {
        "label": span_label(span, period.step, language),
        "impressions": [span.kinds[kind].impressions for kind in KINDS],
        "views": [span.kinds[kind].views for kind in KINDS],
        "total": span.total,
    }
