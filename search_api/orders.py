"""Candidates in their final order: scores and what they are made of, boost, and what policy does to places."""

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple

import numpy as np

from indexer.engines.interface import Candidates, Floats, Plan
from ranking import likeness, policies, scoring
from ranking.interleaving import Pick, Team
from ranking.likeness import Likeness
from ranking.policies import Move, Ordered
from ranking.profiles import Source
from ranking.scoring import Flags, Scores
from search_api.requests import SearchRequest

_OF_REVIEWS: frozenset[Source] = frozenset({"review_mean", "review_count"})
Treatment = Literal["boosted", "held_out"]
"""What the draw of the week gave to a boost that could have counted: its effect, or none so as to measure it."""


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
    base: float
    is_boosted: bool
    treatment: Treatment | None
    moved: Move | None
    parts: tuple[Part, ...]
    team: Team | None = None
    """Which of two interleaved rankings brought the candidate."""


@dataclass(frozen=True, slots=True)
class _Boosts:
    """What boosts add to each base score, and for whom that was withheld though it could have counted."""

    added: scoring.Floats
    held_out: Flags


@dataclass(frozen=True, slots=True)
class Arranged:
    """A window in its order. Explaining somebody takes longer than scoring: rows are made of who is looked at."""

    candidates: Candidates
    scores: Scores
    boosts: _Boosts
    places: Ordered

    def row(self, candidate: int) -> Row:
        """Return the row of a candidate, by the number in the window."""
        return _row(self.candidates, self.scores, self.boosts, candidate, self.places.moves.get(candidate))

    def picks(self) -> list[Pick[str]]:
        """Return everybody in the order, as a draft asks for them."""
        ids, texts, moves = self.candidates.ids, self.candidates.texts.tolist(), self.places.moves
        base, full = self.scores.base.tolist(), (self.scores.base * (1.0 + self.boosts.added)).tolist()
        picks: list[Pick[str]] = []
        for one in map(int, self.places.order):
            moved = moves.get(one)
            decisive = base[one] if moved == "boost_capped" else full[one]
            picks.append(Pick(ids[one], base[one], decisive, texts[one], moved))
        return picks


def draw_key(request: SearchRequest, today: date) -> str:
    """Return what all draws about a search hang on: the same on each of its pages, in every process, for a week."""
    return hashlib.blake2b(request.key_in(today).encode(), digest_size=12).hexdigest()


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
    ordered = arrange(plan, candidates, request)
    return [ordered.row(int(place)) for place in ordered.places.order[first:last]]


def arrange(plan: Plan, candidates: Candidates, request: SearchRequest, *, has_seat: bool = True) -> Arranged:
    """Order the window, without a row for anybody yet; `has_seat` keeps one place for a newcomer."""
    scores = scoring.score(plan.profile, candidates.raw, plan.asked, len(candidates.ids))
    boosts = _boosts(plan, candidates, request, scores)
    since = plan.today.toordinal() - plan.profile.policy.newcomer_days
    newcomers = (candidates.created >= since) & has_seat
    places = policies.order(
        plan.profile.policy,
        scores.base,
        boosts.added,
        ties=candidates.ties,
        held_out=boosts.held_out,
        newcomers=newcomers,
        texts=candidates.texts,
    )
    return Arranged(candidates, scores, boosts, places)


def score(plan: Plan, candidates: Candidates, request: SearchRequest) -> list[Row]:
    """Score without reordering: for who comes after the window."""
    scores = scoring.score(plan.profile, candidates.raw, plan.asked, len(candidates.ids))
    boosts = _boosts(plan, candidates, request, scores)
    return [_row(candidates, scores, boosts, place, None) for place in range(len(candidates.ids))]


def _boosts(plan: Plan, candidates: Candidates, request: SearchRequest, scores: Scores) -> _Boosts:
    """Return who is boosted; nobody where the reader switched boosts off.

    Held out is whom a hash of query, filters, expert and week draws, to measure what boosts bring: every page of one
    search agrees. Below the relevance floor a boost does not count, so there is nothing to withhold.
    """
    policy = plan.profile.policy
    held_out = np.zeros(len(candidates.ids), dtype=np.bool_)
    if not request.boost:
        return _Boosts(np.zeros(len(candidates.ids)), held_out)
    key = draw_key(request, plan.today)
    for row in np.flatnonzero(candidates.boosted):
        text = f"{key}|{candidates.ids[int(row)]}"
        draw = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") % 100
        held_out[row] = draw < policy.holdout_percent
    added = scoring.multipliers(plan.profile, scores, candidates.boosted, held_out)
    return _Boosts(added, held_out & (scoring.relevance(scores) >= policy.relevance_floor))


def _row(candidates: Candidates, scores: Scores, boosts: _Boosts, place: int, moved: Move | None) -> Row:
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
    base, extra = float(scores.base[place]), float(boosts.added[place])
    treatment: Treatment | None = "held_out" if boosts.held_out[place] else None
    if extra:
        parts.append(Part("boost", base, extra, base * extra))
        treatment = "boosted"
    score = math.fsum(part.points for part in parts)
    return Row(candidates.ids[place], score, base, bool(candidates.boosted[place]), treatment, moved, tuple(parts))
