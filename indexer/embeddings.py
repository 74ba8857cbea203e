"""Vectors in the database, and the centre of the space that they live in."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from foundation.database import Database
from indexer.encoders import Encoder
from indexer.engines.embedded.vectors import Centre
from indexer.engines.interface import Vector
from indexer.models import Embedding
from taxonomy.wordlists import Wordlists

READ_CHUNK = 500
CENTRE_LABELS = 120
CENTRE = "centre/"
_HALF = np.dtype("<f2")


def stored(session: Session, encoder: str, hashes: Iterable[str]) -> dict[str, Vector]:
    """Return the vectors that exist for texts."""
    wanted = list(dict.fromkeys(hashes))
    found: dict[str, Vector] = {}
    for start in range(0, len(wanted), READ_CHUNK):
        statement = select(Embedding.text_hash, Embedding.vector).where(
            col(Embedding.encoder) == encoder,
            col(Embedding.text_hash).in_(wanted[start : start + READ_CHUNK]),
        )
        found.update(
            (text_hash, np.frombuffer(vector, dtype=_HALF).astype(np.float32))
            for text_hash, vector in session.execute(statement)
        )
    return found


def store(session: Session, encoder: str, vectors: Mapping[str, Vector]) -> None:
    """Keep vectors; one that exists already stays."""
    rows = [
        {"encoder": encoder, "text_hash": text_hash, "vector": vector.astype(_HALF).tobytes()}
        for text_hash, vector in vectors.items()
    ]
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    session.execute(insert(Embedding).on_conflict_do_nothing(), rows)


def count_documents(session: Session, encoder: str) -> int:
    """Count the texts whose vector an encoder has made."""
    statement = (
        select(func.count())
        .select_from(Embedding)
        .where(col(Embedding.encoder) == encoder, col(Embedding.text_hash).not_like(f"{CENTRE}%"))
    )
    return session.execute(statement).scalar_one()


def centre(database: Database, encoder: Encoder, wordlists: Wordlists) -> Centre:
    """Return where typical queries and passages of the trade lie; computed once, then kept like any vector."""
    labels = _typical(wordlists)
    mark = hashlib.sha256("\n".join(labels).encode()).hexdigest()[:16]
    keys = (f"{CENTRE}passage/{mark}", f"{CENTRE}query/{mark}")
    with database.reading() as session:
        known = stored(session, encoder.name, keys)
    if len(known) < len(keys):
        known = {
            keys[0]: np.mean(encoder.encode_passages(labels), axis=0),
            keys[1]: np.mean([encoder.encode_query(label) for label in labels], axis=0),
        }
        with database.writing() as session:
            store(session, encoder.name, known)
    return Centre(passage=known[keys[0]].astype(np.float32), query=known[keys[1]].astype(np.float32))


def _typical(wordlists: Wordlists) -> Sequence[str]:
    concepts = [*wordlists.skills.concepts, *wordlists.sectors.concepts]
    labels = [label for concept in concepts for label in (concept.labels["fr"], concept.labels["en"])]
    step = max(1, len(labels) // CENTRE_LABELS)
    return labels[::step]
