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
    french, english = _ordinary("fr"), _ordinary("en")
    balance = sum((word in french) - (word in english) for word in words)
    return None if balance == 0 else "fr" if balance > 0 else "en"
