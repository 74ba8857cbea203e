"""What an engine is asked and what it answers: the whole of what searching knows about where documents live."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.documents import Document
from ranking.held_skills import HeldSkills
from ranking.profiles import Profile, Source

FacetName = Literal["country", "skill", "sector", "language"]
ENOUGH = 20
"""Lexical matches below which fewer words will do: a first page."""
FACETS: tuple[FacetName, ...] = ("country", "skill", "sector", "language")
ROUNDING = 1e-4
Floats = NDArray[np.float64]
Vector = NDArray[np.float32]
Word = tuple[str, ...]
"""A word as its interchangeable stems."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to match a group: all `terms` count, weighted; fewer than all count less than their share."""

    terms: tuple[Word, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Group:
    """One unit of what was asked (a word or a phrase) with everything that expresses it; the best one counts."""

    label: str
    words: int
    alternatives: tuple[Alternative, ...]
    is_required: bool = True
    """False for places: they weigh, but nobody is left out for want of them."""


def held_words(phrase: int, words: int, halves: int) -> int:
    """Return how many words of a phrase one has to hold for so many half words of a group that is worth `words`.

    What is held of a phrase counts by its share, rounded down to half words: both engines count in these.
    """
    return -(-halves * phrase // (2 * words))


def needed_halves(words: float) -> int:
    """Return how many half words are at least so many words."""
    return math.ceil((words - ROUNDING) * 2)


@dataclass(frozen=True)
class Filters:
    """What a result must fulfil: OR within one, AND between."""

    country: frozenset[str] = frozenset()
    zone_countries: frozenset[str] = frozenset()
    skill: frozenset[str] = frozenset()
    sector: frozenset[str] = frozenset()
    language: frozenset[str] = frozenset()
    max_day_rate_eur_cents: int | None = None
    available_by: date | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether everybody passes."""
        return self == Filters()


@dataclass(frozen=True)
class Plan:
    """One search, understood."""

    groups: tuple[Group, ...]
    minimum_words: float
    """How many words' worth of required groups a lexical match needs."""
    fewest_words: float
    """How few will do, word by word less, while fewer than `ENOUGH` match."""
    filters: Filters
    profile: Profile
    asked: frozenset[Source]
    today: date
    skills: Mapping[str, float] = field(default_factory=dict)
    """Understood skills, with what each weighs."""
    related: Mapping[str, float] = field(default_factory=dict)
    """Skills and sectors, as terms, whose meaning is near the query's, with how near."""
    places: tuple[frozenset[str], ...] = ()
    """Understood places, each as the countries that fulfil it."""
    sectors: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    vector: Vector | None = None
    """The query's, centred for its language, moved towards the concepts that it names, and of length one."""
    topic: Vector | None = None
    """The same without the places that the query names: what skills are compared with."""

    @property
    def reviewed_skills(self) -> frozenset[str]:
        """Return the skills whose reviews count in full: those that are asked for, by words or by a filter."""
        return self.filters.skill.union(self.skills)

    @property
    def is_browsing(self) -> bool:
        """Tell whether nothing was typed that could match or miss."""
        return not self.groups and self.vector is None


def needed_words(plan: Plan) -> list[float]:
    """Return how many words a match needs, and the fewer that will do if those leave less than a page."""
    levels = [plan.minimum_words]
    while levels[-1] > plan.fewest_words:
        levels.append(max(levels[-1] - 1.0, plan.fewest_words))
    return levels


@dataclass(frozen=True)
class Candidates:
    """The window to rank: one row a candidate, raw values by source (NaN where there is none)."""

    ids: Sequence[str]
    raw: dict[Source, Floats]
    boosted: NDArray[np.bool_]
    created: NDArray[np.int64]
    """Day of creation as an ordinal."""
    ties: NDArray[np.int64]
    texts: NDArray[np.int64]
    """Equal where two profiles repeat a text that is long enough to tell."""
    held: HeldSkills
    """The skills that each one lists or mentions."""


@dataclass(frozen=True)
class FacetCount:
    """How many lexical matches bear a value."""

    value: str
    count: int


@dataclass(frozen=True)
class Retrieved:
    """An engine's answer to a plan."""

    total: int
    """Lexical matches and neighbours above the floor."""
    lexical_total: int
    candidates: Candidates
    rest: Sequence[str]
    """Who follows the window, best first by the first phase."""
    facets: dict[FacetName, list[FacetCount]]


Changes = tuple[Sequence[Document], Mapping[str, int], Mapping[str, Vector]]
"""What `Engine.put` takes: documents, who is gone at which version, vectors by text hash."""


class Engine(Protocol):
    """Holds documents and finds them."""

    def put(self, found: Iterable[Document], removed: Mapping[str, int], vectors: Mapping[str, Vector]) -> None:
        """Store new versions of documents, and vectors by text hash, and drop others, durably.

        Only newer versions than stored count; `removed` tells the version at which each one was gone.
        """
        ...

    def retrieve(self, plan: Plan) -> Retrieved:
        """Answer a plan."""
        ...

    def describe(self, plan: Plan, ids: Sequence[str]) -> Candidates:
        """Return the raw values of given experts under a plan; unknown ids are left out."""
        ...

    def documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return the stored documents of `ids`."""
        ...

    def names_like(self, prefix: str, limit: int) -> list[Document]:
        """Return experts a word of whose name begins so."""
        ...

    def correct(self, word: str) -> str | None:
        """Return the indexed word that a misspelling most likely stands for."""
        ...

    def holders(self, words: Iterable[Word]) -> dict[Word, int]:
        """Return about how many documents hold the most frequent stem of each word."""
        ...

    def common_values(self, facet: FacetName, limit: int) -> list[FacetCount]:
        """Return the most frequent values of a facet over everybody."""
        ...

    def count(self) -> int:
        """Count the documents."""
        ...

    def count_vectors(self) -> int:
        """Count the documents that have their vector."""
        ...

    def versions(self) -> dict[str, int]:
        """Return every document's id and version."""
        ...
