"""From raw values to scores: transforms, a convex combination, and the bounded boost.

A convex combination of calibrated features beats rank fusion in and out of domain and needs few labels
(Bruch, Gai, Ingber 2022, arXiv 2210.11934).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.profiles import Feature, Profile, Source, Transform

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
RawValues = Mapping[Source, Floats]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of n candidates: `values` and `points` are (features, n); `base` is the sum of points."""

    features: tuple[Feature, ...]
    weights: Floats
    values: Floats
    points: Floats
    base: Floats


def apply(transform: Transform, raw: NDArray[np.floating[Any]]) -> NDArray[Any]:
    """Transform raw values of either precision; NaN stays NaN."""
    if transform.kind == "linear":
        return np.clip((raw - transform.low) / (transform.high - transform.low), 0.0, 1.0)
    if transform.kind == "saturation":
        positive = np.maximum(raw, 0.0)
        return positive / (positive + transform.pivot)
    return 0.5 ** (np.maximum(raw, 0.0) / transform.pivot)


def score(profile: Profile, raw: RawValues, asked: frozenset[Source], size: int) -> Scores:
    """Score `size` candidates by the features that the query asks for; absent raw values count as missing."""
    features = profile.active(asked)
    total = sum(feature.weight for feature in features)
    weights = np.array([feature.weight / total for feature in features])
    values = np.empty((len(features), size))
    for row, feature in enumerate(features):
        column = raw.get(feature.source)
        if column is None:
            values[row] = feature.missing
        else:
            value = apply(feature.transform, column)
            values[row] = np.where(np.isnan(value), feature.missing, value)
    points = weights[:, None] * values
    return Scores(features, weights, values, points, points.sum(axis=0))


def relevance(scores: Scores) -> Floats:
    """Return the better of text and semantic value: what the boost's floor looks at. 1 where neither was asked."""
    rows = [row for row, feature in enumerate(scores.features) if feature.source in {"text", "semantic"}]
    return scores.values[rows].max(axis=0) if rows else np.ones_like(scores.base)


def multipliers(profile: Profile, scores: Scores, boosted: Flags, held_out: Flags) -> Floats:
    """Return what the boost adds to each base score, as a share of it: 0 or the policy's bound."""
    eligible = boosted & ~held_out & (relevance(scores) >= profile.policy.relevance_floor)
    return np.where(eligible, profile.policy.boost, 0.0)
