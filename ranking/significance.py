"""How sure a difference is: intervals and tests over the queries of one judged set.

Randomization, bootstrap and t-test agree on the means of rankings; Wilcoxon and sign tests don't and are left out
(Smucker, Allan, Carterette 2007, "A comparison of statistical significance tests for information retrieval
evaluation"). Every draw comes from a seed: the same values give the same figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Key = TypeVar("Key")
SEED = 20_261_125
LEVEL = 0.95
RESAMPLES = 10_000
FLIPS = 100_000
EXACT_UP_TO = 16
"""So many queries that differ have 65,536 ways to be signed: each one is tried."""
_CHUNK = 5_000
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the bounds between which it lies at the level asked for."""

    mean: float
    low: float
    high: float


def bootstrap(values: ArrayLike, *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = SEED) -> Interval:
    """Return the mean of values, one a query, with its percentile interval over queries drawn anew (Efron 1979).

    For a comparison give the differences, query by query: a paired interval is narrower, since hard queries are hard
    for both (Sakai 2006, "Evaluating evaluation metrics based on the bootstrap"). NaN without any value.
    """
    given = _flat(values)
    if not len(given):
        return Interval(np.nan, np.nan, np.nan)
    draws = np.random.default_rng(seed)
    means = np.concatenate(
        [
            given[draws.integers(0, len(given), (min(_CHUNK, resamples - start), len(given)))].mean(axis=1)
            for start in range(0, resamples, _CHUNK)
        ]
    )
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return Interval(float(given.mean()), float(low), float(high))


def randomization(differences: ArrayLike, *, flips: int = FLIPS, seed: int = SEED) -> float:
    """Return the two-sided p value of a mean difference: how often signs drawn by chance give as large a one.

    Fisher's paired randomization test. Queries without difference tell nothing and are left out; where few are left
    all signs are tried, else some are drawn and the observed one counts among them, so that p is never 0 (Phipson and
    Smyth 2010, "Permutation p-values should never be zero").
    """
    given = _flat(differences)
    given = given[given != 0.0]
    if not len(given):
        return 1.0
    observed = abs(given.sum()) - _ROUNDING * np.abs(given).sum()
    if len(given) <= EXACT_UP_TO:
        ways = np.arange(2 ** len(given))[:, None]
        signs = 1.0 - 2.0 * (ways >> np.arange(len(given)) & 1)
        return float((np.abs(signs @ given) >= observed).mean())
    draws = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, flips, _CHUNK):
        signs = 1.0 - 2.0 * draws.integers(0, 2, (min(_CHUNK, flips - start), len(given)))
        extreme += int((np.abs(signs @ given) >= observed).sum())
    return (1 + extreme) / (1 + flips)


def holm(p_values: Mapping[Key, float]) -> dict[Key, float]:
    """Return p values corrected for being several: the chance of one false alarm among all stays below the level.

    Holm 1979, "A simple sequentially rejective multiple test procedure"; for retrieval see Boytsov, Belova, Westfall
    2013. In the order given.
    """
    corrected: dict[Key, float] = {}
    highest = 0.0
    for position, (key, p_value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, p_value * (len(p_values) - position)))
        corrected[key] = highest
    return {key: corrected[key] for key in p_values}


def _flat(values: ArrayLike) -> Floats:
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1 or not np.isfinite(given).all():
        raise ValueError("one finite value a query is expected")
    return given
