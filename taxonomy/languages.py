"""Working languages: ISO 639-1 codes, their names (CLDR), and how people ask for a speaker."""

from functools import lru_cache

import pycountry
from babel import Locale

from taxonomy import texts
from taxonomy.concepts import LANGUAGES, Language

# "germanophone", "anglophones" …: the French for "speaks this language".
_SPEAKERS = {
    "anglophone": "en",
    "arabophone": "ar",
    "francophone": "fr",
    "germanophone": "de",
    "hispanophone": "es",
    "italophone": "it",
    "japonophone": "ja",
    "lusophone": "pt",
    "neerlandophone": "nl",
    "russophone": "ru",
    "sinophone": "zh",
    "turcophone": "tr",
}
SPEAKING = frozenset(
    "parlant parle parlent parler langue maitrisant bilingue courant courants couramment speaking speaker speakers "
    "speaks fluent fluently bilingual".split()
)
JOINING = frozenset("et ou and or".split())
"""Words that join several languages which one word like "courants" is about."""


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    """Return all ISO 639-1 codes."""
    return frozenset(
        language.alpha_2  # pyright: ignore[reportAttributeAccessIssue]
        for language in pycountry.languages
        if hasattr(language, "alpha_2")
    )


@lru_cache(maxsize=1024)
def label(code: str, language: Language) -> str:
    """Return a language's name in a language (CLDR)."""
    return Locale(language).languages.get(code, code)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {texts.key(label(code, language)): code for code in codes() for language in LANGUAGES}


def find(text: str) -> str | None:
    """Return the code of a language given by its code or its name in either language."""
    code = text.strip().lower()
    return code if code in codes() else _names().get(texts.key(text))


def spoken(word: str) -> str | None:
    """Return the language that a word like "germanophone" asks for."""
    return _SPEAKERS.get(word.removesuffix("s"))
