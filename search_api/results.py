"""The shapes of the JSON answers, with examples; and turning what was found into them."""

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from foundation.i18n import Language
from indexer.documents import Document
from indexer.engines.interface import FACETS, FacetCount, FacetName
from search_api import highlights, labels, units
from search_api.relaxations import Relaxation
from search_api.requests import SearchRequest
from search_api.searches import Found, Ranked
from search_api.suggestions import Suggestion
from taxonomy.wordlists import Wordlists


class DayRate(BaseModel):
    """A day rate before tax."""

    amount: float = Field(examples=[650])
    currency: str = Field(examples=["EUR"])


class Rating(BaseModel):
    """The plain mean of all ratings, and how many there are."""

    mean: float | None = Field(examples=[4.6])
    count: int = Field(examples=[12])


class ExplanationPart(BaseModel):
    """One part of a score; the points of all parts sum to it."""

    part: str = Field(examples=["text"])
    label: str = Field(examples=["Words of the query in the profile"])
    value: float = Field(examples=[0.31])
    weight: float = Field(examples=[0.4])
    points: float = Field(examples=[0.124])


class Result(BaseModel):
    """One expert, as a result."""

    id: str
    ref: str = Field(examples=["H001"])
    slug: str
    name: str
    headline: str
    skills: list[str] = Field(description="As the profile says them.", examples=[["Douane"]])
    skill_labels: list[str] = Field(description="The same in the reader’s language.", examples=[["Customs"]])
    countries: list[str]
    sectors: list[str]
    sector_labels: list[str]
    languages: list[str]
    based_in: str | None
    city: str | None
    day_rate: DayRate | None
    available_from: date | None
    rating: Rating
    boosted: bool = Field(description="Whether a Visibility Boost is active, even where it is withheld or capped.")
    score: float
    moved: str | None = Field(description="What policy did to the place.", examples=["boost"])
    highlights: list[str] = Field(description="HTML with `<mark>` and nothing else.")
    explanation: list[ExplanationPart] | None = None


class Facet(BaseModel):
    """A value that lexical matches bear."""

    value: str = Field(examples=["CN"])
    label: str = Field(examples=["Chine"])
    count: int = Field(examples=[9])


class Chip(BaseModel):
    """Something that was understood."""

    kind: str = Field(examples=["zone"])
    value: str = Field(examples=["maghreb"])
    label: str = Field(examples=["Maghreb"])
    text: str = Field(description="The words of the query that mean it.", examples=["Maghreb"])


class Correction(BaseModel):
    """A word that was taken for a misspelling."""

    typed: str
    used: str


class Advice(BaseModel):
    """What leaving out a word or a filter would find."""

    kind: str = Field(examples=["filter"])
    value: str = Field(examples=["country"])
    total: int


class Understood(BaseModel):
    """How the query was read."""

    chips: list[Chip]
    corrections: list[Correction]
    advice: list[Advice]


class Answer(BaseModel):
    """The answer to a search."""

    query_id: str
    total: int
    page: int
    size: int
    ranking_profile: str = Field(examples=["rp_0123456789ab"])
    understood: Understood
    results: list[Result]
    near: list[Result]
    facets: dict[FacetName, list[Facet]]


class SuggestionItem(BaseModel):
    """Something to search for."""

    kind: str = Field(examples=["skill"])
    value: str
    label: str


class Suggestions(BaseModel):
    """What to search for, likeliest first."""

    suggestions: list[SuggestionItem]


def answer(found: Found, request: SearchRequest, wordlists: Wordlists) -> dict[str, Any]:
    """Return what was found in the shape of `Answer`."""
    wanted = highlights.wanted_stems(found.understood.groups)
    return {
        "query_id": found.query_id,
        "total": found.total,
        "page": request.page,
        "size": request.size,
        "ranking_profile": found.profile.id,
        "understood": understood(found, request.lang, wordlists),
        "results": [result(item, wanted, request, wordlists) for item in found.results],
        "near": [result(item, wanted, request, wordlists) for item in found.near],
        "facets": {
            name: [facet(name, item, wordlists, request.lang) for item in found.facets.get(name, [])] for name in FACETS
        },
    }


def result(item: Ranked, wanted: frozenset[str], request: SearchRequest, wordlists: Wordlists) -> dict[str, Any]:
    """Return one result in the shape of `Result`; without `explanation` unless it was asked for."""
    document = item.document
    shaped: dict[str, Any] = {
        "id": document.id,
        "ref": document.ref,
        "slug": document.slug,
        "name": document.name,
        "headline": document.headline,
        "skills": document.skills,
        "skill_labels": [labels.skill(name, wordlists, request.lang) for name in document.skills],
        "countries": document.countries,
        "sectors": document.sectors,
        "sector_labels": [labels.sector(name, wordlists, request.lang) for name in document.sectors],
        "languages": document.languages,
        "based_in": document.based_in,
        "city": document.city,
        "day_rate": day_rate(document),
        "available_from": document.available_from.isoformat() if document.available_from else None,
        "rating": rating(document),
        "boosted": item.is_boosted,
        "score": item.score,
        "moved": item.moved,
        "highlights": highlights.snippets(document, wanted),
    }
    if request.explain:
        shaped["explanation"] = explanation(item, request.lang)
    return shaped


def explanation(item: Ranked, language: Language) -> list[dict[str, Any]]:
    """Return the parts of a score; their points sum to it."""
    return [
        {
            "part": part.source,
            "label": labels.part(part.source, language),
            "value": part.value,
            "weight": part.weight,
            "points": part.points,
        }
        for part in item.parts
    ]


def day_rate(document: Document) -> dict[str, Any] | None:
    """Return a day rate in units of its currency."""
    cents = document.day_rate_cents
    if cents is None:
        return None
    return {
        "amount": cents // 100 if cents % 100 == 0 else cents / 100,
        "currency": document.day_rate_currency,
    }


def rating(document: Document) -> dict[str, Any]:
    """Return the plain mean of the ratings, to one decimal."""
    count = document.rating_count
    return {"mean": round(document.rating_sum / count, 1) if count else None, "count": count}


def understood(found: Found, language: Language, wordlists: Wordlists) -> dict[str, Any]:
    """Return how the query was read."""
    return {
        "chips": [
            {
                "kind": unit.kind,
                "value": unit.value,
                "label": units.label(unit, wordlists, language),
                "text": unit.text,
            }
            for unit in found.understood.units
        ],
        "corrections": [{"typed": item.typed, "used": item.used} for item in found.understood.corrections],
        "advice": [advice(item) for item in found.relaxations],
    }


def advice(item: Relaxation) -> dict[str, Any]:
    """Return what leaving something out would find."""
    return {"kind": item.kind, "value": item.value, "total": item.total}


def facet(name: FacetName, item: FacetCount, wordlists: Wordlists, language: Language) -> dict[str, Any]:
    """Return a facet's value with its label; `value` is what the filter takes."""
    return {
        "value": labels.facet_parameter(name, item.value, wordlists, language),
        "label": labels.facet_value(name, item.value, wordlists, language),
        "count": item.count,
    }


def suggestions(found: list[Suggestion]) -> dict[str, Any]:
    """Return suggestions in their shape."""
    return {"suggestions": [{"kind": item.kind, "value": item.value, "label": item.label} for item in found]}
