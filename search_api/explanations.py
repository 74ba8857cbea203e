"""Why an expert stands where they stand in a search, and what it would take to stand elsewhere."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from indexer.engines.interface import Candidates
from ranking import scoring
from ranking.policies import Move
from ranking.profiles import Feature, Source, Transform
from search_api import orders
from search_api.orders import Row
from search_api.requests import SearchRequest
from search_api.searches import Found, Searcher

_HIGHEST_RAW: Mapping[Source, float] = {
    "review_mean": 5.0,
    "review_count": math.inf,
    "days_until_available": math.inf,
}
"""The greatest raw value that there is of a source; of all others, which are shares and cosines, 1."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature of one expert: the raw value, None where there is none; what it becomes, weighs and adds."""

    source: Source
    raw: float | None
    value: float
    weight: float
    points: float


@dataclass(frozen=True, slots=True)
class Step:
    """What one feature alone would have to be for a score; None where not even its best would do."""

    source: Source
    value: float
    needed_value: float | None
    needed_raw: float | None


@dataclass(frozen=True, slots=True)
class Target:
    """Whoever stands at a rank, and what it would take to score as much; policy may move places besides."""

    rank: int
    expert_id: str
    score: float
    gap: float
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an expert stands in a search; `boost` is what a Visibility Boost adds to the points of all reasons."""

    rank: int
    total: int
    score: float
    boost: float
    moved: Move | None
    reasons: tuple[Reason, ...]
    target: Target | None


def stand(searcher: Searcher, request: SearchRequest, expert_id: str, rank: int | None = None) -> Standing | None:
    """Return where an expert stands in a search, and what it would take to reach a rank; None who isn't found."""
    found = searcher.find(replace(request, page=1))
    candidates = orders.likened(found.candidates, orders.learn(found.plan, found.candidates))
    ranked = orders.order(found.plan, candidates, request, 0, len(candidates.ids))
    places = {row.id: place for place, row in enumerate(ranked, 1)}
    if expert_id in places:
        place = places[expert_id]
        row, described = ranked[place - 1], candidates
    else:
        retrieved = searcher.engine.retrieve(found.plan)
        beyond = list(retrieved.rest[: len(retrieved.rest)])
        if expert_id not in beyond:
            return None
        place = len(ranked) + 1 + beyond.index(expert_id)
        described = searcher.describe(found.plan, found.candidates, [expert_id])
        row = orders.score(found.plan, described, request)[0]
    at = list(described.ids).index(expert_id)
    reasons = _reasons(found, described, at)
    boost = row.score - math.fsum(reason.points for reason in reasons)
    target = _target(found, ranked[rank - 1], rank, row, reasons) if rank and rank <= len(ranked) else None
    return Standing(place, found.total, row.score, max(boost, 0.0), row.moved, reasons, target)


def _reasons(found: Found, candidates: Candidates, at: int) -> tuple[Reason, ...]:
    scores = scoring.score(found.plan.profile, candidates.raw, found.plan.asked, len(candidates.ids))
    return tuple(
        Reason(
            feature.source,
            _raw(candidates, feature, at),
            float(scores.values[number, at]),
            float(scores.weights[number]),
            float(scores.points[number, at]),
        )
        for number, feature in enumerate(scores.features)
    )


def _raw(candidates: Candidates, feature: Feature, at: int) -> float | None:
    column = candidates.raw.get(feature.source)
    return None if column is None or np.isnan(column[at]) else float(column[at])


def _target(found: Found, holder: Row, rank: int, row: Row, reasons: tuple[Reason, ...]) -> Target:
    gap = holder.score - row.score
    multiplier = row.score / base if (base := math.fsum(reason.points for reason in reasons)) else 1.0
    features = {feature.source: feature for feature in found.plan.profile.features}
    steps = tuple(
        _step(features[reason.source], reason, gap / (reason.weight * multiplier))
        for reason in reasons
        if reason.weight > 0
    )
    return Target(rank, holder.id, holder.score, max(gap, 0.0), steps if gap > 0 else ())


def _step(feature: Feature, reason: Reason, more: float) -> Step:
    needed = reason.value + more
    raw = _inverse(feature.transform, needed) if needed <= 1 else None
    if raw is None or raw > _HIGHEST_RAW.get(reason.source, 1.0):
        return Step(reason.source, reason.value, None, None)
    return Step(reason.source, reason.value, needed, raw)


def _inverse(transform: Transform, value: float) -> float | None:
    """Return the raw value that becomes `value`; None where none does."""
    if transform.kind == "linear":
        return transform.low + value * (transform.high - transform.low)
    if transform.kind == "saturation":
        return transform.pivot * value / (1 - value) if value < 1 else None
    return -transform.pivot * math.log2(value) if value > 0 else None
