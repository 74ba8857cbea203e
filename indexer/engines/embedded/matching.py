"""Lexical matching: which documents a plan's groups find, and how well each is matched."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded.analysis import GRAM_BUCKETS, gram_buckets, term_hash
from indexer.engines.embedded.snapshots import Scores, Snapshot
from indexer.engines.embedded.vectors import Flags
from indexer.engines.interface import ENOUGH, Group, Plan

ROUNDING = 1e-4
COUNTS_AS_MATCHED = 0.5
"""From this share of a phrase's words on, the group counts as matched for the numbers beside words."""


@dataclass(frozen=True, slots=True)
class Match:
    """What matching found: the text score of every slot (0 to 1) and who is a lexical match, filters apart."""

    text: Scores
    matched: Flags
    group_hits: list[Flags]


@dataclass(frozen=True, slots=True)
class _Found:
    slots: NDArray[np.int32]
    quality: Scores
    rarity: float


def match(snapshot: Snapshot, plan: Plan) -> Match:
    """Score every slot by the plan's groups: rare words weigh more, the best alternative of each group counts.

    Filters have no say in who matches, so that a facet counts what its filter then gives.
    """
    size = snapshot.size
    text = np.zeros(size, dtype=np.float32)
    words = np.zeros(size, dtype=np.float32)
    placed = np.zeros(size, dtype=np.bool_)
    hits: list[Flags] = []
    ideal = 0.0
    lookup = _Lookup(snapshot)
    for group in plan.groups:
        quality, cover, rarity = lookup.group(group)
        text += np.float32(rarity) * quality
        ideal += rarity
        hits.append(cover >= COUNTS_AS_MATCHED)
        if group.is_required:
            words += np.float32(group.words) * cover
        else:
            placed |= cover > 0
    if ideal:
        text /= np.float32(ideal)
    if any(group.is_required for group in plan.groups):
        matched = _holding_enough(words, snapshot.alive, plan)
    else:
        for countries in plan.places:
            placed = placed | (snapshot.coverage(countries) > 0)
        matched = placed
    return Match(text, matched, hits)


def _holding_enough(words: Scores, alive: Flags, plan: Plan) -> Flags:
    """Return who holds enough words: as many as asked, or fewer where that leaves less than a page."""
    needed = plan.minimum_words
    while True:
        matched = words >= needed - ROUNDING
        if needed <= plan.fewest_words or np.count_nonzero(matched & alive) >= ENOUGH:
            return matched
        needed = max(needed - 1.0, plan.fewest_words)


def closeness(snapshot: Snapshot, slots: NDArray[np.int64], phrases: Sequence[str]) -> NDArray[np.float64]:
    """Return the cosine between the letters of the query and of each slot's nearest phrase, 0 to 1.

    Character trigrams, rare ones weighing more: what finds a headline through typos and endings.
    """
    best = np.zeros(len(slots))
    grams, phrase_of, row_of = snapshot.grams(slots)
    if not len(grams):
        return best
    rarity = _gram_rarity(snapshot)
    weights = rarity[grams]
    norms = np.sqrt(np.bincount(phrase_of, weights * weights, minlength=len(row_of)))
    for phrase in phrases:
        wanted = np.zeros(GRAM_BUCKETS)
        buckets = np.fromiter(gram_buckets(phrase), dtype=np.int64)
        if not len(buckets):
            continue
        wanted[buckets] = rarity[buckets]
        norm = math.sqrt(float((wanted * wanted).sum()))
        dots = np.bincount(phrase_of, weights * wanted[grams], minlength=len(row_of))
        np.maximum.at(best, row_of, dots / np.maximum(norms * norm, 1e-9))
    return best


class _Lookup:
    """Looks up words and groups for one search, on scratch rows that only touched slots are cleaned of."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._scores = np.zeros(snapshot.size, dtype=np.float32)
        self._shares = np.zeros(snapshot.size, dtype=np.float32)
        self._known: dict[tuple[str, ...], _Found] = {}

    def group(self, group: Group) -> tuple[Scores, Scores, float]:
        """Return a group's best quality and cover in each slot, and how rare what was typed is."""
        quality = np.zeros(self.snapshot.size, dtype=np.float32)
        cover = np.zeros(self.snapshot.size, dtype=np.float32)
        rarities: list[float] = []
        for alternative in group.alternatives:
            found = [self.term(stems) for stems in alternative.terms]
            total = sum(item.rarity for item in found)
            rarities.append(total if len(found) == group.words else total / len(found) * group.words)
            slots, scores, shares = self._phrase(found, total)
            quality[slots] = np.maximum(quality[slots], scores * np.float32(alternative.weight))
            cover[slots] = np.maximum(cover[slots], shares)
        # What was typed comes first; words nobody uses weigh no more than their best-known synonym.
        known = [rarity for rarity, item in zip(rarities, group.alternatives, strict=True) if item.weight >= 1.0]
        return quality, cover, min(max(known or rarities), _rarity(self.snapshot, 1) * group.words)

    def term(self, stems: tuple[str, ...]) -> _Found:
        """Look a word up by its interchangeable stems; the best one counts."""
        if stems not in self._known:
            self._known[stems] = self._term(stems)
        return self._known[stems]

    def _phrase(self, found: list[_Found], total: float) -> tuple[NDArray[np.int32], Scores, Scores]:
        """Return the slots that hold some of a phrase's words, how well, and which share of the words."""
        if len(found) == 1:
            return found[0].slots, found[0].quality, np.ones(len(found[0].slots), dtype=np.float32)
        parts: list[NDArray[np.int32]] = []
        for item in found:
            parts.append(item.slots[self._shares[item.slots] == 0])
            self._scores[item.slots] += item.quality * np.float32(item.rarity / total)
            self._shares[item.slots] += np.float32(1 / len(found))
        slots = np.concatenate(parts)
        shares = self._shares[slots]
        # A part of a phrase says much less than all of it.
        scores = self._scores[slots] * shares * shares
        self._scores[slots] = 0
        self._shares[slots] = 0
        return slots, scores, shares

    def _term(self, stems: tuple[str, ...]) -> _Found:
        parts = [self.snapshot.postings(term_hash(stem)) for stem in stems]
        parts = [part for part in parts if len(part[0])]
        if not parts:
            return _Found(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32), _rarity(self.snapshot, 0))
        slots, quality = parts[0]
        for more, better in parts[1:]:
            self._scores[slots] = quality
            fresh = more[self._scores[more] == 0]
            self._scores[more] = np.maximum(self._scores[more], better)
            slots = np.concatenate([slots, fresh])
            quality = self._scores[slots]
            self._scores[slots] = 0
        return _Found(slots, quality, _rarity(self.snapshot, len(slots)))


def _rarity(snapshot: Snapshot, holders: int) -> float:
    """Return BM25's inverse document frequency (Robertson and Zaragoza 2009, with one inside the logarithm)."""
    return math.log(1.0 + (snapshot.count - holders + 0.5) / (holders + 0.5))


def _gram_rarity(snapshot: Snapshot) -> NDArray[np.float64]:
    found = snapshot.cache.get("gram_rarity")
    if isinstance(found, np.ndarray):
        return found
    holders = np.zeros(GRAM_BUCKETS)
    for segment in snapshot.segments:
        holders += np.bincount(segment.grams, minlength=GRAM_BUCKETS)
    phrases = sum(len(segment.gram_starts) - 1 for segment in snapshot.segments)
    rarity = np.log(1.0 + (phrases + 1.0) / (holders + 1.0))
    snapshot.cache["gram_rarity"] = rarity
    return rarity
