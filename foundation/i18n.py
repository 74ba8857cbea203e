"""French and English: catalogues, and which language a reader wants."""

import gettext
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from io import BytesIO
from typing import Literal

from babel import Locale, negotiate_locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_percent

from foundation.settings import ROOT

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")
_PERCENT: Mapping[Language, str] = {"fr": "#,##0.##\u202f%", "en": "#,##0.##%"}
CATALOGUES = ROOT / "web" / "locale"


@lru_cache(maxsize=4)
def translations(language: Language) -> gettext.NullTranslations:
    """Return a language's catalogue. English is the language of the sources and needs none."""
    path = CATALOGUES / language / "LC_MESSAGES" / "portulan.po"
    if language == "en" or not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as lines:
        catalogue = read_po(lines, locale=Locale(language))
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def message(text: str) -> str:
    """Mark a text for the catalogue where it is not translated on the spot."""
    return text


def translate(language: Language, message: str, **values: object) -> str:
    """Return a message in a language, with `%(name)s` filled in."""
    text = translations(language).gettext(message)
    return text % values if values else text


def long_date(day: date, language: Language) -> str:
    """Return a day in words; the first of a month is an ordinal in French, which CLDR leaves out."""
    text = format_date(day, format="long", locale=language)
    return f"1er{text.removeprefix('1')}" if language == "fr" and day.day == 1 else text


def percent(share_bp: int, language: Language) -> str:
    """Return hundredths of a percent in words, with two decimals at most."""
    return format_percent(share_bp / 10_000, format=_PERCENT[language], locale=language)


def known(code: str | None) -> Language:
    """Return the language that a kept or posted code names; English where it is none of ours."""
    return "fr" if code == "fr" else "en"


def preferred(accept_language: str | None, default: Language = "en") -> Language:
    """Return the language that a browser prefers among ours."""
    wanted = [part.split(";")[0].strip().replace("-", "_") for part in (accept_language or "").split(",")]
    found = negotiate_locale([item for item in wanted if item], LANGUAGES)
    return "fr" if found == "fr" else "en" if found == "en" else default
