"""What a shadow profile would have changed: it ranks the window of a search that was answered already.

The window is the live profile's. Whom only the shadow's first phase would have looked at is not seen here; what a
shadow changes beyond that, a canary tells.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from foundation.database import insert
from indexer.engines.interface import Candidates, Plan
from ranking import comparisons
from ranking.profiles import Profile
from search_api import orders
from search_api.models import ShadowMoveRow, ShadowRow
from search_api.pointers import Surface
from search_api.requests import SearchRequest

DEPTH = 10
MOST_MOVED = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """A first page that the live profile ranked, to be ranked by another one."""

    surface: Surface
    shadow: Profile
    plan: Plan
    candidates: Candidates
    request: SearchRequest


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first ten by the live profile and by the shadow."""

    surface: Surface
    live_id: str
    shadow_id: str
    live: tuple[str, ...]
    shadowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a shadow changed so far; who left the first ten or entered them, most often first."""

    surface: str
    live_id: str
    shadow_id: str
    searches: int
    overlap: float
    rank_biased_overlap: float
    other_first: int
    first_at: datetime
    last_at: datetime
    left: list[tuple[str, int]]
    entered: list[tuple[str, int]]


def compare(seen: Seen) -> Comparison:
    """Rank a window by both profiles."""
    return Comparison(
        seen.surface,
        seen.plan.profile.id,
        seen.shadow.id,
        _first_ten(seen, seen.plan.profile),
        _first_ten(seen, seen.shadow),
    )


def _first_ten(seen: Seen, profile: Profile) -> tuple[str, ...]:
    plan = replace(seen.plan, profile=profile)
    return tuple(row.id for row in orders.rank(plan, seen.candidates, seen.request, 0, DEPTH))


def add(session: Session, compared: Iterable[Comparison], at: datetime) -> None:
    """Add comparisons to the sums of their pairs of profiles."""
    pairs: dict[tuple[str, str, str], list[Comparison]] = defaultdict(list)
    for item in compared:
        pairs[item.surface, item.live_id, item.shadow_id].append(item)
    # In one order, or two processes that add at once might block each other.
    for key in sorted(pairs):
        _add_pair(session, dict(zip(("surface", "live_id", "shadow_id"), key, strict=True)), pairs[key], at)


def _add_pair(session: Session, key: dict[str, str], items: Sequence[Comparison], at: datetime) -> None:
    sums = {
        "searches": len(items),
        "overlap_sum": sum(comparisons.overlap(item.live, item.shadowed, DEPTH) for item in items),
        "rank_biased_overlap_sum": sum(comparisons.rank_biased_overlap(item.live, item.shadowed) for item in items),
        "other_first": sum(item.live[:1] != item.shadowed[:1] for item in items),
    }
    _increase(session, ShadowRow, key, sums, {"first_at": at}, {"last_at": at})
    moved: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for item in items:
        for expert_id in set(item.live) - set(item.shadowed):
            moved[expert_id][0] += 1
        for expert_id in set(item.shadowed) - set(item.live):
            moved[expert_id][1] += 1
    for expert_id, (left, entered) in sorted(moved.items()):
        own = {**key, "expert_id": expert_id}
        _increase(session, ShadowMoveRow, own, {"times_left": left, "times_entered": entered}, {}, {})


def _increase(
    session: Session,
    table: type[SQLModel],
    key: dict[str, str],
    sums: dict[str, float],
    once: dict[str, datetime],
    always: dict[str, datetime],
) -> None:
    statement = insert(session, table).values(**key, **sums, **once, **always)
    changes = {name: getattr(table, name) + statement.excluded[name] for name in sums}
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_={**changes, **always}))


def report(session: Session, pairs: Iterable[tuple[str, str, str]] | None = None) -> list[Report]:
    """Return what shadows changed, latest first; of all pairs (surface, live, shadow) or some."""
    wanted = None if pairs is None else set(pairs)
    rows = session.scalars(select(ShadowRow).order_by(col(ShadowRow.last_at).desc(), col(ShadowRow.surface)))
    return [
        Report(
            row.surface,
            row.live_id,
            row.shadow_id,
            row.searches,
            row.overlap_sum / row.searches,
            row.rank_biased_overlap_sum / row.searches,
            row.other_first,
            row.first_at,
            row.last_at,
            *_moved(session, row),
        )
        for row in rows
        if wanted is None or (row.surface, row.live_id, row.shadow_id) in wanted
    ]


def _moved(session: Session, row: ShadowRow) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    found: list[list[tuple[str, int]]] = []
    for counted in (ShadowMoveRow.times_left, ShadowMoveRow.times_entered):
        statement = (
            select(col(ShadowMoveRow.expert_id), col(counted))
            .where(
                col(ShadowMoveRow.surface) == row.surface,
                col(ShadowMoveRow.live_id) == row.live_id,
                col(ShadowMoveRow.shadow_id) == row.shadow_id,
                col(counted) > 0,
            )
            .order_by(col(counted).desc(), col(ShadowMoveRow.expert_id))
            .limit(MOST_MOVED)
        )
        found.append([(expert_id, count) for expert_id, count in session.execute(statement)])
    return found[0], found[1]
