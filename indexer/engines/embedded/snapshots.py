"""One state of the embedded index: what a search reads from beginning to end, whatever is written meanwhile."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded import bitmaps
from indexer.engines.embedded.bitmaps import Bits
from indexer.engines.embedded.columns import NO_DATE, NO_RATE, Codes, Columns
from indexer.engines.embedded.segments import Segment, Selection
from indexer.engines.embedded.vectors import Flags, Matrix
from indexer.engines.interface import FacetCount, FacetName, Filters

K1 = 1.2
B = 0.5
CACHED_MASKS = 512
HOLDERS_BYTES = 64 << 20
"""How much memory a snapshot may spend on remembering who holds a word."""
QUALITIES_BYTES = 96 << 20
"""How much it may spend on how well groups are matched."""

Scores = NDArray[np.float32]
Remembered = TypeVar("Remembered")
Row = TypeVar("Row", bound=NDArray[Any])


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a word, and how many they are."""

    bits: Bits
    count: int


class Recent(Generic[Row]):
    """Remembers rows within so much memory; who was not asked for longest goes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._rows: dict[object, Row] = {}
        self._lock = threading.Lock()

    def get(self, key: object) -> Row | None:
        """Return a row if it is remembered."""
        with self._lock:
            row = self._rows.pop(key, None)
            if row is not None:
                self._rows[key] = row
            return row

    def put(self, key: object, row: Row) -> None:
        """Remember a row; all are of one size."""
        with self._lock:
            while self._rows and (len(self._rows) + 1) * row.nbytes > self._most_bytes:
                del self._rows[next(iter(self._rows))]
            self._rows[key] = row


@dataclass(frozen=True)
class Snapshot:
    """Everything a search needs, consistent."""

    generation: int
    segments: tuple[Segment, ...]
    alive: Flags
    columns: Columns
    codes: dict[FacetName, Codes]
    unit: Matrix
    present: Flags
    reduced: Matrix | None
    basis: Matrix | None
    _masks: dict[object, object] = field(default_factory=dict[object, object])
    qualities: "Recent[Scores]" = field(default_factory=lambda: Recent(QUALITIES_BYTES))
    """How well each document matches the groups asked for lately, by their alternatives."""
    _holders: dict[tuple[int, ...], Holders] = field(default_factory=dict[tuple[int, ...], Holders])
    cache: dict[object, object] = field(default_factory=dict)
    """What browsing computed for this state."""

    @property
    def size(self) -> int:
        """Return the number of slots, dead ones too."""
        return len(self.alive)

    @cached_property
    def count(self) -> int:
        """Return the number of documents."""
        return int(self.alive.sum())

    @cached_property
    def saturation(self) -> Scores:
        """Return BM25's length-dependent denominator part of each slot."""
        lengths = self.columns["length"]
        mean = float(lengths[self.alive].mean()) if self.count else 1.0
        return (K1 * (1 - B + B * lengths / max(mean, 1e-6))).astype(np.float32)

    def holders(self, terms: tuple[int, ...]) -> "Holders":
        """Return who holds one of some terms."""
        found = self._holders.get(terms)
        if found is None:
            flags = np.zeros(self.size, dtype=np.bool_)
            for segment in self.segments:
                for term in terms:
                    flags[segment.postings(term)[0]] = True
            bits = bitmaps.of_flags(flags & self.alive)
            found = Holders(bits, bitmaps.count(bits))
            if len(self._holders) * bits.nbytes >= HOLDERS_BYTES:
                self._holders.clear()
            self._holders[terms] = found
        return found

    def count_holders(self, terms: tuple[int, ...]) -> int:
        """Count who holds the most frequent of some terms."""
        return max((self.holders((term,)).count for term in terms), default=0)

    def mentions(self, term: int, selection: Selection | None) -> tuple[NDArray[np.int64], Scores]:
        """Return the places of selected slots that hold a term, with its weighted frequency in each."""
        parts = [segment.postings(term) for segment in self.segments]
        if selection is None:
            found = [(slots.astype(np.int64), frequencies) for slots, frequencies in parts]
        else:
            found = [selection.restrict(*part) for part in parts]
        if len(found) == 1:
            return found[0]
        if not found:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return np.concatenate([part[0] for part in found]), np.concatenate([part[1] for part in found])

    def bearing(self, name: FacetName, values: frozenset[str]) -> Flags:
        """Return which slots bear one of some facet values."""
        return self.remembered(
            ("bearing", name, values),
            lambda: self.columns.facets[name].rows_with(self._numbers(name, values)),
        )

    def coverage(self, countries: frozenset[str]) -> Scores:
        """Return how well each slot covers a place: its countries there, or at least a home there."""
        return self.remembered(("coverage", countries), lambda: self._coverage(countries))

    def passing(self, filters: Filters, *, without: FacetName | None = None) -> Flags:
        """Return which living slots fulfil the filters, one facet's own left out if asked."""
        mask = self.alive
        wanted: dict[FacetName, frozenset[str]] = {
            "skill": filters.skill,
            "sector": filters.sector,
            "language": filters.language,
        }
        for name, values in wanted.items():
            if values and name != without:
                mask = mask & self.bearing(name, values)
        if without != "country":
            for countries in (filters.country, filters.zone_countries):
                if countries:
                    mask = mask & self.bearing("country", countries)
        if filters.max_day_rate_eur_cents is not None:
            rates = self.columns["rate_eur_cents"]
            mask = mask & (rates != NO_RATE) & (rates <= filters.max_day_rate_eur_cents)
        if filters.available_by is not None:
            mask = mask & (self.columns["available_on"] <= filters.available_by.toordinal())
        return mask

    def facet_counts(self, name: FacetName, rows: NDArray[np.intp], limit: int) -> list[FacetCount]:
        """Count a facet's values over some living slots, most frequent first, and return the first `limit`."""
        values = self.codes[name].values
        table = self.remembered(("table", name), self.columns.facets[name].table)
        counts = table.counts(rows, len(values))
        order = np.argsort(-counts, kind="stable")[: min(limit, np.count_nonzero(counts))]
        return [FacetCount(values[at], count) for at, count in zip(order.tolist(), counts[order].tolist(), strict=True)]

    def common(self, name: FacetName) -> list[FacetCount]:
        """Return all values of a facet over everybody; counted once a snapshot, since each keystroke asks."""
        key = ("common", name)
        if key not in self.cache:
            self.cache[key] = self.facet_counts(name, np.flatnonzero(self.alive), len(self.codes[name].values))
        found: Any = self.cache[key]
        return found

    def days_until_available(self, today: date) -> NDArray[np.float64]:
        """Return the days until each slot's expert is available; NaN where not said."""

        def compute() -> NDArray[np.float64]:
            days = self.columns["available_on"].astype(np.float64) - today.toordinal()
            return np.where(self.columns["available_on"] == NO_DATE, np.nan, days)

        return self.remembered(("available", today), compute)

    def _coverage(self, countries: frozenset[str]) -> Scores:
        numbers = self._numbers("country", countries)
        covered = self.columns.facets["country"].counts_per_row(numbers)
        share = covered / min(max(len(countries), 1), 4)
        works_there = np.where(covered > 0, 0.8 + 0.2 * np.minimum(share, 1.0), 0.0)
        lives_there = np.where(np.isin(self.columns["based_in"], numbers), 0.6, 0.0)
        return np.maximum(works_there, lives_there).astype(np.float32)

    def _numbers(self, name: FacetName, values: frozenset[str]) -> NDArray[np.int32]:
        found = [self.codes[name].find(value) for value in values]
        return np.array(sorted(number for number in found if number is not None), dtype=np.int32)

    def remembered(self, key: object, compute: Callable[[], Remembered]) -> Remembered:
        """Return what was computed under a key, now if not before."""
        found: Any = self._masks.get(key)
        if found is None:
            found = compute()
            if len(self._masks) >= CACHED_MASKS:
                self._masks.clear()
            self._masks[key] = found
        return found
