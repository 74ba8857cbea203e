"""The results page: what was found, how it was understood, and every way on from here."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from foundation import currencies
from foundation.i18n import Language, message, translate
from indexer.engines.interface import FACETS, FacetName
from search_api import labels, units
from search_api.requests import Parameters, SearchRequest
from search_api.searches import Found
from search_api.units import Unit
from taxonomy.wordlists import Wordlists
from web.pages import cards, criteria, rankings
from web.pages.addresses import PATH, Pairs, page_numbers, pairs, plain
from web.rendering import address, long_date, typeset

LONG_QUERY = 80
"""Characters above which a query is a brief: it is shown apart, not within the title."""
SAVE_PATH = "/my/searches/new"
SHOWN_CHIPS = 8
"""Chips above which plain words are folded away, so that what they say together comes first."""
_FACET_TITLES: dict[FacetName, str] = {
    "country": message("Countries"),
    "skill": message("Skills"),
    "sector": message("Sectors"),
    "language": message("Languages"),
}
_FILTER_NAMES = {
    "country": message("countries"),
    "zone": message("zones"),
    "skill": message("skills"),
    "sector": message("sectors"),
    "language": message("languages"),
    "max_day_rate": message("the day rate"),
    "available_by": message("availability"),
}


@dataclass(frozen=True)
class ResultsPage:
    """Builds what the results template needs of one answered search."""

    request: SearchRequest
    found: Found
    wordlists: Wordlists

    @property
    def lang(self) -> Language:
        """Return the reader's language."""
        return self.request.lang

    def context(self) -> dict[str, Any]:
        """Return the template's values."""
        parameters = self.request.parameters
        last = max(1, -(-min(self.found.total, 10_000) // self.request.size))
        page = self.request.page
        chips = self.chips()
        has_many = len(chips) > SHOWN_CHIPS
        return {
            "q": parameters.q,
            "is_brief": len(parameters.q) > LONG_QUERY,
            "total": self.found.total,
            "by_words": self.found.lexical_total,
            "page": page,
            "pages": last,
            "first_position": (page - 1) * self.request.size + 1,
            "results": self.cards("results"),
            "near": self.cards("near"),
            "advice": self.advice(),
            "corrections": [{"typed": item.typed, "used": item.used} for item in self.found.understood.corrections],
            "chips": [chip for chip in chips if not (has_many and chip["kind"] == "word")],
            "more_chips": [chip for chip in chips if has_many and chip["kind"] == "word"],
            "active_filters": self.active_filters(),
            "clear_url": self.unfiltered_url(),
            "facets": self.facets(),
            "hidden_fields": self.hidden_fields(),
            "max_day_rate": plain(parameters.max_day_rate),
            "currency": parameters.currency,
            "rates_on": long_date(currencies.rates_on(), self.lang),
            "available_by": parameters.available_by.isoformat() if parameters.available_by else "",
            "save_url": address(SAVE_PATH, pairs(Parameters.model_validate({**parameters.model_dump(), "page": 1}))),
            "boost": parameters.boost,
            "boost_url": self.link(boost=not parameters.boost),
            "ranking_url": rankings.address(self.found),
            "ranked_by": rankings.criteria(self.found, self.lang, is_boosting=parameters.boost),
            "previous_url": self.link(page=page - 1) if page > 1 else None,
            "next_url": self.link(page=page + 1) if page < last else None,
            "page_links": [
                None if number is None else {"number": number, "url": self.link(page=number), "current": number == page}
                for number in page_numbers(page, last)
            ],
        }

    def link(self, **changes: Any) -> str:
        """Return the address of this search with some parameters changed; any change but of page goes to page 1."""
        values = self.request.parameters.model_dump()
        values.update(changes if "page" in changes else {**changes, "page": 1})
        return address(PATH, pairs(Parameters.model_validate(values)))

    def unfiltered_url(self) -> str:
        """Return the address of this search without any filter; boosts stay off where the reader wants them so."""
        parameters = self.request.parameters
        return address(PATH, pairs(Parameters(q=parameters.q, boost=parameters.boost)))

    def cards(self, which: str) -> list[dict[str, Any]]:
        """Return the `results`, or those `near`, as templates show them."""
        back_url = self.link(page=self.request.page)
        items = self.found.results if which == "results" else self.found.near
        return [cards.result(item, self.found, self.wordlists, self.lang, back_url=back_url) for item in items]

    def chips(self) -> list[dict[str, str]]:
        """Return what was understood, each with the search that it is left out of; what comes twice is said once."""
        alike: dict[tuple[str, str], list[Unit]] = {}
        for unit in self.found.understood.units:
            label = units.label(unit, self.wordlists, self.lang)
            alike.setdefault((unit.kind, label), []).append(unit)
        return [
            {"kind": kind, "label": typeset(label, self.lang), "remove_url": self.link(q=self._without(same))}
            for (kind, label), same in alike.items()
        ]

    def active_filters(self) -> list[dict[str, str]]:
        """Return the filters that are set, each with the search without it."""
        parameters = self.request.parameters
        found: list[dict[str, str]] = []
        for name, value in criteria.listed_values(parameters):
            left = [other for other in getattr(parameters, name) if other != value]
            label = typeset(self._filter_label(name, value), self.lang)
            found.append({"label": label, "remove_url": self.link(**{name: left})})
        if parameters.max_day_rate is not None:
            text = criteria.day_rate(parameters, self.lang)
            found.append({"label": text, "remove_url": self.link(max_day_rate=None)})
        if parameters.available_by:
            text = criteria.available_by(parameters, self.lang)
            found.append({"label": text, "remove_url": self.link(available_by=None)})
        return found

    def facets(self) -> list[dict[str, Any]]:
        """Return the facets, values that are set always among them."""
        found: list[dict[str, Any]] = []
        for name in FACETS:
            chosen = set(self._chosen(name))
            options = [
                {
                    "value": labels.facet_parameter(name, item.value, self.wordlists, self.lang),
                    "label": self._facet_label(name, item.value),
                    "count": item.count,
                    "selected": item.value in chosen,
                }
                for item in self.found.facets.get(name, [])
            ]
            present = {item.value for item in self.found.facets.get(name, [])}
            options.extend(
                {
                    "value": labels.facet_parameter(name, value, self.wordlists, self.lang),
                    "label": self._facet_label(name, value),
                    "count": 0,
                    "selected": True,
                }
                for value in sorted(chosen - present)
            )
            asked = {unit.value for unit in self.found.understood.units}
            options.sort(key=lambda option: (not option["selected"], option["value"] not in asked))
            if options:
                found.append({"name": name, "title": translate(self.lang, _FACET_TITLES[name]), "options": options})
        return found

    def hidden_fields(self) -> Pairs:
        """Return the parameters that the filter form carries along unseen."""
        parameters = self.request.parameters
        found: Pairs = [("q", parameters.q)] if parameters.q else []
        found.extend(("zone", value) for value in parameters.zone)
        if not parameters.boost:
            found.append(("boost", "false"))
        return found

    def advice(self) -> list[dict[str, str]]:
        """Return what to leave out when nothing was found, with how many that gives."""
        found: list[dict[str, str]] = []
        for item in self.found.relaxations:
            if item.kind == "filters":
                url = self.unfiltered_url()
                text = translate(self.lang, "Without any filter: %(total)s", total=item.total)
            elif item.kind == "filter":
                value: Any = None if item.value in {"max_day_rate", "available_by"} else []
                url = self.link(**{item.value: value})
                label = translate(self.lang, _FILTER_NAMES[item.value])
                text = translate(
                    self.lang, "Without the filter on %(filter)s: %(total)s", filter=label, total=item.total
                )
            else:
                unit = next(unit for unit in self.found.understood.units if unit.text == item.value)
                url = self.link(q=self._without([unit]))
                text = translate(self.lang, "Without “%(word)s”: %(total)s", word=item.value, total=item.total)
            found.append({"text": text, "url": url})
        return found

    def _without(self, units: list[Unit]) -> str:
        """Return the query with some units cut out."""
        text = self.found.understood.text
        for unit in sorted(units, key=lambda unit: -unit.begin):
            text = text[: unit.begin] + text[unit.end :]
        return " ".join(text.split())

    def _chosen(self, name: FacetName) -> frozenset[str]:
        filters = self.request.filters
        return {
            "country": filters.country,
            "skill": filters.skill,
            "sector": filters.sector,
            "language": filters.language,
        }[name]

    def _filter_label(self, name: str, value: str) -> str:
        if name == "skill":
            return self._facet_label("skill", self.wordlists.skill_key(value))
        if name == "sector":
            return self._facet_label("sector", self.wordlists.sector_key(value))
        return criteria.value_label(name, value, self.wordlists, self.lang)

    def _facet_label(self, name: FacetName, value: str) -> str:
        return self._written.get((name, value)) or labels.facet_value(name, value, self.wordlists, self.lang)

    @cached_property
    def _written(self) -> dict[tuple[FacetName, str], str]:
        """Free skills and sectors as the experts on this page write them; an index knows them without accents."""
        written: dict[tuple[FacetName, str], str] = {}
        for item in (*self.found.results, *self.found.near):
            document = item.document
            keys: list[tuple[FacetName, str, str]] = [
                *(("skill", self.wordlists.skill_key(label), label) for label in document.skills),
                *(("sector", self.wordlists.sector_key(label), label) for label in document.sectors),
            ]
            written.update({(name, key): label for name, key, label in keys if key.startswith("~")})
        return written
