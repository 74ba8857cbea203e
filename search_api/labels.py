"""What readers see of a search: labels of parts, facets and chips, in their language."""

from foundation.i18n import Language, message, translate
from indexer.engines.interface import FacetName
from taxonomy import languages, zones
from taxonomy.wordlists import Wordlists

_PARTS = {
    "text": message("Words of the query in the profile"),
    "semantic": message("Meaning close to the query"),
    "skill": message("Skills asked for"),
    "related": message("Skills close to what was asked"),
    "nearest_skill": message("Closest of the expert’s skills, by meaning"),
    "shared_skills": message("Skills in common with the best matches"),
    "fit_in_zone": message("Does what is asked, in the zone asked for"),
    "zone": message("Works in the zone asked for"),
    "sector": message("Sectors asked for"),
    "language": message("Languages asked for"),
    "review_mean": message("Clients’ reviews"),
    "review_count": message("Number of reviews"),
    "days_until_available": message("Availability"),
    "boost": message("Visibility Boost"),
}


def part(source: str, language: Language) -> str:
    """Return what a part of a score is called."""
    return translate(language, _PARTS[source])


def skill(name: str, wordlists: Wordlists, language: Language) -> str:
    """Return a skill as a profile names it, in the reader's language if it is known there; a free one as it is."""
    concept = wordlists.skills.find(name)
    return concept.wording(name, language) if concept else name


def sector(name: str, wordlists: Wordlists, language: Language) -> str:
    """Return a sector like a skill."""
    concept = wordlists.sectors.find(name)
    return concept.wording(name, language) if concept else name


def facet_value(facet: FacetName, value: str, wordlists: Wordlists, language: Language) -> str:
    """Return what a facet's value is called; a free skill or sector keeps its own words."""
    if facet == "country":
        return zones.country_label(value, language)
    if facet == "language":
        return languages.label(value, language)
    vocabulary = wordlists.skills if facet == "skill" else wordlists.sectors
    concept = vocabulary.by_id.get(value)
    return concept.label(language) if concept else value.removeprefix("~").capitalize()


def facet_parameter(facet: FacetName, value: str, wordlists: Wordlists, language: Language) -> str:
    """Return the value that a filter takes for a facet's value."""
    if facet in {"country", "language"}:
        return value
    vocabulary = wordlists.skills if facet == "skill" else wordlists.sectors
    concept = vocabulary.by_id.get(value)
    if concept is None:
        return value.removeprefix("~")
    label = concept.label(language)
    # Two imported concepts may have one label: the id tells them apart.
    return label if vocabulary.find(label) is concept else concept.id
