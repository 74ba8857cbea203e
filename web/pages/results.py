"""The results page: what was found, how it was understood, and every way on from here."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.numbers import format_decimal
from fastapi import Request
from markupsafe import Markup

from foundation import clock
from foundation.i18n import Language, message, translate
from indexer.engines.interface import FACETS, FacetName
from search_api import highlights, labels, results, understanding
from search_api.requests import Parameters, SearchRequest
from search_api.searches import Found, Ranked
from taxonomy import languages, zones
from taxonomy.wordlists import Wordlists
from web.rendering import address, long_date, money

PATH = "/experts"
PAGE_LINKS = 2
"""Pages linked on each side of the present one."""
_FACET_TITLES: dict[FacetName, str] = {
    "country": message("Countries"),
    "skill": message("Skills"),
    "sector": message("Sectors"),
    "language": message("Languages"),
}
_RANKED_BY = {
    "text": message("relevance"),
    "zone": message("zones"),
    "skill": message("skills"),
    "review_mean": message("reviews"),
    "days_until_available": message("availability"),
    "boost": message("Visibility Boost (sponsored)"),
}

Pairs = list[tuple[str, str]]


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
        wanted = highlights.wanted_stems(self.found.understood.groups)
        page = self.request.page
        return {
            "q": parameters.q,
            "total": self.found.total,
            "page": page,
            "pages": last,
            "first_position": (page - 1) * self.request.size + 1,
            "results": [self.result(item, wanted) for item in self.found.results],
            "near": [self.result(item, wanted) for item in self.found.near],
            "advice": self.advice(),
            "corrections": [{"typed": item.typed, "used": item.used} for item in self.found.understood.corrections],
            "chips": self.chips(),
            "active_filters": self.active_filters(),
            "clear_url": address(PATH, [("q", parameters.q)] if parameters.q else []),
            "facets": self.facets(),
            "hidden_fields": self.hidden_fields(),
            "max_day_rate": _plain(parameters.max_day_rate),
            "currency": parameters.currency,
            "available_by": parameters.available_by.isoformat() if parameters.available_by else "",
            "boost": parameters.boost,
            "boost_url": self.link(boost=not parameters.boost),
            "ranked_by": self.ranked_by(),
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

    def result(self, item: Ranked, wanted: frozenset[str]) -> dict[str, Any]:
        """Return one result as templates show it."""
        document = item.document
        matched = {label for label in document.skills if highlights.mark(label, wanted) != str(Markup.escape(label))}
        matched |= {
            label for label in document.skills if self.wordlists.skill_key(label) in self.found.understood.skills
        }
        parts = results.explanation(item, self.lang)
        return {
            **expert(item.document, clock.today()),
            "url": address(f"{PATH}/{document.slug}", [("from", self.link(page=self.request.page))]),
            "skills": sorted(document.skills, key=lambda label: label not in matched),
            "matched_skills": matched,
            "boosted": item.is_boosted,
            "moved": _moved(item, self.lang),
            "placed": _placed(item, self.lang),
            "highlights": [Markup(text) for text in highlights.snippets(document, wanted)],  # noqa: S704 - escaped there
            "why": [
                {**part, "points": 100 * part["points"], "text": _why(part, self.lang)}
                for part in parts
                if part["points"] > 0
            ],
            "score": 100 * item.score,
        }

    def chips(self) -> list[dict[str, str]]:
        """Return what was understood, each with the search that it is left out of."""
        text = self.found.understood.text
        return [
            {
                "kind": unit.kind,
                "label": understanding.label(unit, self.wordlists, self.lang),
                "remove_url": self.link(q=" ".join((text[: unit.begin] + text[unit.end :]).split())),
            }
            for unit in self.found.understood.units
        ]

    def active_filters(self) -> list[dict[str, str]]:
        """Return the filters that are set, each with the search without it."""
        parameters = self.request.parameters
        found: list[dict[str, str]] = []
        for name in ("country", "zone", "skill", "sector", "language"):
            values: list[str] = getattr(parameters, name)
            found.extend(
                {
                    "label": self._filter_label(name, value),
                    "remove_url": self.link(**{name: [other for other in values if other != value]}),
                }
                for value in values
            )
        if parameters.max_day_rate is not None:
            rate = money(parameters.max_day_rate, parameters.currency.upper(), self.lang)
            text = translate(self.lang, "at most %(rate)s a day", rate=rate)
            found.append({"label": text, "remove_url": self.link(max_day_rate=None)})
        if parameters.available_by:
            text = translate(self.lang, "available by %(day)s", day=long_date(parameters.available_by, self.lang))
            found.append({"label": text, "remove_url": self.link(available_by=None)})
        return found

    def facets(self) -> list[dict[str, Any]]:
        """Return the facets, values that are set always among them."""
        found: list[dict[str, Any]] = []
        for name in FACETS:
            chosen = set(self._chosen(name))
            options = [
                {**results.facet(name, item, self.wordlists, self.lang), "selected": item.value in chosen}
                for item in self.found.facets.get(name, [])
            ]
            present = {item.value for item in self.found.facets.get(name, [])}
            options.extend(
                {
                    "value": labels.facet_parameter(name, value, self.wordlists, self.lang),
                    "label": labels.facet_value(name, value, self.wordlists, self.lang),
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
                url = address(PATH, [("q", self.request.parameters.q)] if self.request.parameters.q else [])
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
                query = self.found.understood.text
                url = self.link(q=" ".join((query[: unit.begin] + query[unit.end :]).split()))
                text = translate(self.lang, "Without “%(word)s”: %(total)s", word=item.value, total=item.total)
            found.append({"text": text, "url": url})
        return found

    def ranked_by(self) -> list[str]:
        """Return what the order depends on, most important first."""
        weights: dict[str, float] = {}
        for feature in self.found.profile.features:
            if feature.source in _RANKED_BY:
                weights[feature.source] = feature.weight
        names = sorted(weights, key=lambda name: -weights[name])
        if self.request.boost:
            names.append("boost")
        return [translate(self.lang, _RANKED_BY[name]) for name in names]

    def _chosen(self, name: FacetName) -> frozenset[str]:
        filters = self.request.filters
        return {
            "country": filters.country,
            "skill": filters.skill,
            "sector": filters.sector,
            "language": filters.language,
        }[name]

    def _filter_label(self, name: str, value: str) -> str:
        if name == "zone":
            zone = self.wordlists.zones.find_zone(value)
            return zone.label(self.lang) if zone else value
        if name == "country":
            return zones.country_label(self.wordlists.zones.find_country(value) or value, self.lang)
        if name == "language":
            return languages.label(languages.find(value) or value, self.lang)
        key = self.wordlists.skill_key(value) if name == "skill" else self.wordlists.sector_key(value)
        return labels.facet_value("skill" if name == "skill" else "sector", key, self.wordlists, self.lang)


_FILTER_NAMES = {
    "country": message("countries"),
    "zone": message("zones"),
    "skill": message("skills"),
    "sector": message("sectors"),
    "language": message("languages"),
    "max_day_rate": message("the day rate"),
    "available_by": message("availability"),
}


def expert(document: Any, today: date) -> dict[str, Any]:
    """Return what results and profiles show of an expert alike."""
    since: date | None = document.available_from
    return {
        "name": document.name,
        "slug": document.slug,
        "headline": document.headline,
        "headline_lang": document.language,
        "initials": initials(document.name),
        "countries": document.countries,
        "based_in": document.based_in,
        "city": document.city,
        "languages": document.languages,
        "sectors": document.sectors,
        "day_rate": results.day_rate(document),
        "available_from": since,
        "is_available_now": since is None or since <= today,
        "rating": results.rating(document),
    }


def initials(name: str) -> str:
    """Return at most two initials."""
    parts = [part for part in name.replace("-", " ").split() if part[0].isalpha()]
    return "".join(part[0].upper() for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts))


def pairs(parameters: Parameters) -> Pairs:
    """Return parameters as an address carries them, those at their default left out; the language is a cookie's."""
    found: Pairs = []
    for name, value in parameters.model_dump(exclude_defaults=True, exclude={"lang", "explain"}).items():
        if isinstance(value, list):
            found.extend((name, str(item)) for item in value)
        elif isinstance(value, bool):
            found.append((name, str(value).lower()))
        elif value is not None and value != "":
            found.append((name, _plain(value) if isinstance(value, float) else str(value)))
    return found


def page_numbers(page: int, last: int) -> list[int | None]:
    """Return the pages to link: first, last and those around; None where numbers are left out."""
    shown = {1, last, *range(max(1, page - PAGE_LINKS), min(last, page + PAGE_LINKS) + 1)}
    numbers: list[int | None] = []
    for number in sorted(shown):
        if numbers and number - (numbers[-1] or 0) > 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def read_parameters(request: Request, language: Language) -> dict[str, Any]:
    """Return the page's parameters; empty ones, as forms send them, are absent."""
    values: dict[str, Any] = {}
    for name in request.query_params:
        given = [value for value in request.query_params.getlist(name) if value.strip()]
        if given:
            field = Parameters.model_fields.get(name)
            is_list = field is not None and field.default_factory is list
            values[name] = given if is_list else given[-1]
    return {**values, "lang": language}


def _plain(amount: float | None) -> str:
    return "" if amount is None else f"{amount:.2f}".removesuffix("00").removesuffix(".")


def _moved(item: Ranked, language: Language) -> str | None:
    if item.moved == "boost":
        return translate(language, "moved up by it")
    if item.moved in {"boost_capped", "boost_held_out"}:
        return translate(language, "without effect here")
    return None


def _placed(item: Ranked, language: Language) -> str | None:
    if item.moved == "newcomer":
        return translate(language, "Place kept for a newcomer")
    if item.moved == "duplicate":
        return translate(language, "Same text as a result above")
    return None


def _why(part: dict[str, Any], language: Language) -> str:
    if part["part"] == "boost":
        share = format_decimal(100 * part["weight"], format="0.#", locale=language)
        return translate(language, "sponsored: adds %(share)s%% of the score so far", share=share)
    return translate(
        language,
        "%(share)s%% of %(points)s points",
        share=round(100 * part["value"]),
        points=format_decimal(100 * part["weight"], format="0.0", locale=language),
    )
