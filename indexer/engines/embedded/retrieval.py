"""Answering a plan: match, filter, first phase, neighbours, facets."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from indexer.documents import sector_term, skill_term
from indexer.engines.embedded import matching
from indexer.engines.embedded.analysis import term_hash
from indexer.engines.embedded.columns import NO_DATE
from indexer.engines.embedded.snapshots import Snapshot
from indexer.engines.embedded.vectors import Flags, Matrix, nearest
from indexer.engines.interface import (
    FACETS,
    Candidates,
    FacetCount,
    FacetName,
    Filters,
    Floats,
    Plan,
    Retrieved,
)
from ranking import reviews, scoring
from ranking.profiles import Source

LISTED = 10_000
"""How deep results can be paged."""
FACET_VALUES = 50
FULL_MENTION = 3.0
_SECOND_PHASE: frozenset[Source] = frozenset({"semantic", "phrase", "nearest_skill"})

Slots = NDArray[np.int64]


def retrieve(snapshot: Snapshot, plan: Plan) -> Retrieved:
    """Answer a plan."""
    if plan.is_browsing:
        return _browse(snapshot, plan)
    passing = snapshot.passing(plan.filters)
    found = matching.match(snapshot, plan)
    lexical = found.matched & passing
    near = _neighbours(snapshot, plan, passing)
    outside = near[~lexical[near]]
    first = _first_phase(snapshot, plan, np.flatnonzero(lexical).astype(np.int64), found.text)
    window, rest = _window(snapshot, first, plan.profile.policy.window)
    slots = np.concatenate([window, outside])
    return Retrieved(
        total=int(lexical.sum()) + len(outside),
        lexical_total=int(lexical.sum()),
        candidates=_candidates(snapshot, plan, slots, found.text),
        rest=rest,
        facets=_facets(snapshot, found.matched, lexical, plan.filters),
        group_counts=[int((hits & passing).sum()) for hits in found.group_hits],
    )


def describe(snapshot: Snapshot, plan: Plan, slots: Slots) -> Candidates:
    """Return the raw values of some slots under a plan."""
    return _candidates(snapshot, plan, slots, matching.match(snapshot, plan).text)


def recall(snapshot: Snapshot, vector: Matrix, count: int) -> float:
    """Return which share of the exact nearest neighbours the two-pass search finds."""
    allowed = snapshot.alive & snapshot.present
    quick, _ = nearest(snapshot.unit, snapshot.reduced, snapshot.basis, vector, allowed, count=count, floor=-1)
    exact, _ = nearest(snapshot.unit, None, None, vector, allowed, count=count, floor=-1)
    return len(set(quick.tolist()) & set(exact.tolist())) / max(len(exact), 1)


def _browse(snapshot: Snapshot, plan: Plan) -> Retrieved:
    """List everybody who passes the filters; what it finds is kept for as long as the index stays as it is."""
    key = ("browse", plan.filters, plan.profile.id, plan.today)
    cached = snapshot.cache.get(key)
    if isinstance(cached, Retrieved):
        return cached
    passing = snapshot.passing(plan.filters)
    text = np.zeros(snapshot.size, dtype=np.float32)
    first = _first_phase(snapshot, plan, np.flatnonzero(passing).astype(np.int64), text)
    window, rest = _window(snapshot, first, plan.profile.policy.window)
    everybody = snapshot.alive
    answer = Retrieved(
        total=int(passing.sum()),
        lexical_total=int(passing.sum()),
        candidates=_candidates(snapshot, plan, window, text),
        rest=rest,
        facets=_facets(snapshot, everybody, passing, plan.filters),
        group_counts=[],
    )
    if len(snapshot.cache) < 256:
        snapshot.cache[key] = answer
    return answer


def _neighbours(snapshot: Snapshot, plan: Plan, passing: Flags) -> Slots:
    if plan.vector is None:
        return np.empty(0, dtype=np.int64)
    policy = plan.profile.policy
    slots, _ = nearest(
        snapshot.unit,
        snapshot.reduced,
        snapshot.basis,
        plan.vector,
        passing & snapshot.present,
        count=policy.neighbours,
        floor=policy.similarity_floor,
    )
    return slots


def _first_phase(snapshot: Snapshot, plan: Plan, slots: Slots, text: NDArray[np.float32]) -> tuple[Slots, Floats]:
    """Score slots by every feature that needs no vector."""
    asked = plan.asked - _SECOND_PHASE
    scores = scoring.score(plan.profile, _columns(snapshot, plan, slots, text, asked), asked, len(slots))
    return slots, scores.base


class _Rest(Sequence[str]):
    """Who follows the window, best first; put in order only when somebody pages that far."""

    def __init__(self, snapshot: Snapshot, slots: Slots, scores: Floats, window: int) -> None:
        self._snapshot = snapshot
        self._slots, self._scores = _best(slots, scores, LISTED)
        self._window = window

    def __len__(self) -> int:
        return max(0, len(self._slots) - self._window)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            wanted = range(len(self))[index]
            ids = self._snapshot.columns.ids
            return [ids[slot] for slot in self._ordered[[*wanted]]] if wanted else []
        return self[index : index + 1][0]

    @cached_property
    def _ordered(self) -> Slots:
        return _in_order(self._snapshot, self._slots, self._scores)[self._window :]


def _window(snapshot: Snapshot, first: tuple[Slots, Floats], size: int) -> tuple[Slots, Sequence[str]]:
    """Return the best by the first phase, best first, and who follows them."""
    slots, scores = first
    return _in_order(snapshot, *_best(slots, scores, size))[:size], _Rest(snapshot, slots, scores, size)


def _best(slots: Slots, scores: Floats, count: int) -> tuple[Slots, Floats]:
    """Return the best `count` in no order, and all who are as good as the last of them."""
    if len(slots) <= count:
        return slots, scores
    least = np.partition(scores, -count)[-count]
    kept = scores >= least
    return slots[kept], scores[kept]


def _in_order(snapshot: Snapshot, slots: Slots, scores: Floats) -> Slots:
    return slots[np.lexsort((snapshot.columns["tie"][slots], -scores))]


def _columns(
    snapshot: Snapshot, plan: Plan, slots: Slots, text: NDArray[np.float32], asked: frozenset[Source]
) -> dict[Source, Floats]:
    """Return the raw values of first-phase features."""
    raw: dict[Source, Floats] = {}
    if "text" in asked:
        raw["text"] = text[slots].astype(np.float64)
    if "skill" in asked:
        raw["skill"] = _mentions(snapshot, {skill_term(key): weight for key, weight in plan.skills.items()})[slots]
    if "related" in asked:
        raw["related"] = _mentions(snapshot, plan.related)[slots]
    if "sector" in asked:
        raw["sector"] = _mentions(snapshot, dict.fromkeys(map(sector_term, plan.sectors), 1.0))[slots]
    if "zone" in asked:
        shares = [snapshot.coverage(countries) for countries in plan.places]
        raw["zone"] = np.mean(shares, axis=0)[slots].astype(np.float64)
    if "language" in asked:
        raw["language"] = snapshot.bearing("language", plan.languages)[slots].astype(np.float64)
    counts = snapshot.columns["rating_count"][slots].astype(np.float64)
    raw["review_mean"] = reviews.shrunken_mean(snapshot.columns["rating_sum"][slots].astype(np.float64), counts)
    raw["review_count"] = counts
    raw["days_until_available"] = snapshot.days_until_available(plan.today)[slots]
    return raw


def _mentions(snapshot: Snapshot, wanted: Mapping[str, float]) -> Floats:
    """Return how fully each slot names some concepts: the weighted share of them that it does."""
    found = np.zeros(snapshot.size)
    for term, weight in wanted.items():
        slots, strength = snapshot.mentions(term_hash(term))
        found[slots] += weight * np.minimum(strength / FULL_MENTION, 1.0)
    total = sum(wanted.values())
    return found / total if total else found


def _candidates(
    snapshot: Snapshot,
    plan: Plan,
    slots: Slots,
    text: NDArray[np.float32],
) -> Candidates:
    raw = _columns(snapshot, plan, slots, text, plan.asked)
    if "semantic" in plan.asked and plan.vector is not None:
        raw["semantic"] = _cosines(snapshot, slots, plan.vector)
    if "phrase" in plan.asked:
        raw["phrase"] = matching.closeness(snapshot, slots, plan.phrases)
    columns = snapshot.columns
    today = plan.today.toordinal()
    boosted_until = columns["boosted_until"][slots]
    return Candidates(
        ids=[columns.ids[slot] for slot in slots],
        raw=raw,
        boosted=(boosted_until != NO_DATE) & (boosted_until >= today),
        created=columns["created_on"][slots].astype(np.int64),
        reviews=raw["review_count"],
        ties=columns["tie"][slots],
        texts=columns["twin"][slots],
        skills=columns.facets["skill"].values_of(slots, snapshot.codes["skill"].values),
    )


def _cosines(snapshot: Snapshot, slots: Slots, vector: Matrix) -> Floats:
    """Return each slot's cosine; NaN for who has no vector yet."""
    found = (snapshot.unit[slots] @ vector).astype(np.float64)
    found[~snapshot.present[slots]] = np.nan
    return found


def _facets(snapshot: Snapshot, matched: Flags, lexical: Flags, filters: Filters) -> dict[FacetName, list[FacetCount]]:
    """Count values over the lexical matches; a facet's own filter doesn't narrow its counts."""
    own: dict[FacetName, bool] = {
        "country": bool(filters.country or filters.zone_countries),
        "skill": bool(filters.skill),
        "sector": bool(filters.sector),
        "language": bool(filters.language),
    }
    return {
        name: snapshot.facet_counts(
            name, matched & snapshot.passing(filters, without=name) if own[name] else lexical, FACET_VALUES
        )
        for name in FACETS
    }
