"""Which words are ordinary French or English: they are no misspellings, whatever they resemble.

The dictionaries are those of the package `pyspellchecker`, folded.
"""

from collections.abc import Iterable
from functools import lru_cache

from spellchecker import SpellChecker

from taxonomy import texts
from taxonomy.concepts import LANGUAGES, Language

RAREST = 2
"""Words seen less often in the dictionaries' sources are mostly misspellings themselves."""


@lru_cache(maxsize=2)
def _ordinary(language: Language) -> frozenset[str]:
    return frozenset(
        texts.fold(word) for word, count in SpellChecker(language=language).word_frequency.items() if count >= RAREST
    )


def has(word: str) -> bool:
    """Tell whether a folded word is in either dictionary."""
    return any(word in _ordinary(language) for language in LANGUAGES)


def language_of(text: str) -> Language | None:
    """Return the language of most words of a text, or None where they could be either."""
    return language_of_words(texts.words(text))


def language_of_words(words: Iterable[str]) -> Language | None:
    """Return the language of most of some folded words, or None where they could be either."""
    balance = sum(map(_leaning, words))
    return None if balance == 0 else "fr" if balance > 0 else "en"


@lru_cache(maxsize=100_000)
def _leaning(word: str) -> int:
    """Return 1 for a word that is French only, -1 for one that is English only."""
    return (word in _ordinary("fr")) - (word in _ordinary("en"))
