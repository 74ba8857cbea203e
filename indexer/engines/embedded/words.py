"""The words that a misspelling may stand for, and which of some stands for it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain

from rapidfuzz.distance import DamerauLevenshtein

from indexer.documents import Document
from taxonomy import texts

SHORTEST_CORRECTED = 4


def words_of(found: Iterable[Document]) -> Counter[str]:
    """Count the words that a misspelling may stand for; names and numbers are none."""
    return Counter(filter(_may_be_meant, chain.from_iterable(map(_words, found))))


def distinct_words_of(document: Document) -> list[str]:
    """Return each word of a document that a misspelling may stand for, once."""
    return list(filter(_may_be_meant, dict.fromkeys(_words(document))))


def _words(document: Document) -> Iterable[str]:
    written = (document.headline, document.summary, *document.skills, *document.sectors)
    return chain.from_iterable(map(texts.words, written))


@lru_cache(maxsize=200_000)
def _may_be_meant(word: str) -> bool:
    return is_correctable(word) and word not in texts.STOP_WORDS


def is_correctable(word: str) -> bool:
    """Tell whether a word is long enough to see what was meant."""
    return len(word) >= SHORTEST_CORRECTED and word.isalpha()


def most_edits(word: str) -> int:
    """Return how many edits away from a word the meant one may be."""
    return 1 if len(word) < 7 else 2


def likeliest(word: str, known: Mapping[str, int]) -> str | None:
    """Return which of some known words a word most likely stands for, given how often each is written.

    The fewest edits win, then the same first letter, then what is written more often.
    """
    edits = {other: DamerauLevenshtein.distance(word, other) for other in known}
    near = [other for other in known if edits[other] <= most_edits(word)]
    return min(near, key=lambda other: (edits[other], other[0] != word[0], -known[other]), default=None)
