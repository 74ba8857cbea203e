"""What one document gives to postings and columns: computed once per version, then stored beside it."""

import hashlib
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from indexer import documents
from indexer.documents import Document
from taxonomy import texts

GRAM_BUCKETS = 1 << 16


@dataclass(frozen=True, slots=True)
class Analysis:
    """A document's terms with their weighted frequency, and the letters of its phrases."""

    hashes: NDArray[np.uint64]
    frequencies: NDArray[np.float32]
    length: float
    grams: NDArray[np.uint16]
    gram_starts: NDArray[np.uint16]
    """Where each phrase begins in `grams`, and where the last one ends."""


@lru_cache(maxsize=500_000)
def term_hash(term: str) -> int:
    """Return the 64 bits under which a term is stored; equal on every machine."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")


@lru_cache(maxsize=100_000)
def hashes_of(terms: tuple[str, ...]) -> tuple[int, ...]:
    """Return the hash of each term."""
    return tuple(map(term_hash, terms))


@lru_cache(maxsize=200_000)
def gram_hash(gram: str) -> int:
    """Return a character n-gram's bucket."""
    return zlib.crc32(gram.encode()) % GRAM_BUCKETS


def analyse(document: Document) -> Analysis:
    """Analyse a document."""
    weights = documents.term_weights(document)
    grams: list[int] = []
    starts = [0]
    for phrase in documents.phrases(document):
        grams.extend(sorted(gram_buckets(phrase)))
        starts.append(len(grams))
    return Analysis(
        np.fromiter(map(term_hash, weights), dtype=np.uint64, count=len(weights)),
        np.fromiter(weights.values(), dtype=np.float32, count=len(weights)),
        float(sum(weights.values())),
        np.array(grams, dtype=np.uint16),
        np.array(starts, dtype=np.uint16),
    )


def gram_buckets(text: str) -> set[int]:
    """Return the buckets of the character trigrams of a text."""
    return {gram_hash(gram) for gram in texts.ngrams(text)}
