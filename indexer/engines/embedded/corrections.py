"""Misspellings corrected by the words of one state of the index, each looked for once."""

from collections.abc import Mapping

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from indexer.engines.embedded.words import is_correctable, likeliest, most_edits

REMEMBERED = 10_000


class Corrections:
    """What misspellings stand for among indexed words; when words come in, a new one takes its place."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._known: dict[str, str | None] = {}

    def find(self, word: str) -> str | None:
        """Return the word nearest to a misspelling, at one edit for short words and two for long ones."""
        if not is_correctable(word):
            return None
        if word in self._known:
            return self._known[word]
        found = _closest(self._vocabulary, word)
        if len(self._known) < REMEMBERED:
            self._known[word] = found
        return found


def _closest(vocabulary: Mapping[str, int], word: str) -> str | None:
    limit = most_edits(word)
    # A copy: another thread may be adding words.
    choices = [known for known in list(vocabulary) if abs(len(known) - len(word)) <= limit]
    found: list[tuple[str, int, int]] = process.extract(
        word, choices, scorer=DamerauLevenshtein.distance, score_cutoff=limit, limit=20
    )
    return likeliest(word, {known: vocabulary[known] for known, _, _ in found})
