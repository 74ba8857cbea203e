"""What a search asks for, in words."""

from foundation.i18n import Language, translate
from indexer.engines.interface import Engine
from search_api import labels, understanding, units
from search_api.requests import Parameters
from taxonomy import languages, zones
from taxonomy.wordlists import Wordlists
from web.rendering import long_date, money, typeset

LISTS = ("country", "zone", "skill", "sector", "language")
"""Filters that may have several values."""


def words(parameters: Parameters, wordlists: Wordlists, engine: Engine, language: Language) -> list[str]:
    """Return everything that a search asks for: what is understood of its words, then its filters."""
    understood = understanding.read(" ".join(parameters.q.split()), wordlists, engine) if parameters.q else None
    found = [units.label(unit, wordlists, language) for unit in understood.units] if understood else []
    found += [value_label(name, value, wordlists, language) for name, value in listed_values(parameters)]
    if parameters.max_day_rate is not None:
        found.append(day_rate(parameters, language))
    if parameters.available_by:
        found.append(available_by(parameters, language))
    return list(dict.fromkeys(typeset(label, language) for label in found))


def listed_values(parameters: Parameters) -> list[tuple[str, str]]:
    """Return the values of filters that may have several, each with the filter's name."""
    return [(name, value) for name in LISTS for value in getattr(parameters, name)]


def value_label(name: str, value: str, wordlists: Wordlists, language: Language) -> str:
    """Return what a filter's value is called; one that nothing here knows keeps its own words."""
    if name == "zone":
        zone = wordlists.zones.find_zone(value)
        return zone.label(language) if zone else value
    if name == "country":
        return zones.country_label(wordlists.zones.find_country(value) or value, language)
    if name == "language":
        return languages.label(languages.find(value) or value, language)
    key = wordlists.skill_key(value) if name == "skill" else wordlists.sector_key(value)
    return labels.facet_value("skill" if name == "skill" else "sector", key, wordlists, language)


def day_rate(parameters: Parameters, language: Language) -> str:
    """Return the filter on the day rate in words."""
    rate = money(parameters.max_day_rate or 0, parameters.currency.upper(), language)
    return translate(language, "at most %(rate)s a day", rate=rate)


def available_by(parameters: Parameters, language: Language) -> str:
    """Return the filter on availability in words."""
    day = long_date(parameters.available_by, language) if parameters.available_by else ""
    return translate(language, "available by %(day)s", day=day)
