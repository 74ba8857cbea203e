"""Answering a plan: match, filter, first phase, neighbours, facets."""

from collections.abc import Sequence
from functools import cached_property
from typing import overload

import numpy as np

from indexer.engines.embedded import matching
from indexer.engines.embedded.columns import NO_DATE
from indexer.engines.embedded.features import ROUGHNESS, SECOND_PHASE, Features, Slots
from indexer.engines.embedded.snapshots import Scores, Snapshot
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

LISTED = 10_000
"""How deep results can be paged."""
FACET_VALUES = 50


def retrieve(snapshot: Snapshot, plan: Plan) -> Retrieved:
    """Answer a plan."""
    if plan.is_browsing:
        return _browse(snapshot, plan)
    passing = snapshot.passing(plan.filters)
    matched = matching.matched(snapshot, plan)
    lexical = matched & passing
    near = _neighbours(snapshot, plan, passing, is_lone=not lexical.any())
    outside = near[~lexical[near]]
    found = np.flatnonzero(lexical).astype(np.int64, copy=False)
    features = Features(snapshot, plan, np.sort(np.concatenate([found, outside])))
    window, rest = _window(features, found)
    return Retrieved(
        total=len(found) + len(outside),
        lexical_total=len(found),
        candidates=_candidates(features, np.concatenate([window, outside])),
        rest=rest,
        facets=_facets(snapshot, matched, found, plan.filters),
    )


def describe(snapshot: Snapshot, plan: Plan, slots: Slots) -> Candidates:
    """Return the raw values of some slots under a plan."""
    return _candidates(Features(snapshot, plan, np.sort(slots)), slots)


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
    found = np.flatnonzero(passing).astype(np.int64, copy=False)
    features = Features(snapshot, plan, found)
    window, rest = _window(features, found)
    answer = Retrieved(
        total=len(found),
        lexical_total=len(found),
        candidates=_candidates(features, window),
        rest=rest,
        facets=_facets(snapshot, snapshot.alive, found, plan.filters),
    )
    if len(snapshot.cache) < 256:
        snapshot.cache[key] = answer
    return answer


def _neighbours(snapshot: Snapshot, plan: Plan, passing: Flags, *, is_lone: bool) -> Slots:
    """Return who is near by meaning; `is_lone` where nobody matches by words."""
    if plan.vector is None:
        return np.empty(0, dtype=np.int64)
    policy = plan.profile.policy
    slots, cosines = nearest(
        snapshot.unit,
        snapshot.reduced,
        snapshot.basis,
        plan.vector,
        passing & snapshot.present,
        count=policy.neighbours,
        floor=policy.similarity_floor,
    )
    if is_lone and not (len(cosines) and cosines[0] >= policy.lone_floor):
        return np.empty(0, dtype=np.int64)
    return slots


class _Ids(Sequence[str]):
    """The ids of some slots, looked up when asked for: of hundreds of candidates a page shows twenty."""

    def __init__(self, ids: Sequence[str], slots: Sequence[int]) -> None:
        self._ids = ids
        self._slots = slots

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._ids[slot] for slot in self._slots[index]]
        return self._ids[self._slots[index]]


class _Rest(Sequence[str]):
    """Who follows the window, best first; put in order only when somebody pages that far."""

    def __init__(self, features: Features, slots: Slots, rough: Scores, window: int) -> None:
        self._features = features
        self._slots, self._rough = slots, rough
        self._window = window

    def __len__(self) -> int:
        return max(0, min(len(self._slots), LISTED) - self._window)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            wanted = range(len(self))[index]
            ids = self._features.snapshot.columns.ids
            return [ids[slot] for slot in self._ordered[[*wanted]]] if wanted else []
        return self[index : index + 1][0]

    @cached_property
    def _ordered(self) -> Slots:
        return _best(self._features, self._slots, self._rough, LISTED)[self._window :]


def _window(features: Features, slots: Slots) -> tuple[Slots, Sequence[str]]:
    """Return the best by the first phase, best first, and who follows them."""
    size = features.plan.profile.policy.window
    rough = features.rough(slots)
    return _best(features, slots, rough, size), _Rest(features, slots, rough, size)


def _best(features: Features, slots: Slots, rough: Scores, count: int) -> Slots:
    """Return the best `count` by the first phase, best first: whom the rough scores let hope are scored exactly."""
    if len(slots) > count:
        slots = slots[rough >= np.partition(rough, -count)[-count] - 2 * ROUGHNESS]
    asked = features.plan.asked - SECOND_PHASE
    exact = scoring.score(features.plan.profile, features.raw(slots, asked), asked, len(slots)).base
    return slots[np.lexsort((features.snapshot.columns["tie"][slots], -exact))][:count]


def _candidates(features: Features, slots: Slots) -> Candidates:
    snapshot, plan = features.snapshot, features.plan
    raw = features.raw(slots, plan.asked)
    if "semantic" in plan.asked and plan.vector is not None:
        raw["semantic"] = _cosines(snapshot, slots, plan.vector)
    columns, names = snapshot.columns, snapshot.codes["skill"].values
    if asked := plan.reviewed_skills:
        raw["review_mean"] = reviews.mean_for(asked, columns.reviews(slots, names), reviews.fading(plan.today))
    today = plan.today.toordinal()
    boosted_until = columns["boosted_until"][slots]
    return Candidates(
        ids=_Ids(columns.ids, slots.tolist()),
        raw=raw,
        boosted=(boosted_until != NO_DATE) & (boosted_until >= today),
        created=columns["created_on"][slots].astype(np.int64),
        ties=columns["tie"][slots],
        texts=columns["twin"][slots],
        held=columns.held_skills(slots, names),
    )


def _cosines(snapshot: Snapshot, slots: Slots, vector: Matrix) -> Floats:
    """Return each slot's cosine; NaN for who has no vector yet."""
    found = (snapshot.unit[slots] @ vector).astype(np.float64)
    found[~snapshot.present[slots]] = np.nan
    return found


def _facets(snapshot: Snapshot, matched: Flags, found: Slots, filters: Filters) -> dict[FacetName, list[FacetCount]]:
    """Count values over the lexical matches; a facet's own filter doesn't narrow its counts."""
    own: dict[FacetName, bool] = {
        "country": bool(filters.country or filters.zone_countries),
        "skill": bool(filters.skill),
        "sector": bool(filters.sector),
        "language": bool(filters.language),
    }
    return {
        name: snapshot.facet_counts(
            name,
            np.flatnonzero(matched & snapshot.passing(filters, without=name)) if own[name] else found,
            FACET_VALUES,
        )
        for name in FACETS
    }
