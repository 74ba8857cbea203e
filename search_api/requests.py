"""What may be asked: parameters as they come, checked, and what they mean."""

import re
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Annotated, Any, get_origin
from urllib.parse import parse_qs

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from foundation import currencies
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, translate
from indexer.engines.interface import Filters
from search_api.suggestions import Kind
from taxonomy import languages
from taxonomy.wordlists import Wordlists

WEEK_DAYS = 7
DEEPEST = 10_000
LONGEST_QUERY = 5_000
MOST_VALUES = 30
Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Values = Annotated[list[Value], Field(max_length=MOST_VALUES)]


def _iso_day(value: object) -> object:
    """Refuse what Pydantic would take for a number of seconds."""
    if isinstance(value, str) and not _ISO_DAY.fullmatch(value):
        raise PydanticCustomError("date_parsing", "must be a date as YYYY-MM-DD")
    return value


_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
Day = Annotated[date, BeforeValidator(_iso_day)]


class Parameters(BaseModel):
    """The parameters of a search, as the JSON API and the results page take them."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        default="",
        max_length=LONGEST_QUERY,
        description="Skills, trades, zones, keywords, or a whole brief; French or English.",
        examples=["douane Maghreb"],
    )
    country: Values = Field(default_factory=list, description="ISO 3166-1 alpha-2 codes or names.", examples=[["MA"]])
    zone: Values = Field(default_factory=list, description="Ids or names of zones.", examples=[["maghreb"]])
    skill: Values = Field(
        default_factory=list,
        description="Skills, as a profile says them or by any label of the same concept.",
    )
    sector: Values = Field(default_factory=list, description="Sectors, like skills.")
    language: Values = Field(default_factory=list, description="ISO 639-1 codes or names.")
    max_day_rate: float | None = Field(
        default=None, gt=0, le=1_000_000, allow_inf_nan=False, description="Highest day rate, in `currency`."
    )
    currency: str = Field(default="EUR", max_length=3, description="ISO 4217 code.")
    available_by: Day | None = Field(default=None, description="Keeps who is available by this day, or has not said.")
    boost: bool = Field(default=True, description="Whether Visibility Boosts may influence the order.")
    page: int = Field(default=1, ge=1, le=DEEPEST)
    size: int = Field(default=20, ge=1, le=100)
    explain: bool = Field(default=False, description="Whether each result explains its score.")
    lang: Language = Field(default="fr", description="Language of labels and messages.")


_REPEATED = {name for name, field in Parameters.model_fields.items() if get_origin(field.annotation) is list}


class SuggestParameters(BaseModel):
    """The parameters of a suggestion."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(default="", max_length=LONGEST_QUERY, description="What was typed so far.", examples=["doua"])
    lang: Language = Field(default="fr", description="Language of the labels.")
    kind: Kind | None = Field(default=None, description="The only kind to suggest; all where it is left out.")


@dataclass(frozen=True)
class SearchRequest:
    """A checked request."""

    q: str
    filters: Filters
    boost: bool
    page: int
    size: int
    explain: bool
    lang: Language
    parameters: Parameters

    @cached_property
    def key(self) -> str:
        """Return what tells two searches apart, whatever the page: the same text in every process."""
        filters = (f"{item.name}={_ordered(getattr(self.filters, item.name))}" for item in fields(self.filters))
        return "|".join((self.q.casefold(), *filters))

    def key_in(self, day: date) -> str:
        """Return what the draws about this search hang on: the same all through the week of a day."""
        return f"{self.key}|{day.toordinal() // WEEK_DAYS}"


def parse(query_string: str) -> dict[str, Any]:
    """Return the values of a query string as `Parameters` takes them: lists for filters that may be repeated."""
    return {
        name: values if name in _REPEATED else values[-1]
        for name, values in parse_qs(query_string, keep_blank_values=True).items()
    }


def _ordered(value: object) -> object:
    """Return sets as lists: the order of a set is another one in every process."""
    return sorted(value) if isinstance(value, frozenset) else value


def resolve(parameters: Parameters, wordlists: Wordlists) -> SearchRequest:
    """Find what the parameters name; raise Invalid with every unknown name and every bad number."""
    faults: list[Fault] = []
    lang = parameters.lang

    def fault(field: str, code: str, message: str, **values: object) -> None:
        faults.append(Fault(field, code, translate(lang, message, **values)))

    countries: set[str] = set()
    for name in parameters.country:
        code = wordlists.zones.find_country(name)
        if code is None:
            fault(
                "country",
                "unknown_country",
                "“%(name)s” is no country: give its ISO code or name.",
                name=name,
            )
        else:
            countries.add(code)
    zone_countries: set[str] = set()
    for name in parameters.zone:
        zone = wordlists.zones.find_zone(name)
        if zone is None:
            fault("zone", "unknown_zone", "“%(name)s” is no known zone.", name=name)
        else:
            zone_countries |= wordlists.zones.members[zone.id]
    spoken: set[str] = set()
    for name in parameters.language:
        code = languages.find(name)
        if code is None:
            fault("language", "unknown_language", "“%(name)s” is no language: give its ISO code.", name=name)
        else:
            spoken.add(code)
    if parameters.page * parameters.size > DEEPEST:
        fault("page", "too_deep", "Only the first %(deepest)s results can be paged through.", deepest=DEEPEST)
    max_rate = _max_rate_eur_cents(parameters, fault)
    if faults:
        raise Invalid(faults)
    filters = Filters(
        country=frozenset(countries),
        zone_countries=frozenset(zone_countries),
        skill=frozenset(map(wordlists.skill_key, parameters.skill)),
        sector=frozenset(map(wordlists.sector_key, parameters.sector)),
        language=frozenset(spoken),
        max_day_rate_eur_cents=max_rate,
        available_by=parameters.available_by,
    )
    return SearchRequest(
        q=" ".join(parameters.q.split()),
        filters=filters,
        boost=parameters.boost,
        page=parameters.page,
        size=parameters.size,
        explain=parameters.explain,
        lang=lang,
        parameters=parameters,
    )


def _max_rate_eur_cents(parameters: Parameters, fault: Any) -> int | None:
    currency = parameters.currency.upper()
    if currencies.units_per_eur(currency) is None:
        fault(
            "currency",
            "unknown_currency",
            "No reference rate is known for “%(name)s”.",
            name=parameters.currency,
        )
        return None
    if parameters.max_day_rate is None:
        return None
    return currencies.convert(round(parameters.max_day_rate * 100), currency, "EUR")
