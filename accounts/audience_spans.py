"""An audience over time, as days or weeks without gaps: pure shaping of what `accounts.audience_days` returns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models.audiences import AudienceDay, VisitorKind


@dataclass(frozen=True, slots=True)
class Counts:
    """How often an expert was shown and opened; repeats are apart, not among the others."""

    impressions: int = 0
    repeated_impressions: int = 0
    views: int = 0
    repeated_views: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.impressions + other.impressions,
            self.repeated_impressions + other.repeated_impressions,
            self.views + other.views,
            self.repeated_views + other.repeated_views,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """A day, or what lies of a week within a period; `kinds` has every kind of visitor."""

    first: date
    last: date
    kinds: dict[VisitorKind, Counts]

    @property
    def total(self) -> Counts:
        """Return the counts of all visitors."""
        return sum(self.kinds.values(), Counts())


def days(rows: Iterable[AudienceDay], first: date, last: date) -> list[Span]:
    """Return each day from `first` to `last`, whether it had an audience or not."""
    found: dict[tuple[date, str], Counts] = {}
    for row in rows:
        counts = Counts(row.impressions, row.repeated_impressions, row.views, row.repeated_views)
        found[row.day, row.visitor_kind] = found.get((row.day, row.visitor_kind), Counts()) + counts
    length = (last - first).days + 1
    return [
        Span(day, day, {kind: found.get((day, kind), Counts()) for kind in VisitorKind})
        for day in (first + timedelta(days=number) for number in range(length))
    ]


def weeks(spans: Sequence[Span]) -> list[Span]:
    """Return days put together by week, from Monday; the first and the last may be cut short by the period."""
    found: list[Span] = []
    for span in spans:
        if found and span.first.weekday() != 0:
            found[-1] = Span(found[-1].first, span.last, _added(found[-1], span))
        else:
            found.append(span)
    return found


def total(spans: Iterable[Span]) -> Counts:
    """Return the counts of a whole period."""
    return sum((span.total for span in spans), Counts())


def _added(one: Span, other: Span) -> dict[VisitorKind, Counts]:
    return {kind: one.kinds[kind] + other.kinds[kind] for kind in VisitorKind}
