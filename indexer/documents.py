"""The document: everything that searching needs to know of one expert, and nothing else.

Results are rendered from documents alone. What text weighs in which field is decided here, once, for every
engine: a word's frequency is the sum over the fields, each times its weight (BM25F, Robertson et al. 2004).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import orjson

from accounts import availabilities
from accounts.experts import Profile
from foundation import currencies
from ranking import reviews
from taxonomy import dictionaries, texts
from taxonomy.concepts import Language
from taxonomy.wordlists import Wordlists

SCHEMA = 7
EMBEDDED_SUMMARY_WORDS = 120

_HEADLINE, _SKILL, _SECTOR, _SUMMARY, _SOFT_SKILL, _CITY, _REFERENCE, _NAME = (
    3.0,
    3.0,
    1.5,
    1.0,
    0.5,
    1.0,
    0.4,
    1.0,
)
_SKILL_IN_HEADLINE, _SKILL_IN_SUMMARY = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Document:
    """One expert as the index holds it."""

    id: str
    version: int
    ref: str
    slug: str
    name: str
    headline: str
    summary: str
    skills: list[str]
    soft_skills: list[str]
    sectors: list[str]
    countries: list[str]
    languages: list[str]
    references: list[dict[str, Any]]
    based_in: str | None
    city: str | None
    day_rate_cents: int | None
    day_rate_currency: str | None
    day_rate_eur_cents: int | None
    available_from: date | None
    availability_ends_on: date | None
    """When "available" has to be confirmed again; None where it does not lapse."""
    boosted_until: date | None
    portrait_id: str | None
    rating_sum: int
    rating_count: int
    review_prior: float
    """What is believed of who works in these sectors before any review."""
    review_sum: float
    review_weight: float
    """The totals of all reviews, as `ranking.reviews` weighs them: as of its epoch."""
    reviewed_skills: dict[str, list[float]]
    """The sum and the weight of each skill's reviews among these totals."""
    created_on: date
    skill_keys: list[str]
    sector_keys: list[str]
    mentioned_skills: dict[str, float]
    """Skills that the profile names: 1 where it lists them, less where its text only mentions them."""
    language: Language
    """The language that the profile is written in."""
    text_hash: str
    """Names what was encoded as the profile's vector."""

    @property
    def only_mentioned(self) -> list[str]:
        """Return the skills that the text mentions and the profile doesn't list."""
        return [key for key in self.mentioned_skills if key not in self.skill_keys]

    def dump(self) -> bytes:
        """Return the document as JSON."""
        return orjson.dumps(self)


def load(text: bytes) -> Document:
    """Read back what `dump` wrote."""
    values = orjson.loads(text)
    for name in ("available_from", "availability_ends_on", "boosted_until", "created_on"):
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    return Document(**values)


def build(profile: Profile, wordlists: Wordlists, priors: Mapping[str, float]) -> Document:
    """Return an expert's document; `priors` are the mean ratings of sectors."""
    expert = profile.expert
    skill_keys = _unique(wordlists.skill_key(label) for label in expert.skills)
    sector_keys = _unique(wordlists.sector_key(label) for label in expert.sectors)
    ratings = [review.rating for review in profile.reviews]
    by_skill = _ratings_by_skill(profile, wordlists)
    review_sum, review_weight = reviews.totals(chain.from_iterable(by_skill.values()))
    return Document(
        id=expert.id,
        version=expert.version,
        ref=expert.ref,
        slug=expert.slug,
        name=expert.name,
        headline=expert.headline,
        summary=expert.summary,
        skills=expert.skills,
        soft_skills=expert.soft_skills,
        sectors=expert.sectors,
        countries=expert.countries,
        languages=expert.languages,
        references=expert.client_references,
        based_in=expert.based_in,
        city=expert.city,
        day_rate_cents=expert.day_rate_cents,
        day_rate_currency=expert.day_rate_currency,
        day_rate_eur_cents=_eur_cents(expert.day_rate_cents, expert.day_rate_currency),
        available_from=expert.available_from,
        availability_ends_on=availabilities.ends_on(expert),
        boosted_until=expert.boosted_until,
        portrait_id=expert.portrait_id,
        rating_sum=sum(ratings),
        rating_count=len(ratings),
        review_prior=reviews.prior(sector_keys, priors),
        review_sum=review_sum,
        review_weight=review_weight,
        reviewed_skills={key: list(reviews.totals(given)) for key, given in by_skill.items()},
        created_on=expert.created_at.date(),
        skill_keys=skill_keys,
        sector_keys=sector_keys,
        mentioned_skills=_mentioned_skills(expert.headline, expert.summary, skill_keys, wordlists),
        language=dictionaries.language_of_words((*texts.words(expert.headline), *texts.words(expert.summary))) or "fr",
        text_hash=hash_of(expert.headline, expert.skills, expert.summary),
    )


def hash_of(headline: str, skills: list[str], summary: str) -> str:
    """Return what names the vector of a profile's text."""
    return hashlib.sha256(text_to_embed(headline, skills, summary).encode()).hexdigest()


def text_to_embed(headline: str, skills: list[str], summary: str) -> str:
    """Return the text whose vector stands for the profile; French doublets are said once."""
    summary = "" if summary.strip() == headline else " ".join(summary.split()[:EMBEDDED_SUMMARY_WORDS])
    parts = [texts.without_doublets(headline), ", ".join(skills), summary]
    return ". ".join(part for part in parts if part)


def term_weights(document: Document) -> dict[str, float]:
    """Return the weighted frequency of every term that finds the document."""
    return stem_weights(document) | concept_weights(document)


def stem_weights(document: Document) -> dict[str, float]:
    """Return the weighted frequency of every stem among the terms."""
    weights: dict[str, float] = {}
    fields: list[tuple[float, list[str]]] = [
        (_HEADLINE, [texts.without_doublets(document.headline)]),
        (_SUMMARY, [document.summary]),
        (_CITY, [document.city or ""]),
        (_NAME, [document.name]),
        (_SKILL, document.skills),
        (_SECTOR, document.sectors),
        (_SOFT_SKILL, document.soft_skills),
        (_REFERENCE, [f"{item['client']} {item['text']}" for item in document.references]),
    ]
    for weight, several in fields:
        words = chain.from_iterable(map(texts.words, several))
        for stem, count in Counter(chain.from_iterable(map(texts.stems, words))).items():
            weights[stem] = weights.get(stem, 0.0) + weight * count
    return weights


def concept_weights(document: Document) -> dict[str, float]:
    """Return the weighted frequency of every skill and sector among the terms: no stem has their colon."""
    skills = {skill_term(key): weight * _SKILL for key, weight in document.mentioned_skills.items()}
    return skills | {sector_term(key): _SECTOR for key in document.sector_keys}


def skill_term(key: str) -> str:
    """Return the term under which a skill is found whatever the language it was written in."""
    return f"skill:{key}"


def sector_term(key: str) -> str:
    """Return the term under which a sector is found."""
    return f"sector:{key}"


def _mentioned_skills(headline: str, summary: str, skill_keys: list[str], wordlists: Wordlists) -> dict[str, float]:
    found = dict.fromkeys(skill_keys, 1.0)
    for text, weight in ((headline, _SKILL_IN_HEADLINE), (summary, _SKILL_IN_SUMMARY)):
        for mention in wordlists.trade_phrases.mentions(texts.words(text)):
            for kind, key in mention.meanings:
                if kind == "skill":
                    found.setdefault(key, weight)
    return found


def _ratings_by_skill(profile: Profile, wordlists: Wordlists) -> dict[str, list[tuple[int, date]]]:
    """Return the ratings of each skill with their days; a day to come counts as the last change of the profile."""
    found: dict[str, list[tuple[int, date]]] = {}
    latest = profile.expert.updated_at.date()
    for review in profile.reviews:
        given = found.setdefault(wordlists.skill_key(review.skill), [])
        given.append((review.rating, min(review.experienced_on, latest)))
    return {key: found[key] for key in sorted(found)}


def _eur_cents(cents: int | None, currency: str | None) -> int | None:
    if cents is None or currency is None:
        return None
    return currencies.convert(cents, currency, "EUR")


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
