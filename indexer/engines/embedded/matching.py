"""Lexical matching: which documents a plan's groups find, and how well each is matched.

Who matches is decided on bitmaps of all documents; how well is then computed for those only whose score counts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded import bitmaps
from indexer.engines.embedded.analysis import hashes_of
from indexer.engines.embedded.bitmaps import Bits
from indexer.engines.embedded.segments import Selection
from indexer.engines.embedded.snapshots import Scores, Snapshot
from indexer.engines.embedded.vectors import Flags
from indexer.engines.interface import ENOUGH, Alternative, Group, Plan, held_words, needed_halves, needed_words

_MANY = 16
"""From one document in so many on, a group is looked up in all of them, and remembered."""

Slots = NDArray[np.int64]


def matched(snapshot: Snapshot, plan: Plan) -> Flags:
    """Return who is a lexical match.

    Filters have no say in it, so that a facet counts what its filter then gives.
    """
    required = [group for group in plan.groups if group.is_required]
    if required:
        return _holding_enough(snapshot, required, plan)
    placed = np.zeros(snapshot.size, dtype=np.bool_)
    for group in plan.groups:
        for alternative in group.alternatives:
            for stems in alternative.terms:
                placed |= bitmaps.flags(snapshot.holders(hashes_of(stems)).bits, snapshot.size)
    for countries in plan.places:
        placed |= snapshot.coverage(countries) > 0
    return placed


def scores(snapshot: Snapshot, plan: Plan, slots: Slots) -> Scores:
    """Return the text score of some slots, 0 to 1: rare words weigh more, the best alternative of each group counts.

    `slots` ascend.
    """
    text = np.zeros(len(slots), dtype=np.float32)
    ideal = 0.0
    lookup = _Lookup(snapshot, None if _MANY * len(slots) > snapshot.size else slots)
    for group in plan.groups:
        rarity = _group_rarity(snapshot, group)
        quality = snapshot.qualities.get(group.alternatives)
        if quality is None:
            quality = lookup.quality(group)
            if lookup.slots is None:
                snapshot.qualities.put(group.alternatives, quality)
        text += np.float32(rarity) * (quality if len(quality) == len(slots) else quality.take(slots))
        ideal += rarity
    if ideal:
        text /= np.float32(ideal)
    return text


def _holding_enough(snapshot: Snapshot, required: Sequence[Group], plan: Plan) -> Flags:
    """Return who holds enough words: as many as asked, or fewer where that leaves less than a page."""
    halves = np.zeros(snapshot.size, dtype=np.min_scalar_type(2 * sum(group.words for group in required)))
    for group in required:
        for bits in _covering(snapshot, group):
            halves += bitmaps.flags(bits, snapshot.size)
    enough = halves >= needed_halves(plan.minimum_words)
    for needed in needed_words(plan)[1:]:
        if np.count_nonzero(enough & snapshot.alive) >= ENOUGH:
            break
        enough = halves >= needed_halves(needed)
    return enough


def _covering(snapshot: Snapshot, group: Group) -> list[Bits]:
    """Return who holds half a word of a group, who holds a word, and so on to all of its words."""
    found = [bitmaps.empty(snapshot.size) for _ in range(2 * group.words)]
    for terms in dict.fromkeys(item.terms for item in group.alternatives):
        at_least = bitmaps.at_least([snapshot.holders(hashes_of(stems)).bits for stems in terms])
        for half in range(1, len(found) + 1):
            found[half - 1] |= at_least[held_words(len(terms), group.words, half) - 1]
    return found


def _group_rarity(snapshot: Snapshot, group: Group) -> float:
    """Return how rare what was typed is; words nobody uses weigh no more than their best-known synonym."""
    typed = [item for item in group.alternatives if item.weight >= 1.0] or group.alternatives
    return min(max(_typed_rarity(snapshot, item, group.words) for item in typed), _rarity(snapshot, 1) * group.words)


def _typed_rarity(snapshot: Snapshot, alternative: Alternative, words: int) -> float:
    total = sum(_word_rarity(snapshot, stems) for stems in alternative.terms)
    count = len(alternative.terms)
    return total if count == words else total / count * words


def _word_rarity(snapshot: Snapshot, stems: tuple[str, ...]) -> float:
    return _rarity(snapshot, snapshot.count_holders(hashes_of(stems)))


@dataclass(frozen=True, slots=True)
class _Found:
    """Where among the looked-up slots a word stands, how well it is matched there, and how rare it is."""

    places: Slots
    quality: Scores
    rarity: float


class _Lookup:
    """Looks groups up in some slots or all, on scratch rows that only touched places are cleaned of."""

    def __init__(self, snapshot: Snapshot, slots: Slots | None) -> None:
        self.snapshot = snapshot
        self.slots = slots
        self._selection = None if slots is None else Selection(slots, snapshot.size)
        self._saturation = snapshot.saturation if slots is None else snapshot.saturation[slots]
        self._scores = np.zeros(len(self._saturation), dtype=np.float32)
        self._shares = np.zeros(len(self._saturation), dtype=np.float32)
        self._known: dict[tuple[str, ...], _Found] = {}

    def quality(self, group: Group) -> Scores:
        """Return a group's best quality in each slot."""
        best = np.zeros(len(self._scores), dtype=np.float32)
        for alternative in group.alternatives:
            places, quality = self._phrase([self._word(stems) for stems in alternative.terms])
            best[places] = np.maximum(best[places], quality * np.float32(alternative.weight))
        return best

    def _phrase(self, found: list[_Found]) -> tuple[Slots, Scores]:
        """Return where some of a phrase's words stand, and how well it is matched there."""
        if len(found) == 1:
            return found[0].places, found[0].quality
        total = sum(item.rarity for item in found)
        parts: list[Slots] = []
        for item in found:
            parts.append(item.places[self._shares[item.places] == 0])
            self._scores[item.places] += item.quality * np.float32(item.rarity / total)
            self._shares[item.places] += np.float32(1 / len(found))
        places = np.concatenate(parts)
        shares = self._shares[places]
        # A part of a phrase says much less than all of it.
        quality = self._scores[places] * shares * shares
        self._scores[places] = 0
        self._shares[places] = 0
        return places, quality

    def _word(self, stems: tuple[str, ...]) -> _Found:
        """Look a word up by its interchangeable stems; the best one counts."""
        if stems not in self._known:
            self._known[stems] = self._any_of(stems)
        return self._known[stems]

    def _any_of(self, stems: tuple[str, ...]) -> _Found:
        rarity = _word_rarity(self.snapshot, stems)
        found = [self._one(term) for term in hashes_of(stems)]
        places, quality = found[0]
        for more, better in found[1:]:
            self._scores[places] = quality
            fresh = more[self._scores[more] == 0]
            self._scores[more] = np.maximum(self._scores[more], better)
            places = np.concatenate([places, fresh])
            quality = self._scores[places]
            self._scores[places] = 0
        return _Found(places, quality, rarity)

    def _one(self, term: int) -> tuple[Slots, Scores]:
        """Return where a term stands, and BM25's saturated frequency there, 0 to 1."""
        places, frequencies = self.snapshot.mentions(term, self._selection)
        return places, (frequencies / (frequencies + self._saturation[places])).astype(np.float32, copy=False)


def _rarity(snapshot: Snapshot, holders: int) -> float:
    """Return BM25's inverse document frequency (Robertson and Zaragoza 2009, with one inside the logarithm)."""
    return math.log(1.0 + (snapshot.count - holders + 0.5) / (holders + 0.5))
