"""How an audience compares with that of similar experts: those who share a skill or a sector.

Said as a range between quartiles, rounded outwards, and only of several people: no figure is anybody's own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.audience_days import span, within
from accounts.models.audiences import AudienceDay, Impression, ResultPage, View
from accounts.models.experts import Expert

FEWEST = 10
MOST = 200
"""How many similar experts are looked at: more would change a quartile by little, and take their time."""


@dataclass(frozen=True, slots=True)
class Range:
    """Half of similar experts lie between `low` and `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What similar experts' audience was in a period."""

    experts: int
    impressions: Range
    views: Range


def compare(session: Session, expert: Expert, first: date, last: date) -> Comparison | None:
    """Return what similar experts' audience was from `first` to `last`; None where there are too few of them."""
    ids = similar(session, expert)
    if len(ids) < FEWEST:
        return None
    impressions, views = _sums(session, ids, first, last)
    return Comparison(len(ids), quartiles(list(impressions.values())), quartiles(list(views.values())))


def similar(session: Session, expert: Expert) -> list[str]:
    """Return the ids of others who may be found and share a skill or a sector, word for word, `MOST` at the most."""
    shared = [
        _holds(session, column, labels)
        for column, labels in ((col(Expert.skills), expert.skills), (col(Expert.sectors), expert.sectors))
        if labels
    ]
    if not shared:
        return []
    statement = (
        select(col(Expert.id))
        .where(col(Expert.is_visible), col(Expert.is_available), col(Expert.is_withheld).is_(False))
        .where(col(Expert.id) != expert.id, or_(*shared))
        .order_by(col(Expert.id))
        .limit(MOST)
    )
    return list(session.execute(statement).scalars())


def quartiles(counts: Sequence[int]) -> Range:
    """Return the range between the quartiles, rounded outwards, to tens of larger numbers and fives of small ones."""
    ordered, quarter = sorted(counts), len(counts) // 4
    low, high = ordered[quarter], ordered[-1 - quarter]
    step = next(step for below, step in ((50, 5), (200, 10), (1_000, 50), (math.inf, 100)) if high < below)
    return Range(math.floor(low / step) * step, max(1, math.ceil(high / step)) * step)


def _holds(session: Session, column: Any, labels: Sequence[str]) -> Any:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    held = (func.json_array_elements_text if is_postgresql else func.json_each)(column).table_valued("value")
    return select(1).select_from(held).where(held.c.value.in_(labels)).correlate(Expert).exists()


def _sums(session: Session, ids: Sequence[str], first: date, last: date) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return impressions and views of each expert, repeats left out; of whoever had none, 0."""
    begin, end = span(first, last)
    shown = (
        select(col(Impression.expert_id), func.count())
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(within(col(ResultPage.shown_at), begin, end), col(Impression.is_repeated).is_(False))
        .group_by(col(Impression.expert_id))
    )
    viewed = (
        select(col(View.expert_id), func.count())
        .where(within(col(View.viewed_at), begin, end), col(View.is_repeated).is_(False))
        .group_by(col(View.expert_id))
    )
    summed = (
        select(col(AudienceDay.expert_id), func.sum(col(AudienceDay.impressions)), func.sum(col(AudienceDay.views)))
        .where(col(AudienceDay.day) >= first, col(AudienceDay.day) <= last)
        .group_by(col(AudienceDay.expert_id))
    )
    impressions, views = dict.fromkeys(ids, 0), dict.fromkeys(ids, 0)
    for statement, table, into in ((shown, Impression, impressions), (viewed, View, views)):
        for expert_id, count in session.execute(statement.where(col(table.expert_id).in_(ids))):
            into[expert_id] += count
    for expert_id, shown_count, view_count in session.execute(summed.where(col(AudienceDay.expert_id).in_(ids))):
        impressions[expert_id] += shown_count
        views[expert_id] += view_count
    return impressions, views
