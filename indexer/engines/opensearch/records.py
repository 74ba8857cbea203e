"""What ranking needs of each document, kept in this process: a document never changes within a version.

A search brings only keys, versions and scores, which costs the engine a fraction of what stored values do; the
values of documents not met lately follow in a second request.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from indexer.engines.opensearch import mapping
from ranking.held_skills import Skillset, skillset
from ranking.reviews import SkillTotals

FIELDS = (
    "id version tie twin created_on boosted_until rating_count review_prior review_sum review_weight reviewed "
    "available_on skill_keys mentions"
).split()
Key = TypeVar("Key")
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """The values used last, at most so many; safe between threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def held(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """Return what is kept of some keys."""
        with self._lock:
            found = {key: self._values[key] for key in keys if key in self._values}
            for key in found:
                self._values.move_to_end(key)
        return found

    def keep(self, values: Mapping[Key, Value]) -> None:
        """Keep values, at the price of those used longest ago."""
        with self._lock:
            self._values.update(values)
            while len(self._values) > self._limit:
                self._values.popitem(last=False)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._values.clear()

    def gather(self, keys: Iterable[Key], ask: Callable[[list[Key]], Mapping[Key, Value]]) -> dict[Key, Value]:
        """Return values by key; `ask` is called with the keys that are not kept, and may know fewer."""
        wanted = list(keys)
        found = self.held(wanted)
        if missing := [key for key in wanted if key not in found]:
            asked = ask(missing)
            self.keep(asked)
            found.update(asked)
        return found


@dataclass(frozen=True, slots=True)
class Record:
    """What ranking needs of a document, whatever is asked; days are ordinals, NaN or -1 where there is none."""

    id: str
    tie: int
    version: int
    twin: int
    created_on: int
    boosted_until: int
    rating_count: int
    review_prior: float
    review_sum: float
    review_weight: float
    reviewed: SkillTotals
    available_on: float
    skills: Skillset


class Hit(NamedTuple):
    """A document that a search found: its record, its score, and the scores of the named queries it fulfils."""

    record: Record
    score: float
    named: Mapping[str, float]


def read(hit: Mapping[str, Any]) -> Record:
    """Read a record from a found document with its `FIELDS`."""
    values = hit["fields"]

    def one(name: str, missing: Any = 0) -> Any:
        return values.get(name, (missing,))[0]

    return Record(
        id=one("id"),
        tie=one("tie"),
        version=one("version"),
        twin=one("twin"),
        created_on=one("created_on"),
        boosted_until=one("boosted_until", -1),
        rating_count=one("rating_count"),
        review_prior=one("review_prior"),
        review_sum=one("review_sum"),
        review_weight=one("review_weight"),
        reviewed=_totals(values.get("reviewed", [])),
        available_on=one("available_on", np.nan),
        skills=skillset(values.get("skill_keys", []), values.get("mentions", [])),
    )


_NO_TOTALS = SkillTotals((), np.empty(0), np.empty(0))


def _totals(stored: Sequence[str]) -> SkillTotals:
    """Read the reviewed skills of a document, as `mapping.fields` writes them."""
    if not stored:
        return _NO_TOTALS
    parts = [line.rsplit(mapping.PART_END, 2) for line in stored]
    sums, weights = (np.array([float(part[at]) for part in parts], dtype=np.float64) for at in (1, 2))
    return SkillTotals(tuple(part[0] for part in parts), sums, weights)
