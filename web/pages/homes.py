"""The home page: the search box, and ways in for who does not know what to type."""

from typing import Any

from foundation.i18n import Language
from indexer.engines.interface import Engine
from search_api.suggestions import POPULAR_ZONES
from taxonomy import zones
from taxonomy.concepts import Concept, Vocabulary
from taxonomy.wordlists import Wordlists
from web.pages.addresses import PATH
from web.rendering import address, typeset

SHOWN = 12
EVERY = 1_000
"""More than there are countries or languages."""


def context(engine: Engine, wordlists: Wordlists, language: Language) -> dict[str, Any]:
    """Return the template's values."""
    places = [zone for zone_id in POPULAR_ZONES if (zone := wordlists.zones.zones.by_id.get(zone_id))]
    countries = [
        {
            "label": typeset(zones.country_label(item.value, language), language),
            "url": address(PATH, [("country", item.value)]),
        }
        for item in engine.common_values("country", SHOWN)
    ]
    return {
        "count": engine.count(),
        "countries": len(engine.common_values("country", EVERY)),
        "languages": len(engine.common_values("language", EVERY)),
        "popular_skills": _popular(engine, "skill", wordlists.skills, language),
        "popular_zones": [*(_link(zone, "q", language) for zone in places), *countries][:SHOWN],
        "popular_sectors": _popular(engine, "sector", wordlists.sectors, language),
    }


def _popular(engine: Engine, facet: Any, vocabulary: Vocabulary, language: Language) -> list[dict[str, str]]:
    found = (vocabulary.by_id.get(item.value) for item in engine.common_values(facet, 40))
    return [_link(concept, facet, language) for concept in found if concept][:SHOWN]


def _link(concept: Concept, parameter: str, language: Language) -> dict[str, str]:
    label = concept.label(language)
    return {"label": typeset(label, language), "url": address(PATH, [(parameter, label)])}
