"""What one document gives to postings and columns: computed once per version, then stored beside it."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from indexer import documents
from indexer.documents import Document


@dataclass(frozen=True, slots=True)
class Analysis:
    """A document's terms with their weighted frequency."""

    hashes: NDArray[np.uint64]
    frequencies: NDArray[np.float32]
    length: float


@lru_cache(maxsize=500_000)
def term_hash(term: str) -> int:
    """Return the 64 bits under which a term is stored; equal on every machine."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")


@lru_cache(maxsize=100_000)
def hashes_of(terms: tuple[str, ...]) -> tuple[int, ...]:
    """Return the hash of each term."""
    return tuple(map(term_hash, terms))


def analyse(document: Document) -> Analysis:
    """Analyse a document."""
    weights = documents.term_weights(document)
    return Analysis(
        np.fromiter(map(term_hash, weights), dtype=np.uint64, count=len(weights)),
        np.fromiter(weights.values(), dtype=np.float32, count=len(weights)),
        float(sum(weights.values())),
    )
