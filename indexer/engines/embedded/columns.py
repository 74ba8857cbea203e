"""What filters, facets and features read: one row a slot, grown at the end, never changed in place."""

from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from indexer.documents import Document
from indexer.engines.embedded.segments import ranges
from indexer.engines.interface import FACETS, FacetName
from ranking.held_skills import HeldSkills
from ranking.reviews import Reviewed
from taxonomy.concepts import LANGUAGES

NO_DATE = np.iinfo(np.int32).min
NO_RATE = -1
TELLING_WORDS = 25
WIDEST = 12
"""Rows of more values are counted apart."""


class Codes:
    """Gives each value of a facet a small number, for good."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.values: list[str] = []

    def number(self, value: str) -> int:
        """Return the number of a value, a new one if need be."""
        if value not in self._numbers:
            self._numbers[value] = len(self.values)
            self.values.append(value)
        return self._numbers[value]

    def find(self, value: str) -> int | None:
        """Return the number of a value that some document bears."""
        return self._numbers.get(value)


@dataclass(frozen=True, slots=True)
class Ragged:
    """Several values a row."""

    values: NDArray[np.int32]
    starts: NDArray[np.int64]

    def rows_with(self, wanted: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which rows hold one of the wanted values."""
        hits = np.zeros(len(self.values), dtype=np.bool_)
        for value in wanted:
            hits |= self.values == value
        rows = np.zeros(len(self.starts) - 1, dtype=np.bool_)
        rows[np.searchsorted(self.starts, np.flatnonzero(hits), side="right") - 1] = True
        return rows

    def counts_per_row(self, wanted: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return how many of the wanted values each row holds."""
        hits = np.zeros(len(self.values), dtype=np.bool_)
        for value in wanted:
            hits |= self.values == value
        rows = np.searchsorted(self.starts, np.flatnonzero(hits), side="right") - 1
        return np.bincount(rows, minlength=len(self.starts) - 1)

    def table(self) -> "Table":
        """Return the rows side by side, which are quicker to count."""
        sizes = np.diff(self.starts)
        width = int(min(sizes.max(initial=0), WIDEST))
        cells = np.zeros((len(sizes), width), dtype=np.int32)
        at = np.arange(len(self.values)) - np.repeat(self.starts[:-1], sizes)
        fits = np.repeat(sizes <= width, sizes)
        cells[np.repeat(np.arange(len(sizes)), sizes)[fits], at[fits]] = self.values[fits] + 1
        return Table(cells, self, sizes > width)

    def counts(self, rows: NDArray[np.intp], size: int) -> NDArray[np.int64]:
        """Count each value over some rows."""
        return np.bincount(self.values[ranges(self.starts, rows)[0]], minlength=size)

    def extended(self, lists: list[list[int]]) -> "Ragged":
        """Return a copy with rows added."""
        sizes = np.array([len(item) for item in lists], dtype=np.int64)
        added = np.array([value for item in lists for value in item], dtype=np.int32)
        return Ragged(
            np.concatenate([self.values, added]),
            np.concatenate([self.starts, self.starts[-1] + np.cumsum(sizes)]),
        )

    def taken(self, rows: NDArray[np.int64]) -> "Ragged":
        """Return a copy of some rows."""
        flat, sizes = ranges(self.starts, rows)
        return Ragged(self.values[flat], np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of several values as one matrix: each value plus one, then zeros; rows too long for it stay ragged."""

    cells: NDArray[np.int32]
    ragged: Ragged
    is_long: NDArray[np.bool_]

    def counts(self, rows: NDArray[np.intp], size: int) -> NDArray[np.int64]:
        """Count each value over some rows."""
        found = np.bincount(self.cells.take(rows, axis=0).ravel(), minlength=size + 1)[1:]
        long = rows[self.is_long.take(rows)]
        return found + self.ragged.counts(long, size) if len(long) else found


def _no_rows() -> Ragged:
    return Ragged(np.empty(0, dtype=np.int32), np.zeros(1, dtype=np.int64))


_SCALARS: dict[str, type[np.generic]] = {
    "length": np.float32,
    "based_in": np.int32,
    "rate_eur_cents": np.int64,
    "available_on": np.int32,
    "boosted_until": np.int32,
    "rating_count": np.float32,
    "review_prior": np.float64,
    "review_sum": np.float64,
    "review_weight": np.float64,
    "created_on": np.int32,
    "tie": np.int64,
    "text": np.int64,
    "twin": np.int64,
    "language": np.int8,
}


@dataclass(frozen=True)
class Columns:
    """All columns of a snapshot."""

    ids: list[str]
    scalars: dict[str, NDArray] = field(  # pyright: ignore[reportMissingTypeArgument]
        default_factory=lambda: {name: np.empty(0, dtype=kind) for name, kind in _SCALARS.items()}
    )
    facets: dict[FacetName, Ragged] = field(default_factory=lambda: {name: _no_rows() for name in FACETS})
    mentions: Ragged = field(default_factory=_no_rows)
    """Skills that a text mentions and its profile doesn't list, numbered as those of the facet are."""
    reviewed: Ragged = field(default_factory=_no_rows)
    """Skills that were reviewed, numbered alike."""
    review_totals: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    """The sum and the weight of reviews, a row for each value of `reviewed`."""

    def __getitem__(self, name: str) -> NDArray:  # pyright: ignore[reportMissingTypeArgument]
        return self.scalars[name]

    def extended(self, found: list[Document], lengths: list[float], codes: dict[FacetName, Codes]) -> "Columns":
        """Return columns with documents added."""
        rows = [_scalars(document, length, codes) for document, length in zip(found, lengths, strict=True)]
        scalars = {
            name: np.concatenate([self.scalars[name], np.array([row[name] for row in rows], dtype=kind)])
            for name, kind in _SCALARS.items()
        }
        facets: dict[FacetName, Ragged] = {
            name: self.facets[name].extended(
                [[codes[name].number(value) for value in _values(document, name)] for document in found]
            )
            for name in FACETS
        }
        mentions = self.mentions.extended(
            [[codes["skill"].number(key) for key in document.only_mentioned] for document in found]
        )
        reviewed = self.reviewed.extended(
            [[codes["skill"].number(key) for key in document.reviewed_skills] for document in found]
        )
        added = [totals for document in found for totals in document.reviewed_skills.values()]
        totals = np.concatenate([self.review_totals, np.array(added, dtype=np.float64).reshape(-1, 2)])
        ids = [*self.ids, *(document.id for document in found)]
        return Columns(ids, scalars, facets, mentions, reviewed, totals)

    def held_skills(self, rows: NDArray[np.int64], names: list[str]) -> HeldSkills:
        """Return the skills that some rows list or mention, by their names."""
        listed, mentions = self.facets["skill"].taken(rows), self.mentions.taken(rows)
        used, codes = np.unique(np.concatenate([mentions.values, listed.values]), return_inverse=True)
        holders = [np.repeat(np.arange(len(rows)), np.diff(skills.starts)) for skills in (mentions, listed)]
        return HeldSkills(
            keys=[names[value] for value in used.tolist()],
            codes=codes,
            holders=np.concatenate(holders),
            is_listed=np.repeat([False, True], [len(mentions.values), len(listed.values)]),
            size=len(rows),
        )

    def reviews(self, rows: NDArray[np.int64], names: list[str]) -> Reviewed:
        """Return the reviews of some rows, with the names of the skills that were reviewed."""
        flat, sizes = ranges(self.reviewed.starts, rows)
        used, codes = np.unique(self.reviewed.values[flat], return_inverse=True)
        return Reviewed(
            priors=self["review_prior"][rows],
            sums=self["review_sum"][rows],
            weights=self["review_weight"][rows],
            keys=[names[value] for value in used.tolist()],
            codes=codes,
            holders=np.repeat(np.arange(len(rows)), sizes),
            skill_sums=self.review_totals[flat, 0],
            skill_weights=self.review_totals[flat, 1],
        )

    def taken(self, rows: NDArray[np.int64]) -> "Columns":
        """Return the columns of some rows."""
        return Columns(
            [self.ids[row] for row in rows],
            {name: column[rows] for name, column in self.scalars.items()},
            {name: ragged.taken(rows) for name, ragged in self.facets.items()},
            self.mentions.taken(rows),
            self.reviewed.taken(rows),
            self.review_totals[ranges(self.reviewed.starts, rows)[0]],
        )


def key_of(text: str) -> int:
    """Return 63 bits that stand for a text, equal on every machine and engine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def _scalars(document: Document, length: float, codes: dict[FacetName, Codes]) -> dict[str, float]:
    return {
        "length": length,
        "based_in": codes["country"].number(document.based_in) if document.based_in else -1,
        "rate_eur_cents": document.day_rate_eur_cents or NO_RATE,
        "available_on": _ordinal(document.available_from),
        "boosted_until": _ordinal(document.boosted_until),
        "rating_count": document.rating_count,
        "review_prior": document.review_prior,
        "review_sum": document.review_sum,
        "review_weight": document.review_weight,
        "created_on": document.created_on.toordinal(),
        "tie": key_of(document.id),
        "text": key_of(document.text_hash),
        "twin": key_of(document.text_hash if is_telling(document) else document.id),
        "language": LANGUAGES.index(document.language),
    }


def is_telling(document: Document) -> bool:
    """Tell whether a text is long enough that two people don't write the same by chance."""
    return len(document.summary.split()) >= TELLING_WORDS


def _ordinal(day: date | None) -> int:
    return NO_DATE if day is None else day.toordinal()


def _values(document: Document, name: FacetName) -> list[str]:
    if name == "country":
        return document.countries
    if name == "skill":
        return document.skill_keys
    if name == "sector":
        return document.sector_keys
    return document.languages
