"""The words that a misspelling may stand for, and which of some stands for it."""

from collections import Counter
from collections.abc import Iterable, Mapping

from rapidfuzz.distance import DamerauLevenshtein

from indexer.documents import Document
from taxonomy import texts

SHORTEST_CORRECTED = 4


def words_of(found: Iterable[Document]) -> Counter[str]:
    """Count the words that a misspelling may stand for; names and numbers are none."""
    words: Counter[str] = Counter()
    for document in found:
        for text in (document.headline, document.summary, *document.skills, *document.sectors):
            words.update(word for word in texts.words(text) if is_correctable(word) and word not in texts.STOP_WORDS)
    return words


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
