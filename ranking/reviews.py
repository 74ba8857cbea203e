"""What reviews say about an expert, for the skill that is asked for: a mean that few reviews can't throw far.

    (P · prior + Σ w · rating) / (P + Σ w),   w = 0.5 ^ (age / half-life) · (1 of a skill asked for, else OTHER_SKILL)

Ranking uses the posterior mean, not a lower bound: a bound would punish who is new (see whuber on ranking by
confidence limits, and the weighted rating that film directories use). All weights are positive and none depends on
another review, so one better than the present value never lowers it, whatever its date and skill (mission row S4).
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

PRIOR_MEAN = 4.0
"""What is believed of somebody without a review, in a sector without one."""
PRIOR_REVIEWS = 4.0
"""How many fresh reviews of the skill asked for weigh as much as the prior."""
SECTOR_PRIOR_REVIEWS = 20.0
"""How many reviews of a sector weigh as much as the prior of all."""
HALF_LIFE_DAYS = 548.0
"""Eighteen months."""
OTHER_SKILL = 0.3
"""What a review of another skill weighs: three of them tell of the person what one tells of the craft."""
EPOCH = date(2020, 1, 1).toordinal()
"""Stored weights are as of this day, so that ageing changes no document; `fading` brings them to today."""

Floats = NDArray[np.float64]
Totals = tuple[float, float]
"""The sum of weighted ratings, and of weights, as of the epoch."""


@dataclass(frozen=True, slots=True)
class SkillTotals:
    """What each skill of one candidate that was reviewed has in reviews: parallel arrays, as of the epoch."""

    keys: tuple[str, ...]
    sums: Floats
    weights: Floats


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The reviews of candidates as of the epoch.

    `priors`, `sums` and `weights` have one row a candidate; `codes` (an index into `keys`), `holders` (the
    candidate's row), `skill_sums` and `skill_weights` one row for each skill of a candidate that was reviewed.
    """

    priors: Floats
    sums: Floats
    weights: Floats
    keys: Sequence[str]
    codes: NDArray[np.intp]
    holders: NDArray[np.intp]
    skill_sums: Floats
    skill_weights: Floats


def weight_on(day: date) -> float:
    """Return what a review of a day weighs as of the epoch: later ones more."""
    return 2.0 ** ((day.toordinal() - EPOCH) / HALF_LIFE_DAYS)


def fading(today: date) -> float:
    """Return by what weights as of the epoch are multiplied to be today's.

    Reviews age with the month: between two firsts of a month nobody passes anybody for growing older.
    """
    return 0.5 ** ((today.replace(day=1).toordinal() - EPOCH) / HALF_LIFE_DAYS)


def totals(reviews: Iterable[tuple[int, date]]) -> Totals:
    """Return the totals of ratings with their days, whatever order they come in."""
    weighed = [(rating, weight_on(day)) for rating, day in reviews]
    return math.fsum(rating * weight for rating, weight in weighed), math.fsum(weight for _, weight in weighed)


def shrunken_mean(sums: Floats, weights: Floats, priors: Floats, faded: float) -> Floats:
    """Return the shrunken mean of all reviews, from 1 to 5: the prior where there is none."""
    return (PRIOR_REVIEWS * priors + faded * sums) / (PRIOR_REVIEWS + faded * weights)


def mean_for(asked: Collection[str], reviewed: Reviewed, faded: float) -> Floats:
    """Return the shrunken mean for the skills asked for; where none is, all reviews count in full.

    Reviews of other skills are weighed down one by one. An expert's mean over all skills as the prior of the skill
    asked for would look alike, but a good review of another skill that lowers that mean would lower this one.
    """
    if not asked:
        return shrunken_mean(reviewed.sums, reviewed.weights, reviewed.priors, faded)
    size = len(reviewed.sums)
    is_asked = np.array([key in asked for key in reviewed.keys], dtype=np.bool_)[reviewed.codes]
    holders = reviewed.holders[is_asked]

    def weighed(everything: Floats, by_skill: Floats) -> Floats:
        of_asked = np.bincount(holders, by_skill[is_asked], minlength=size)
        return OTHER_SKILL * everything + (1.0 - OTHER_SKILL) * of_asked

    sums = weighed(reviewed.sums, reviewed.skill_sums)
    weights = weighed(reviewed.weights, reviewed.skill_weights)
    return shrunken_mean(sums, weights, reviewed.priors, faded)


def join(each: Sequence[tuple[float, float, float, SkillTotals]]) -> Reviewed:
    """Put candidates' prior, sum, weight and totals by skill side by side."""
    by_skill = [found for _, _, _, found in each]
    flat = [key for found in by_skill for key in found.keys]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(flat))}
    nothing: Floats = np.empty(0, dtype=np.float64)
    return Reviewed(
        priors=np.array([prior for prior, _, _, _ in each], dtype=np.float64),
        sums=np.array([total for _, total, _, _ in each], dtype=np.float64),
        weights=np.array([weight for _, _, weight, _ in each], dtype=np.float64),
        keys=list(numbers),
        codes=np.fromiter(map(numbers.__getitem__, flat), dtype=np.intp, count=len(flat)),
        holders=np.repeat(np.arange(len(each)), [len(found.keys) for found in by_skill]),
        skill_sums=np.concatenate([nothing, *(found.sums for found in by_skill)]),
        skill_weights=np.concatenate([nothing, *(found.weights for found in by_skill)]),
    )


def sector_mean(rating_sum: float, count: int) -> float:
    """Return the mean rating of a sector's reviews, shrunk to the prior of all."""
    return (SECTOR_PRIOR_REVIEWS * PRIOR_MEAN + rating_sum) / (SECTOR_PRIOR_REVIEWS + count)


def prior(sectors: Iterable[str], means: Mapping[str, float]) -> float:
    """Return the prior of somebody who works in some sectors: the mean of theirs, by sector's key."""
    known = [means.get(sector, PRIOR_MEAN) for sector in sectors]
    return math.fsum(known) / len(known) if known else PRIOR_MEAN
