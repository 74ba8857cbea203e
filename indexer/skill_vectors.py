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
from ranking.held_skills import HeldSkills
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
        self._concepts = list(concepts)
        self._concept_rows = np.concatenate([centre.passage[:0], *concepts.values()])
        self._concept_starts = np.cumsum([0, *map(len, concepts.values())], dtype=np.intp)[:-1]
        self._free: dict[str, Vector] = {}
        self._lock = Lock()

    def closeness(self, unit: Vector, held: HeldSkills) -> Floats:
        """Return for each candidate the cosine of the listed skill nearest to a query; NaN for none."""
        # All concepts at once: they are few, and picking those that are held would take longer.
        nearest = np.maximum.reduceat(self._concept_rows @ unit, self._concept_starts)
        by_key = dict(zip(self._concepts, nearest.tolist(), strict=True))
        if free := self._free_vectors([key for key in held.keys if key.startswith("~")]):
            by_key.update(zip(free, (np.array([*free.values()]) @ unit).tolist(), strict=True))
        by_code = np.array([by_key.get(key, np.nan) for key in held.keys], dtype=np.float64)
        closest = np.full(held.size, np.nan)
        np.fmax.at(closest, held.holders[held.is_listed], by_code[held.codes[held.is_listed]])
        return closest

    def _free_vectors(self, keys: Iterable[str]) -> dict[str, Vector]:
        kept = {key: self._free.get(key) for key in keys}
        found = {key: vector for key, vector in kept.items() if vector is not None}
        if len(found) < len(kept):
            found.update(self._read([key for key in kept if key not in found]))
        return found

    def _read(self, keys: Sequence[str]) -> dict[str, Vector]:
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

    def _centred(self, key: str, raw: Vector) -> Vector:
        language = dictionaries.language_of(key.removeprefix("~"))
        means = self._centre.passage
        mean = means.mean(axis=0) if language is None else means[LANGUAGES.index(language)]
        centred = raw - mean
        return (centred / max(float(np.linalg.norm(centred)), 1e-9)).astype(np.float32)


def _hash(key: str) -> str:
    return FREE + hashlib.sha256(key.encode()).hexdigest()
