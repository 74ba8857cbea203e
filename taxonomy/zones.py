"""Countries, zones, demonyms and cities: what place a word means, and which countries a place holds.

Country names are CLDR's (through Babel) in both languages; zones, demonyms, other names and cities are the
reviewed lists of `data/zones/`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pycountry
from babel import Locale

from taxonomy import texts
from taxonomy.concepts import LANGUAGES, Concept, Language, PhraseBook, Vocabulary, read_rows, split

# Two-letter words which are also ordinary words or other acronyms are no country names in running text.
SHORTEST_NAME = 2


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """Return all ISO 3166-1 alpha-2 codes, with XK, which is in general use for Kosovo."""
    return frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}  # pyright: ignore[reportAttributeAccessIssue]


@lru_cache(maxsize=2048)
def country_label(code: str, language: Language) -> str:
    """Return a country's name in a language (CLDR)."""
    return Locale(language).territories.get(code, code)


@dataclass(frozen=True)
class Zones:
    """Every place that a query may name."""

    zones: Vocabulary
    members: dict[str, frozenset[str]]
    country_names: dict[str, str]
    phrases: PhraseBook

    def find_country(self, text: str) -> str | None:
        """Return the code of a country given by its code or any name in either language."""
        code = text.strip().upper()
        return code if code in country_codes() else self.country_names.get(texts.key(text))

    def find_zone(self, text: str) -> Concept | None:
        """Return the zone that bears this id or name."""
        return self.zones.find(text)


def read(folder: Path) -> Zones:
    """Read the lists of `data/zones/`."""
    zones, members = _read_zones(folder / "zones.csv")
    found = Zones(zones, members, {}, PhraseBook(exact=True))
    for code in sorted(country_codes()):
        _name_country(found, code, (country_label(code, language) for language in LANGUAGES))
    for zone in zones.concepts:
        for name in (*zone.labels.values(), *zone.names):
            found.phrases.add(name, "zone", zone.id)
    for row in read_rows(folder / "demonyms.csv"):
        kind, _, place = row["code"].rpartition(":")
        if not kind:
            _name_country(found, place, (*split(row["alt_names_fr"]), *split(row["alt_names_en"])))
        for demonym in (*split(row["fr"]), *split(row["en"])):
            found.phrases.add(demonym, kind or "country", place)
    for row in read_rows(folder / "cities.csv"):
        for name in (row["name"], *split(row["alt"])):
            found.phrases.add(name, "city", row["code"])
    return found


def _name_country(found: Zones, code: str, names: Iterable[str]) -> None:
    for name in names:
        if len(name) >= SHORTEST_NAME:
            found.country_names.setdefault(texts.key(name), code)
            found.phrases.add(name, "country", code)


def _read_zones(path: Path) -> tuple[Vocabulary, dict[str, frozenset[str]]]:
    concepts: list[Concept] = []
    members: dict[str, frozenset[str]] = {}
    for row in read_rows(path):
        labels: dict[Language, str] = {"fr": row["fr"], "en": row["en"]}
        concepts.append(Concept(row["id"], "zone", labels, (*split(row["alt_fr"]), *split(row["alt_en"]))))
        members[row["id"]] = frozenset(split(row["members"]))
    return Vocabulary(tuple(concepts)), members
