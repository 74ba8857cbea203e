"""Where an audience comes from: the searches, places and positions that showed an expert, repeats left out.

Only single impressions know it (`accounts.audiences.KEPT_FOR`): sums of days keep no query. What people type may tell
who they are, so a query is said only once several visitors typed it, and never if it looks like an address or a number
of somebody. A visitor counts anew each day; that is why the second rule does not lean on the first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.audiences import Impression, ResultPage
from accounts.outcomes import opened

FEWEST_VISITORS = 3
"""Different visitors that must have typed a query before anybody is told."""
_PERSONAL = re.compile(r"@|://|www\.|(?:\d[\s./-]?){6}")


@dataclass(frozen=True, slots=True)
class Source:
    """Searches alike, by one visitor, that showed an expert; `positions` is the sum of the positions."""

    query: str | None
    places: str | None
    visitor_key: str
    is_boosted: bool
    impressions: int
    opened: int
    best: int
    positions: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What came of some searches: impressions, pages opened from them, best and mean position."""

    impressions: int = 0
    opened: int = 0
    best: int | None = None
    mean: float | None = None

    @property
    def rate(self) -> float | None:
        """Return the share of impressions that led to a view."""
        return self.opened / self.impressions if self.impressions else None


def alike(query: str) -> str:
    """Return the same for queries that differ in capitals and spaces alone."""
    return " ".join(query.casefold().split())


def is_personal(query: str) -> bool:
    """Tell whether a query looks like an address or a number of somebody."""
    return _PERSONAL.search(query) is not None


def read(session: Session, expert_id: str, begin: datetime, end: datetime) -> list[Source]:
    """Return what showed an expert in a span of time."""
    same = (
        col(ResultPage.query),
        col(ResultPage.places),
        col(ResultPage.visitor_key),
        col(Impression.treatment),
    )
    shown = (
        select(*same, func.count(), func.min(col(Impression.position)), func.sum(col(Impression.position)))
        .select_from(Impression)
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(col(Impression.is_repeated).is_(False))
    )
    clicked = opened(*same, func.count())
    rows: list[Any] = []
    for statement in (clicked, shown):
        meant = statement.where(
            col(Impression.expert_id) == expert_id, col(ResultPage.shown_at) >= begin, col(ResultPage.shown_at) < end
        )
        rows.append(session.execute(meant.group_by(*same)).all())
    clicks = {tuple(key): count for *key, count in rows[0]}
    return [
        Source(
            query=query,
            places=places,
            visitor_key=visitor,
            is_boosted=treatment == "boosted",
            impressions=count,
            opened=clicks.get((query, places, visitor, treatment), 0),
            best=best,
            positions=positions,
        )
        for query, places, visitor, treatment, count, best, positions in rows[1]
    ]


def reach(sources: Iterable[Source]) -> Reach:
    """Return what came of sources together."""
    known = list(sources)
    if not known:
        return Reach()
    impressions = sum(source.impressions for source in known)
    return Reach(
        impressions,
        # A page may be opened once more from a result that was a repeat and is not counted.
        min(impressions, sum(source.opened for source in known)),
        min(source.best for source in known),
        sum(source.positions for source in known) / impressions,
    )


def queries(sources: Iterable[Source], most: int = 10) -> list[tuple[str, Reach]]:
    """Return the queries that showed an expert most often, as far as they may be told."""
    found: dict[str, list[Source]] = {}
    for source in sources:
        if source.query and not is_personal(source.query):
            found.setdefault(alike(source.query), []).append(source)
    told = {
        query: asked
        for query, asked in found.items()
        if len({source.visitor_key for source in asked}) >= FEWEST_VISITORS
    }
    return _most(told, most)


def places(sources: Iterable[Source], most: int = 10) -> list[tuple[str, Reach]]:
    """Return the countries and zones, by code or id, that were asked for most often when an expert was shown."""
    found: dict[str, list[Source]] = {}
    for source in sources:
        for place in (source.places or "").split(","):
            if place:
                found.setdefault(place, []).append(source)
    return _most(found, most)


def _most(found: dict[str, list[Source]], most: int) -> list[tuple[str, Reach]]:
    reaches = [(name, reach(alike)) for name, alike in found.items()]
    return sorted(reaches, key=lambda item: (-item[1].impressions, item[0]))[:most]
