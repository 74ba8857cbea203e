"""Where skills lie in the encoder's space, by their key: a concept by its names, a free skill by its own words."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from foundation.database import Database
from indexer import embeddings
from indexer.engines.embedded.vectors import Centre
from indexer.engines.interface import Floats, Vector
from taxonomy import dictionaries
from taxonomy.concepts import LANGUAGES
from taxonomy.wordlists import Wordlists

FREE = "skill/"
MOST_KEPT = 50_000
"""How many free skills' vectors are kept in memory: 77 MB at 384 dimensions."""
Rows = NDArray[np.float32]


def free_skills(labels: Iterable[str], wordlists: Wordlists) -> dict[str, str]:
    """Return the skills among some labels that no concept stands for, by the hash that their vectors are kept under."""
    keys = {wordlists.skill_key(label): label for label in labels}
    return {_hash(key): label for key, label in keys.items() if key.startswith("~")}


class SkillVectors:
    """Centred vectors of skills, a few rows a key; those of free skills are read from the database when needed."""

    def __init__(self, database: Database, encoder: str, centre: Centre, concepts: Mapping[str, Rows]) -> None:
        self._database = database
        self._encoder = encoder
        self._centre = centre
        self._concepts = concepts
        self._free: dict[str, Rows] = {}
        self._lock = Lock()

    def closeness(self, unit: Vector, experts: Sequence[Sequence[str]]) -> Floats:
        """Return for each expert, given by skill keys, the cosine of the skill nearest to a query; NaN for none."""
        keys = list(dict.fromkeys(key for skills in experts for key in skills))
        rows = self._rows(keys)
        known = [key for key in keys if key in rows]
        if not known:
            return np.full(len(experts), np.nan)
        starts = np.cumsum([0, *(len(rows[key]) for key in known[:-1])])
        nearest = np.maximum.reduceat(np.vstack([rows[key] for key in known]) @ unit, starts)
        by_key = dict(zip(known, nearest.tolist(), strict=True))
        return np.array([max((by_key[key] for key in skills if key in by_key), default=np.nan) for skills in experts])

    def _rows(self, keys: Iterable[str]) -> dict[str, Rows]:
        found = {key: self._concepts[key] for key in keys if key in self._concepts}
        free = {key: self._free.get(key) for key in keys if key.startswith("~")}
        missing = [key for key, rows in free.items() if rows is None]
        found.update((key, rows) for key, rows in free.items() if rows is not None)
        if missing:
            found.update(self._read(missing))
        return found

    def _read(self, keys: Sequence[str]) -> dict[str, Rows]:
        """Read vectors of free skills; one that isn't made yet is looked for again next time."""
        by_hash = {_hash(key): key for key in keys}
        with self._database.reading() as session:
            stored = embeddings.stored(session, self._encoder, by_hash)
        read = {by_hash[text_hash]: self._centred(by_hash[text_hash], raw) for text_hash, raw in stored.items()}
        with self._lock:
            if len(self._free) + len(read) > MOST_KEPT:
                self._free = {}
            self._free.update(read)
        return read

    def _centred(self, key: str, raw: Vector) -> Rows:
        language = dictionaries.language_of(key.removeprefix("~"))
        means = self._centre.passage
        mean = means.mean(axis=0) if language is None else means[LANGUAGES.index(language)]
        centred = raw - mean
        return (centred / max(float(np.linalg.norm(centred)), 1e-9)).astype(np.float32)[None]


def _hash(key: str) -> str:
    return FREE + hashlib.sha256(key.encode()).hexdigest()
