"""Weights that rank judged queries better: coordinate ascent over features that are measured once.

Metzler and Croft 2007, "Linear feature-based models for information retrieval": one weight after the other is moved
to where the measure is highest, until a whole sweep moves none. What a query's candidates are like is extracted once
(`JudgedWindow`); moving a weight then costs one addition for each pair of a relevant candidate and any other.

- Weights alone are tuned, never transforms, and none falls below its floor: whatever raised a score before goes on
  raising it, so a better review can't lower one.
- `shared_skills` depends on the scores itself (`ranking.likeness`): its values stay as they are within a sweep, and of
  the sweep as much is kept as is better by values that are learned anew.
- Policy (boost, newcomers, repeated texts) and the choice of the window are not in here: what a profile is worth is
  told by real searches (`search_api.tunings`), these figures only lead there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ranking.judged_windows import JudgedWindow, Problem
from ranking.metrics import Metric
from ranking.profiles import Profile
from ranking.scoring import Floats

FOLDS = 5
SWEEPS = 8
SHARES = (1.0, 0.5, 0.25, 0.1)
"""How much of a sweep is kept: the largest share that is better with shared skills learned anew."""
LEAST_GAIN = 1e-4
SURENESS = 1.0
"""For a weight to move, the mean has to rise by so much, and by so many standard errors of the queries' gains."""

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Fold:
    """What was learned without some of the queries: `held_out` are their places in the set."""

    held_out: tuple[int, ...]
    profile: Profile
    training: float
    """Mean over the queries that it learned from."""
    testing: float
    """Mean over those held out, by the same features."""


@dataclass(frozen=True)
class Tuned:
    """The profile learned from all queries, and the folds that tell what its kind is worth on others."""

    profile: Profile
    start: float
    training: float
    folds: tuple[Fold, ...]


def tune(
    profile: Profile,
    windows: Sequence[JudgedWindow],
    metric: Metric,
    *,
    seed: int,
    folds: int = FOLDS,
    progress: Progress = lambda _: None,
) -> Tuned:
    """Tune a profile's weights on judged queries; `progress` hears 1 for each of `folds` + 1 fits.

    Raise ValueError where there are too few queries or the metric is not nDCG with the full ideal.
    """
    if metric.measure != "ndcg" or metric.ideal != "full":
        raise ValueError(f"{metric.name} can't be tuned for: take ndcg_linear_full@K or ndcg_exponential_full@K")
    if len(windows) < 2 * folds:
        raise ValueError(f"{len(windows)} judged queries are too few: {folds} folds need {2 * folds}")
    found: list[Fold] = []
    for held_out in split(len(windows), folds, seed):
        kept = [window for place, window in enumerate(windows) if place not in set(held_out)]
        learned, training = fit(profile, kept, metric, seed=seed)
        testing = values(learned, [windows[place] for place in held_out], metric)
        found.append(Fold(held_out, learned, training, float(testing.mean())))
        progress(1)
    learned, training = fit(profile, windows, metric, seed=seed)
    progress(1)
    return Tuned(learned, float(values(profile, windows, metric).mean()), training, tuple(found))


def split(size: int, folds: int, seed: int) -> list[tuple[int, ...]]:
    """Return the places of `size` queries in folds of about one size, drawn by the seed."""
    drawn = np.random.default_rng(seed).permutation(size).tolist()
    return [tuple(sorted(drawn[fold::folds])) for fold in range(folds)]


def values(profile: Profile, windows: Sequence[JudgedWindow], metric: Metric) -> Floats:
    """Return the metric of each window, ordered by base scores alone."""
    return Problem.of(profile, windows, metric).measured(_weights(profile))


def fit(profile: Profile, windows: Sequence[JudgedWindow], metric: Metric, *, seed: int) -> tuple[Profile, float]:
    """Return the profile with the weights that rank the windows best, as far as found, and their mean.

    Climbs from the profile's own weights and from equal ones; the own ones win a draw.
    """
    problem = Problem.of(profile, windows, metric)
    own = np.clip(_weights(profile), problem.lowest, problem.highest)
    draws = np.random.default_rng(seed)
    climbed = [_climb(problem, start, draws) for start in (own, np.full_like(own, own.sum() / len(own)))]
    weights, reached = own, problem.measured(own)
    for other in map(problem.rounded, climbed):
        measured = problem.measured(other)
        if _is_better(measured, reached):
            weights, reached = other, measured
    features = tuple(
        replace(feature, weight=float(weight)) for feature, weight in zip(profile.features, weights, strict=True)
    )
    return replace(profile, features=features), float(reached.mean())


def _weights(profile: Profile) -> Floats:
    return np.array([feature.weight for feature in profile.features], dtype=np.float64)


def _climb(problem: Problem, start: Floats, draws: np.random.Generator) -> Floats:
    """Move one weight after the other, in an order drawn for each sweep, until none gains anything."""
    weights = np.clip(start, problem.lowest, problem.highest)
    reached = problem.measured(weights)
    for _ in range(SWEEPS):
        step = _sweep(problem, weights, draws) - weights
        for share in SHARES:
            measured = problem.measured(weights + share * step)
            if _is_better(measured, reached):
                weights, reached = weights + share * step, measured
                break
        else:
            break
    return weights


def _sweep(problem: Problem, start: Floats, draws: np.random.Generator) -> Floats:
    """Return weights after each was moved to where the mean is highest, with shared skills as they were before."""
    shared = problem.learned(start)
    leads = problem.leads(start, shared)
    reached = problem.values(leads)
    weights = start.copy()
    for row in draws.permutation(len(weights)).tolist():
        slope = problem.slope(row, shared)
        for trial in problem.trials(weights, row):
            moved = leads + (trial - weights[row]) * slope
            measured = problem.values(moved)
            if _is_better(measured, reached):
                reached, leads = measured, moved
                weights[row] = trial
    return weights


def _is_better(measured: Floats, before: Floats) -> bool:
    """Tell whether queries gain by more than chance alone would have some of them gain."""
    gains = measured - before
    error = gains.std() / np.sqrt(max(len(gains), 1))
    return bool(gains.mean() > max(LEAST_GAIN, SURENESS * error))
