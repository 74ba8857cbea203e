"""Where skills lie in the encoder's space, by their key: a concept by its names, a free skill by its own words."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from foundation.database import Database
from indexer import embeddings
from indexer.engines.embedded.vectors import Centre
from indexer.engines.interface import Floats, Vector
from ranking.held_skills import HeldSkills
from taxonomy import dictionaries
from taxonomy.concepts import LANGUAGES, is_reviewed
from taxonomy.wordlists import Wordlists

FREE = "skill/"
MOST_KEPT = 50_000
"""How many free skills' vectors are kept in memory: 77 MB at 384 dimensions."""
REMEMBERED = 2_000
"""Of how many queries the nearness of all concepts is kept: the pages and filters of one search ask it again."""
Rows = NDArray[np.float32]


def free_skills(labels: Iterable[str], wordlists: Wordlists) -> dict[str, str]:
    """Return the skills among some labels that no reviewed concept stands for, by the hash of their vectors."""
    keys = {wordlists.skill_key(label): label for label in labels}
    return {_hash(key): label for key, label in keys.items() if not is_reviewed(key)}


@dataclass(frozen=True)
class Free:
    """Vectors of free skills: a row for each, and room for more, so that few are copied when some are added."""

    places: dict[str, int]
    rows: Rows

    def joined(self, vectors: Mapping[str, Vector]) -> "Free":
        """Return these with others; readers of this one see nothing move."""
        new = {key: vector for key, vector in vectors.items() if key not in self.places}
        places, rows = self.places, self.rows
        if len(places) + len(new) > MOST_KEPT:
            places, rows = {}, rows[:0]
        first = len(places)
        if first + len(new) > len(rows):
            rows = np.zeros((2 * (first + len(new)), rows.shape[1]), dtype=np.float32)
            rows[:first] = self.rows[:first]
            places = dict(places)
        for row, (key, vector) in enumerate(new.items(), first):
            rows[row] = vector
            places[key] = row
        return Free(places, rows)


class SkillVectors:
    """Centred vectors of skills, a few rows a key; those of free skills are read from the database when needed."""

    def __init__(self, database: Database, encoder: str, centre: Centre, concepts: Mapping[str, Rows]) -> None:
        self._database = database
        self._encoder = encoder
        self._centre = centre
        self._rows = {key: row for row, key in enumerate(concepts)}
        self._concept_rows = np.concatenate([centre.passage[:0], *concepts.values()])
        self._concept_starts = np.cumsum([0, *map(len, concepts.values())], dtype=np.intp)[:-1]
        self._free = Free({}, centre.passage[:0])
        self._lock = Lock()
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._nearest)

    def closeness(self, unit: Vector, held: HeldSkills) -> Floats:
        """Return for each candidate the cosine of the listed skill nearest to a query; NaN for none."""
        nearest = self._remembered(unit.astype(np.float32).tobytes())
        rows = np.fromiter((self._rows.get(key, -1) for key in held.keys), dtype=np.intp, count=len(held.keys))
        by_code = nearest[rows]
        unknown = [code for code in np.flatnonzero(rows < 0).tolist() if not is_reviewed(held.keys[code])]
        by_code[unknown] = self._free_cosines([held.keys[code] for code in unknown], unit)
        closest = np.full(held.size, np.nan)
        np.fmax.at(closest, held.holders[held.is_listed], by_code[held.codes[held.is_listed]])
        return closest

    def _nearest(self, query: bytes) -> Floats:
        """Return the cosine of each concept, and NaN for what is none."""
        # All concepts at once: they are few, and picking those that are held would take longer.
        cosines = self._concept_rows @ np.frombuffer(query, dtype=np.float32)
        return np.append(np.maximum.reduceat(cosines, self._concept_starts), np.nan).astype(np.float64)

    def _free_cosines(self, keys: Sequence[str], unit: Vector) -> Floats:
        """Return the cosine of each of some free skills; NaN for one whose vector isn't made yet."""
        free = self._free
        if missing := [key for key in keys if key not in free.places]:
            free = self._read(missing)
        rows = np.fromiter((free.places.get(key, -1) for key in keys), dtype=np.intp, count=len(keys))
        cosines = np.full(len(keys), np.nan)
        cosines[rows >= 0] = free.rows[rows[rows >= 0]] @ unit
        return cosines

    def _read(self, keys: Sequence[str]) -> "Free":
        """Read vectors of free skills; one that isn't made yet is looked for again next time."""
        by_hash = {_hash(key): key for key in keys}
        with self._database.reading() as session:
            stored = embeddings.stored(session, self._encoder, by_hash)
        read = {by_hash[text_hash]: self._centred(by_hash[text_hash], raw) for text_hash, raw in stored.items()}
        if read:
            with self._lock:
                self._free = self._free.joined(read)
        return self._free

    def _centred(self, key: str, raw: Vector) -> Vector:
        language = dictionaries.language_of(key.removeprefix("~"))
        means = self._centre.passage
        mean = means.mean(axis=0) if language is None else means[LANGUAGES.index(language)]
        centred = raw - mean
        return (centred / max(float(np.linalg.norm(centred)), 1e-9)).astype(np.float32)


def _hash(key: str) -> str:
    return FREE + hashlib.sha256(key.encode()).hexdigest()
