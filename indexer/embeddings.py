"""Vectors in the database, and the centre of the space that they live in."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation.database import Database, insert
from foundation.settings import ROOT
from indexer.documents import sector_term, skill_term
from indexer.encoders import Encoder
from indexer.engines.embedded.vectors import Centre
from indexer.engines.interface import Vector
from indexer.models import Embedding
from taxonomy import texts
from taxonomy.concepts import LANGUAGES, Concept, Language
from taxonomy.wordlists import Wordlists

READ_CHUNK = 500
Encode = Callable[[Sequence[str]], list[Vector]]
CONCEPT = "concept/"
ENCODED_NAMES = 4
QUERY_SAMPLE = 6
"""Every so many labels are encoded as queries too, to tell where queries lie."""
NEAREST = 8
NEAR = 0.20
REMEMBERED = 2_000
"""Of how many queries the nearest concepts are kept."""
_HALF = np.dtype("<f2")


@dataclass(frozen=True)
class Concepts:
    """Skills and sectors in the encoder's space: `units` are centred, a row for each of `terms`.

    A concept has several rows: its names and everyday needs, in both languages.
    """

    terms: tuple[str, ...]
    units: NDArray[np.float32]
    is_name: NDArray[np.bool_]
    """Which rows are names of the concept; the others are needs."""
    centre: Centre

    @cached_property
    def rows(self) -> dict[str, NDArray[np.intp]]:
        """Return which rows are about each term."""
        found: dict[str, list[int]] = defaultdict(list)
        for row, term in enumerate(self.terms):
            found[term].append(row)
        return {term: np.array(rows, dtype=np.intp) for term, rows in found.items()}

    def names(self, term: str) -> NDArray[np.float32]:
        """Return the vectors of a concept's names; none while a changed name waits to be encoded."""
        rows = self.rows.get(term, np.empty(0, dtype=np.intp))
        return self.units[rows[self.is_name[rows]]]

    def towards(self, unit: Vector, terms: Iterable[str], share: float) -> Vector:
        """Move a centred query towards concepts that it names: an acronym alone means little to the encoder."""
        middles = [self.units[self.rows[term]].mean(axis=0) for term in terms if term in self.rows]
        if not middles:
            return unit
        moved = unit + share * _unit(np.vstack([_unit(middle) for middle in middles]).mean(axis=0))
        return _unit(moved)

    def near(self, unit: Vector) -> Mapping[str, float]:
        """Return the concepts nearest to a centred query, as terms, with how far above the floor each is."""
        return self._remembered(unit.astype(np.float32).tobytes())

    @cached_property
    def _remembered(self) -> Callable[[bytes], Mapping[str, float]]:
        """Remember what is near: the pages and filters of one search all ask it."""
        return lru_cache(maxsize=REMEMBERED)(self._near)

    def _near(self, query: bytes) -> Mapping[str, float]:
        found: dict[str, float] = {}
        cosines = self.units @ np.frombuffer(query, dtype=np.float32)
        above = np.flatnonzero(cosines > NEAR)
        for at in above[np.argsort(-cosines[above])].tolist():
            if len(found) == NEAREST:
                break
            found.setdefault(self.terms[at], float(cosines[at]) - NEAR)
        return found


def stored(session: Session, encoder: str, hashes: Iterable[str]) -> dict[str, Vector]:
    """Return the vectors that exist for texts."""
    wanted = list(dict.fromkeys(hashes))
    found: dict[str, Vector] = {}
    for start in range(0, len(wanted), READ_CHUNK):
        statement = select(col(Embedding.text_hash), col(Embedding.vector)).where(
            col(Embedding.encoder) == encoder,
            col(Embedding.text_hash).in_(wanted[start : start + READ_CHUNK]),
        )
        found.update(
            (text_hash, np.frombuffer(vector, dtype=_HALF).astype(np.float32))
            for text_hash, vector in session.execute(statement)
        )
    return found


def known(session: Session, encoder: str, hashes: Iterable[str]) -> set[str]:
    """Return which texts have their vector."""
    wanted = list(dict.fromkeys(hashes))
    found: set[str] = set()
    for start in range(0, len(wanted), READ_CHUNK):
        statement = select(col(Embedding.text_hash)).where(
            col(Embedding.encoder) == encoder, col(Embedding.text_hash).in_(wanted[start : start + READ_CHUNK])
        )
        found.update(session.execute(statement).scalars())
    return found


def store(session: Session, encoder: str, vectors: Mapping[str, Vector]) -> None:
    """Keep vectors; one that exists already stays."""
    # In one order, or two who keep the same ones at once might block each other.
    rows = [
        {"encoder": encoder, "text_hash": text_hash, "vector": vectors[text_hash].astype(_HALF).tobytes()}
        for text_hash in sorted(vectors)
    ]
    if not rows:
        return
    session.execute(insert(session, Embedding).on_conflict_do_nothing(), rows)


def prune(database: Database, kept: Callable[[], Collection[str]]) -> int:
    """Drop vectors of texts that nobody has any more, and return how many; those that come with the code stay.

    `kept` names what is in use. It is asked after the rows have been looked at: what comes meanwhile stays.
    """
    with database.reading() as session:
        keys = select(col(Embedding.encoder), col(Embedding.text_hash))
        rows = session.execute(keys.where(~col(Embedding.text_hash).startswith(CONCEPT))).all()
    shipped = {encoder: _shipped_hashes(encoder) for encoder in {row.encoder for row in rows}}
    in_use = frozenset(kept())
    unused = {row.text_hash for row in rows if row.text_hash not in in_use | shipped[row.encoder]}
    for start in range(0, len(found := sorted(unused)), READ_CHUNK):
        chunk = found[start : start + READ_CHUNK]
        database.write(lambda session, chunk=chunk: _drop(session, chunk))
    return len(unused)


def _drop(session: Session, hashes: Sequence[str]) -> None:
    session.execute(delete(Embedding).where(col(Embedding.text_hash).in_(hashes)))


def _shipped_hashes(encoder: str) -> frozenset[str]:
    path = shipped_path(encoder)
    if not path.exists():
        return frozenset()
    with np.load(path) as shipped:
        return frozenset(shipped["hashes"].tolist())


def count_stored(session: Session, encoder: str, hashes: Sequence[str]) -> int:
    """Count those of some different texts whose vector exists."""
    found = 0
    for start in range(0, len(hashes), READ_CHUNK):
        statement = select(func.count()).where(
            col(Embedding.encoder) == encoder, col(Embedding.text_hash).in_(hashes[start : start + READ_CHUNK])
        )
        found += session.execute(statement).scalar_one()
    return found


def adopt_shipped(database: Database, encoder: Encoder) -> None:
    """Take over the vectors of our own word lists and sample that come with the code: they need no encoding."""
    path = shipped_path(encoder.name)
    if not path.exists():
        return
    with np.load(path) as shipped:
        hashes: list[str] = shipped["hashes"].tolist()
        vectors: NDArray[np.float32] = shipped["vectors"].astype(np.float32)
    with database.reading() as session:
        if len(stored(session, encoder.name, hashes)) == len(hashes):
            return
    with database.writing() as session:
        store(session, encoder.name, dict(zip(hashes, vectors, strict=True)))


def ship(database: Database, encoder: Encoder) -> int:
    """Write every vector of a database to the file that comes with the code; return how many."""
    with database.reading() as session:
        rows = session.execute(
            select(col(Embedding.text_hash), col(Embedding.vector))
            .where(col(Embedding.encoder) == encoder.name)
            .order_by(col(Embedding.text_hash))
        ).all()
    path = shipped_path(encoder.name)
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        path,
        hashes=np.array([row.text_hash for row in rows]),
        vectors=np.vstack([np.frombuffer(row.vector, dtype=_HALF) for row in rows]),
    )
    return len(rows)


def shipped_path(encoder: str) -> Path:
    """Return where the vectors of an encoder that come with the code are."""
    return ROOT / "data" / "vectors" / f"{encoder.replace('/', '-')}.npz"


def concepts(database: Database, encoder: Encoder, wordlists: Wordlists, *, only_known: bool = False) -> Concepts:
    """Return where the trade's skills and sectors lie; encoded once, then kept like any vector.

    With `only_known` what has no vector yet is left out, unless nothing would be left.
    """
    found = [*wordlists.skills.concepts, *wordlists.sectors.concepts]
    terms = tuple(skill_term(concept.id) if concept.kind == "skill" else sector_term(concept.id) for concept in found)

    def encode_queries(labels: Sequence[str]) -> list[Vector]:
        return [encoder.encode_query(label) for label in labels]

    labelled: list[str] = []
    is_name: list[bool] = []
    passages: list[NDArray[np.float32]] = []
    queries: list[NDArray[np.float32]] = []
    for language in LANGUAGES:
        said = [
            (term, text, at == 0)
            for term, concept in zip(terms, found, strict=True)
            for at, text in enumerate(_texts(concept, language))
        ]
        labels = [concept.label(language) for concept in found[::QUERY_SAMPLE]]
        of_texts = _known(database, encoder.name, "passage", [text for _, text, _ in said])
        of_labels = _known(database, encoder.name, "query", labels)
        if not (only_known and of_texts and of_labels):
            wanted = [text for _, text, _ in said]
            of_texts |= _made(database, encoder.name, "passage", wanted, of_texts, encoder.encode_passages)
            of_labels |= _made(database, encoder.name, "query", labels, of_labels, encode_queries)
        encoded = [(term, text, is_first) for term, text, is_first in said if text in of_texts]
        labelled.extend(term for term, _, _ in encoded)
        is_name.extend(is_first for _, _, is_first in encoded)
        passages.append(np.vstack([of_texts[text] for _, text, _ in encoded]))
        queries.append(np.vstack([of_labels[label] for label in labels if label in of_labels]))
    middle = Centre(
        passage=np.vstack([vectors.mean(axis=0) for vectors in passages]),
        query=np.vstack([vectors.mean(axis=0) for vectors in queries]),
    )
    units = np.vstack([vectors - mean for vectors, mean in zip(passages, middle.passage, strict=True)])
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-9)
    return Concepts(tuple(labelled), units, np.array(is_name), middle)


def _texts(concept: Concept, language: Language) -> list[str]:
    """Return what is encoded for a concept: its names together first, then each way to put the need for it."""
    others = [name for name in concept.names if texts.key(name) != texts.key(concept.label(language))]
    names = ", ".join([concept.label(language), *others[:ENCODED_NAMES]])
    return [names, *concept.needs.get(language, ())]


def _unit(vector: NDArray[np.floating]) -> Vector:
    return (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)


def _known(database: Database, encoder: str, role: str, found: Sequence[str]) -> dict[str, Vector]:
    """Return the vectors that exist for texts in a role, by text."""
    by_hash = {_hash(role, text): text for text in found}
    with database.reading() as session:
        return {by_hash[text_hash]: vector for text_hash, vector in stored(session, encoder, by_hash).items()}


def _made(
    database: Database, encoder: str, role: str, found: Sequence[str], known: Collection[str], encode: Encode
) -> dict[str, Vector]:
    """Make and keep the vectors of those texts that are not known, and return them by text."""
    missing = [text for text in dict.fromkeys(found) if text not in known]
    if not missing:
        return {}
    made = dict(zip(missing, encode(missing), strict=True))
    with database.writing() as session:
        store(session, encoder, {_hash(role, text): vector for text, vector in made.items()})
    return made


def _hash(role: str, text: str) -> str:
    return f"{CONCEPT}{hashlib.sha256(f'{role}/{text}'.encode()).hexdigest()}"
