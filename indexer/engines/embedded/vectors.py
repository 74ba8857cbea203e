"""Vectors of all slots, centred, with cosine search in two passes.

Sentence vectors of one model crowd into a narrow cone, a cone for each language. Taking each language's mean
away makes cosines tell more, lets the two languages meet, and gives a floor below which a neighbour is none
(Mu and Viswanath, "All-but-the-top", ICLR 2018; measured in `docs/decisions/0004-relevance.md`). The first
pass compares in the few directions that vary most, the second compares its best exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxonomy.concepts import LANGUAGES, Language

Matrix = NDArray[np.float32]
Flags = NDArray[np.bool_]

PRIOR_COUNT = 20
"""How many vectors the prior mean is worth, so that a handful of profiles doesn't define the centre."""
REDUCED = 96
EXACT_BELOW = 20_000
FEW = 20
"""Where only one slot in so many is allowed, taking their vectors out costs less than passing over all of them."""
NOBODY = np.float32(-2.0)
"""Below every cosine."""
SHORTLIST = 10
"""How many times the wanted neighbours the first pass keeps: with 96 directions it then finds .995 of the exact ones
among 48,000 vectors of job titles and profiles; five times finds .977."""


@dataclass(frozen=True, slots=True)
class Centre:
    """Where profiles and queries of each language lie in the encoder's space: a row a language."""

    passage: NDArray[np.float32]
    query: NDArray[np.float32]

    def query_unit(self, vector: Matrix, language: Language | None) -> Matrix:
        """Return a query's vector centred for its language, at length one."""
        mean = self.query.mean(axis=0) if language is None else self.query[LANGUAGES.index(language)]
        centred = vector - mean
        return (centred / max(float(np.linalg.norm(centred)), 1e-9)).astype(np.float32)


class Vectors:
    """Rows by slot; grows, and is compacted with the slots."""

    def __init__(self, dimension: int, prior: Centre) -> None:
        self.dimension = dimension
        self.prior = prior
        self.means = prior.passage
        self.raw: NDArray[np.float16] = np.zeros((0, dimension), dtype=np.float16)
        self.unit: Matrix = np.zeros((0, dimension), dtype=np.float32)
        self.reduced: Matrix | None = None
        self.basis: Matrix | None = None
        self.present: Flags = np.zeros(0, dtype=np.bool_)
        self.languages: NDArray[np.int8] = np.zeros(0, dtype=np.int8)
        self._calibrated_at = 0

    def grow(self, size: int) -> None:
        """Make room for `size` slots; snapshots keep the arrays that they hold."""
        if size <= len(self.present):
            return
        capacity = max(size, 2 * len(self.present), 1024)
        self.raw = _grown(self.raw, capacity)
        self.unit = _grown(self.unit, capacity)
        self.present = _grown(self.present, capacity)
        self.languages = _grown(self.languages, capacity)
        if self.reduced is not None:
            self.reduced = _grown(self.reduced, capacity)

    def put(self, slots: NDArray[np.int64], vectors: Matrix, languages: NDArray[np.int8]) -> None:
        """Store raw vectors of slots; centre anew when they have become many more."""
        self.raw[slots] = vectors
        self.languages[slots] = languages
        count = int(self.present.sum()) + int((~self.present[slots]).sum())
        if count >= 1.25 * self._calibrated_at + 20:
            self.present[slots] = True
            self._calibrate()
            return
        self._centre(slots)
        self.present[slots] = True

    def compact(self, kept: NDArray[np.int64]) -> None:
        """Keep the rows of `kept`, in that order, as the first slots."""
        self.raw, self.present = self.raw[kept].copy(), self.present[kept].copy()
        self.unit = self.unit[kept].copy()
        self.languages = self.languages[kept].copy()
        self.reduced = None if self.reduced is None else self.reduced[kept].copy()

    def _calibrate(self) -> None:
        rows = np.flatnonzero(self.present)
        means = np.empty_like(self.prior.passage)
        for language in range(len(means)):
            spoken = rows[self.languages[rows] == language]
            total = self.raw[spoken].astype(np.float32).sum(axis=0)
            means[language] = (total + PRIOR_COUNT * self.prior.passage[language]) / (len(spoken) + PRIOR_COUNT)
        self.means = means
        self._calibrated_at = len(rows)
        # New arrays, so that searches under way go on with vectors and mean that fit each other.
        self.unit = np.zeros_like(self.unit)
        self.basis, self.reduced = None, None
        self._centre(rows)
        if len(rows) >= EXACT_BELOW:
            sample = self.unit[rows[:: max(1, len(rows) // EXACT_BELOW)]]
            _, directions = np.linalg.eigh(sample.T @ sample)
            self.basis = np.ascontiguousarray(directions[:, -REDUCED:])
            self.reduced = self.unit @ self.basis

    def _centre(self, slots: NDArray[np.integer]) -> None:
        centred = self.raw[slots].astype(np.float32) - self.means[self.languages[slots]]
        centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
        self.unit[slots] = centred
        if self.reduced is not None and self.basis is not None:
            self.reduced[slots] = centred @ self.basis


def nearest(
    unit: Matrix,
    reduced: Matrix | None,
    basis: Matrix | None,
    query: Matrix,
    allowed: Flags | None,
    *,
    count: int,
    floor: float,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the `count` slots most like a query among the allowed ones, best first, with their cosines."""
    size = len(unit) if allowed is None else int(np.count_nonzero(allowed))
    if size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    if allowed is not None and size * FEW <= len(unit):
        rows = np.flatnonzero(allowed)
        return _best(rows, unit[rows] @ query, count, floor)
    if reduced is None or basis is None:
        cosines = unit @ query
        return _best(None, cosines if allowed is None else np.where(allowed, cosines, NOBODY), count, floor)
    rough = reduced @ (query @ basis)
    if allowed is not None:
        rough = np.where(allowed, rough, NOBODY)
    kept = min(SHORTLIST * count, len(rough) - 1)
    shortlist = np.argpartition(rough, -kept)[-kept:]
    if allowed is not None:
        shortlist = shortlist[allowed[shortlist]]
    return _best(shortlist, unit[shortlist] @ query, count, floor)


def _best(
    rows: NDArray[np.intp] | None, cosines: NDArray[np.float32], count: int, floor: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    picked = np.argpartition(cosines, -count)[-count:] if len(cosines) > count else np.arange(len(cosines))
    picked = picked[cosines[picked] >= floor]
    picked = picked[np.argsort(-cosines[picked], kind="stable")]
    slots = picked if rows is None else rows[picked]
    return slots.astype(np.int64), cosines[picked]


def _grown(array: NDArray, capacity: int) -> NDArray:  # pyright: ignore[reportMissingTypeArgument]
    bigger = np.zeros((capacity, *array.shape[1:]), dtype=array.dtype)
    bigger[: len(array)] = array
    return bigger
