"""Immutable pieces of the index: each commit adds one, small neighbours are merged.

A document has a slot, which is its row in every column and vector. A new version takes a new slot; the old
one is dead and stays until the index is compacted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded.analysis import Analysis

MERGE_RATIO = 3
MANY_TIMES = 16
"""From so many postings for each selected slot on, looking up the slots costs less than reading the postings."""
_NOTHING = (np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Segment:
    """Postings of a run of slots, sorted by term."""

    first_slot: int
    size: int
    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    slots: NDArray[np.int32]
    frequencies: NDArray[np.float32]

    def postings(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the slots that hold a term, with its weighted frequency in each."""
        at = int(np.searchsorted(self.hashes, np.uint64(term)))
        if at == len(self.hashes) or self.hashes[at] != term:
            return _NOTHING
        run = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return self.slots[run], self.frequencies[run]


class Selection:
    """Some slots, ascending, to restrict postings to: a slot's place is its position among them."""

    def __init__(self, slots: NDArray[np.int64], size: int) -> None:
        self._slots = slots.astype(np.int32)
        self._places = np.full(size, -1, dtype=np.int64)
        self._places[slots] = np.arange(len(slots))

    def restrict(
        self, slots: NDArray[np.int32], frequencies: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the places of those postings that are selected, with their frequency."""
        if len(slots) > MANY_TIMES * len(self._slots):
            at = np.minimum(np.searchsorted(slots, self._slots), len(slots) - 1)
            held = np.flatnonzero(slots.take(at) == self._slots)
            return held, frequencies.take(at.take(held))
        places = self._places.take(slots)
        held = np.flatnonzero(places >= 0)
        return places.take(held), frequencies.take(held)


def build(first_slot: int, analyses: Sequence[Analysis]) -> Segment:
    """Build a segment of documents that take the slots from `first_slot` on."""
    sizes = np.array([len(item.hashes) for item in analyses], dtype=np.int64)
    slots = np.repeat(np.arange(first_slot, first_slot + len(analyses), dtype=np.int32), sizes)
    hashes = np.concatenate([item.hashes for item in analyses]) if analyses else np.empty(0, dtype=np.uint64)
    frequencies = np.concatenate([item.frequencies for item in analyses]) if analyses else np.empty(0, dtype=np.float32)
    return Segment(
        first_slot,
        len(analyses),
        *_sorted(hashes, slots, frequencies),
    )


def merge(first: Segment, second: Segment) -> Segment:
    """Merge two neighbours; slots stay what they are."""
    hashes = np.concatenate([np.repeat(part.hashes, np.diff(part.starts)) for part in (first, second)])
    return Segment(
        first.first_slot,
        first.size + second.size,
        *_sorted(
            hashes,
            np.concatenate([first.slots, second.slots]),
            np.concatenate([first.frequencies, second.frequencies]),
        ),
    )


def append(segments: tuple[Segment, ...], added: Segment) -> tuple[Segment, ...]:
    """Add a segment and merge until each is several times the next: few segments, little copying."""
    kept = [*segments, added]
    while len(kept) > 1 and kept[-2].size < MERGE_RATIO * kept[-1].size:
        last = kept.pop()
        kept[-1] = merge(kept[-1], last)
    return tuple(kept)


def ranges(starts: NDArray[np.int64], rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the flat positions of the given rows of a ragged array, and how many each row has."""
    sizes = starts[rows + 1] - starts[rows]
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    flat = np.arange(total, dtype=np.int64) + np.repeat(starts[rows] - (ends - sizes), sizes)
    return flat, sizes


def _sorted(
    hashes: NDArray[np.uint64], slots: NDArray[np.int32], frequencies: NDArray[np.float32]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    order = np.argsort(hashes, kind="stable")
    unique, starts = np.unique(hashes[order], return_index=True)
    bounds = np.concatenate([starts, [len(hashes)]]).astype(np.int64)
    return unique, bounds, slots[order], frequencies[order]
