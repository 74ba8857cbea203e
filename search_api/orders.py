"""Candidates in their final order: scores and what they are made of, boost, and what policy does to places."""

import hashlib
import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from indexer.engines.interface import Candidates, Floats, Plan
from ranking import likeness, policies, scoring
from ranking.likeness import Likeness
from ranking.policies import Move
from ranking.profiles import Source
from ranking.scoring import Flags, Scores
from search_api.requests import SearchRequest

WEEK_DAYS = 7
_OF_REVIEWS: frozenset[Source] = frozenset({"review_mean", "review_count"})


class Part(NamedTuple):
    """One part of a score: `points` = `value` * `weight`. The boost is a part of its own, on the base score."""

    source: Source | str
    value: float
    weight: float
    points: float


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate in its place."""

    id: str
    score: float
    is_boosted: bool
    moved: Move | None
    parts: tuple[Part, ...]


def learn(plan: Plan, candidates: Candidates) -> Likeness:
    """Learn what the best matches share; nothing where nothing was typed.

    Reviews have no say in who is best here, or a good one could raise others above whom it is about.
    """
    asked = plan.asked - {"shared_skills"}
    if asked == plan.asked:
        return Likeness({}, 0.0)
    raw: dict[Source, Floats] = {
        source: values for source, values in candidates.raw.items() if source not in _OF_REVIEWS
    }
    base = scoring.score(plan.profile, raw, asked, len(candidates.ids)).base
    return likeness.learn(base, candidates.held)


def likened(candidates: Candidates, best: Likeness) -> Candidates:
    """Add how like the best matches each candidate is."""
    return replace(candidates, raw={**candidates.raw, "shared_skills": best.of(candidates.held)})


def rank(plan: Plan, candidates: Candidates, request: SearchRequest, first: int, last: int) -> list[Row]:
    """Rank a window as a search does, with what its best share, and return the rows from `first` to before `last`."""
    return order(plan, likened(candidates, learn(plan, candidates)), request, first, last)


def order(plan: Plan, candidates: Candidates, request: SearchRequest, first: int, last: int) -> list[Row]:
    """Order the window and return the rows from `first` to before `last`."""
    scores = scoring.score(plan.profile, candidates.raw, plan.asked, len(candidates.ids))
    held_out = _held_out(plan, candidates, request)
    added = _added(plan, candidates, request, scores, held_out)
    since = plan.today.toordinal() - plan.profile.policy.newcomer_days
    newcomers = candidates.created >= since
    ordered = policies.order(
        plan.profile.policy,
        scores.base,
        added,
        ties=candidates.ties,
        held_out=held_out & (scoring.relevance(scores) >= plan.profile.policy.relevance_floor),
        newcomers=newcomers,
        texts=candidates.texts,
    )
    return [
        _row(candidates, scores, added, int(place), ordered.moves.get(int(place)))
        for place in ordered.order[first:last]
    ]


def score(plan: Plan, candidates: Candidates, request: SearchRequest) -> list[Row]:
    """Score without reordering: for who comes after the window."""
    scores = scoring.score(plan.profile, candidates.raw, plan.asked, len(candidates.ids))
    added = _added(plan, candidates, request, scores, _held_out(plan, candidates, request))
    return [_row(candidates, scores, added, place, None) for place in range(len(candidates.ids))]


def _added(
    plan: Plan, candidates: Candidates, request: SearchRequest, scores: Scores, held_out: Flags
) -> scoring.Floats:
    if not request.boost:
        return np.zeros(len(candidates.ids))
    return scoring.multipliers(plan.profile, scores, candidates.boosted, held_out)


def _held_out(plan: Plan, candidates: Candidates, request: SearchRequest) -> Flags:
    """Return whose boost is withheld this week for this query, to measure what boosts bring.

    A hash of query, filters, expert and week: every page of one search agrees.
    """
    flags = np.zeros(len(candidates.ids), dtype=np.bool_)
    if not request.boost:
        return flags
    week = plan.today.toordinal() // WEEK_DAYS
    for row in np.flatnonzero(candidates.boosted):
        text = f"{request.key}|{candidates.ids[int(row)]}|{week}"
        draw = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") % 100
        flags[row] = draw < plan.profile.policy.holdout_percent
    return flags


def _row(candidates: Candidates, scores: Scores, added: scoring.Floats, place: int, moved: Move | None) -> Row:
    parts = [
        Part(feature.source, value, weight, points)
        for feature, value, weight, points in zip(
            scores.features,
            scores.values[:, place].tolist(),
            scores.weights.tolist(),
            scores.points[:, place].tolist(),
            strict=True,
        )
    ]
    base, extra = float(scores.base[place]), float(added[place])
    if extra:
        parts.append(Part("boost", base, extra, base * extra))
    score = math.fsum(part.points for part in parts)
    return Row(candidates.ids[place], score, bool(candidates.boosted[place]), moved, tuple(parts))
