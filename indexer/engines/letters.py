"""How close a query comes to a profile's phrases letter by letter: what finds a headline through typos and endings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded.analysis import GRAM_BUCKETS, gram_buckets
from indexer.engines.interface import Floats


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of `rows` profiles: n-grams by bucket, how many each phrase has, whose row each phrase is of."""

    rows: int
    grams: NDArray[np.uint16]
    sizes: NDArray[np.int64]
    row_of: NDArray[np.int64]


def rarity(holders: Floats, phrases: int) -> Floats:
    """Return how rare each bucket is, where `holders` of so many phrases have it."""
    return np.log(1.0 + (phrases + 1.0) / (holders + 1.0))


def closeness(found: Phrases, weights: Floats, asked: Sequence[str]) -> Floats:
    """Return the cosine between the letters of what is asked and of each row's nearest phrase, 0 to 1.

    Character trigrams; rare ones, by `weights`, weigh more.
    """
    best = np.zeros(found.rows)
    # Sums below are over the runs between starts: a phrase without letters has none.
    row_of, sizes = found.row_of[found.sizes > 0], found.sizes[found.sizes > 0]
    if not len(sizes):
        return best
    starts = np.cumsum(sizes) - sizes
    buckets = found.grams.astype(np.intp)
    norms = np.sqrt(np.add.reduceat((weights * weights).take(buckets), starts))
    for phrase in asked:
        wanted_buckets = np.fromiter(gram_buckets(phrase), dtype=np.int64)
        if not len(wanted_buckets):
            continue
        wanted = np.zeros(GRAM_BUCKETS)
        wanted[wanted_buckets] = weights[wanted_buckets] ** 2
        norm = math.sqrt(float(wanted.sum()))
        dots = np.add.reduceat(wanted.take(buckets), starts)
        np.maximum.at(best, row_of, dots / np.maximum(norms * norm, 1e-9))
    return best
