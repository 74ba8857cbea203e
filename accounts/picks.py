"""The experts of a shortlist in their order, as values, and what may be done to them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.models.findings import Finding

MOST = 5
"""What can be compared in an afternoon; mission row S1 advises 4 or 5."""
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Pick:
    """An expert who was put on a list."""

    expert_id: str
    added_at: datetime
    note: str = ""
    found: Finding | None = None
    """By which search, where one led there."""


Picks = tuple[Pick, ...]


def place(picks: Picks, expert_id: str) -> int | None:
    """Return at which place an expert stands, from 0; None if they don't."""
    return next((at for at, pick in enumerate(picks) if pick.expert_id == expert_id), None)


def added(picks: Picks, pick: Pick, at: int | None = None) -> Picks | None:
    """Return a list with one more, last unless `at` says where; None if it is full.

    Who is on it stays, and the latest search that found them is known.
    """
    if place(picks, pick.expert_id) is not None:
        return tuple(_found_by(one, pick) if one.expert_id == pick.expert_id else one for one in picks)
    if len(picks) >= MOST:
        return None
    where = len(picks) if at is None else max(0, at)
    return (*picks[:where], pick, *picks[where:])


def without(picks: Picks, expert_id: str) -> Picks:
    """Return a list without an expert."""
    return tuple(pick for pick in picks if pick.expert_id != expert_id)


def moved(picks: Picks, expert_id: str, steps: int) -> Picks:
    """Return a list with an expert some steps further down (up where negative), never beyond its ends."""
    at = place(picks, expert_id)
    if at is None:
        return picks
    rest = without(picks, expert_id)
    to = min(max(0, at + steps), len(rest))
    return (*rest[:to], picks[at], *rest[to:])


def noted(picks: Picks, expert_id: str, note: str) -> Picks:
    """Return a list with another note on an expert."""
    return tuple(replace(pick, note=note) if pick.expert_id == expert_id else pick for pick in picks)


def merged(first: Picks, second: Picks) -> tuple[Picks, Picks]:
    """Return two lists as one, the first one's order before the second's; and who no longer fits.

    Of an expert who is on both, the first's place counts, its note and its search unless there is none.
    """
    known = {pick.expert_id: pick for pick in second}
    mine = tuple(_with(pick, known.get(pick.expert_id, pick)) for pick in first)
    both = (*mine, *_absent_from(mine, second))
    return both[:MOST], both[MOST:]


def _found_by(pick: Pick, later: Pick) -> Pick:
    return replace(pick, found=later.found or pick.found)


def _with(pick: Pick, other: Pick) -> Pick:
    return replace(pick, note=pick.note or other.note, found=pick.found or other.found)


def _absent_from(picks: Picks, others: Iterable[Pick]) -> Iterable[Pick]:
    known = {pick.expert_id for pick in picks}
    return (pick for pick in others if pick.expert_id not in known)
