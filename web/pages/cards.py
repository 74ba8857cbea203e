"""What results and profiles show of an expert alike, and what only a result says."""

from datetime import date
from typing import Any

from babel.numbers import format_decimal
from markupsafe import Markup

from accounts.experts import Profile
from accounts.models.experts import Expert
from foundation import clock
from foundation.i18n import Language, message, translate
from indexer import documents
from indexer.documents import Document
from search_api import highlights, labels, results
from search_api.searches import Found, Ranked
from taxonomy import dictionaries, texts
from taxonomy.wordlists import Wordlists
from web.pages.addresses import PATH
from web.rendering import address

_MOVES = {
    "boost": message("moved up by it"),
    "boost_capped": message("without effect here"),
    "boost_held_out": message("without effect here"),
}
_PLACES = {
    "newcomer": message("Place kept for a newcomer"),
    "duplicate": message("Same text as a result above"),
}


def expert(document: Document, today: date) -> dict[str, Any]:
    """Return what results and profiles show of an expert alike."""
    since, ends_on = document.available_from, document.availability_ends_on
    has_lapsed = ends_on is not None and ends_on < today
    return {
        "id": document.id,
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
        "is_available_now": not has_lapsed and (since is None or since <= today),
        "unconfirmed_since": ends_on if has_lapsed else None,
        "portrait": document.portrait_id,
        "rating": results.rating(document),
    }


def profile(found: Profile, wordlists: Wordlists, language: Language, today: date) -> dict[str, Any]:
    """Return what lists show of an expert as the database has them, who may be unavailable."""
    shown = found.expert
    document = documents.build(found, wordlists, {})
    said = {name: labels.skill(name, wordlists, language) for name in document.skills}
    common = expert(document, today)
    return {
        **common,
        "url": f"{PATH}/{shown.slug}",
        "is_available_now": shown.is_available and common["is_available_now"],
        "available_from": shown.available_from if shown.is_available else None,
        "skills": list(dict.fromkeys(said.values())),
        "skill_langs": {
            label: document.language if wordlists.skill_key(name).startswith("~") else language
            for name, label in said.items()
        },
        "matched_skills": set[str](),
    }


def link(shown: Expert) -> dict[str, Any]:
    """Return what is needed to lead to a profile."""
    return {
        "id": shown.id,
        "name": shown.name,
        "headline": shown.headline,
        "headline_lang": dictionaries.language_of_words(tuple(texts.words(shown.headline))) or "fr",
        "initials": initials(shown.name),
        "url": f"{PATH}/{shown.slug}",
    }


def result(item: Ranked, found: Found, wordlists: Wordlists, language: Language, *, back_url: str) -> dict[str, Any]:
    """Return one result as templates show it; its profile leads back to `back_url`."""
    document = item.document
    wanted = highlights.wanted_stems(found.understood.groups)
    matched = {label for label in document.skills if highlights.mark(label, wanted) != str(Markup.escape(label))}
    matched |= {label for label in document.skills if wordlists.skill_key(label) in found.understood.skills}
    said = {name: labels.skill(name, wordlists, language) for name in document.skills}
    return {
        **expert(document, clock.today()),
        "search": found.query_id,
        "url": address(f"{PATH}/{document.slug}", [("search", found.query_id), ("from", back_url)]),
        "skills": list(dict.fromkeys(said[name] for name in sorted(said, key=lambda name: name not in matched))),
        "skill_langs": {
            said[name]: document.language if wordlists.skill_key(name).startswith("~") else language
            for name in document.skills
        },
        "matched_skills": {said[name] for name in matched},
        "boosted": item.is_boosted,
        "moved": translate(language, _MOVES[item.moved]) if item.moved in _MOVES else None,
        "placed": translate(language, _PLACES[item.moved]) if item.moved in _PLACES else None,
        "extract": _extract(highlights.snippets(document, wanted)),
        "why": [
            {**part, "points": 100 * part["points"], "text": _why(part, language)}
            for part in results.explanation(item, language)
            if part["points"] > 0
        ],
        "score": 100 * item.score,
    }


def preview(found: Profile, wordlists: Wordlists, language: Language, today: date) -> dict[str, Any]:
    """Return an expert as results show them to who has typed nothing."""
    document = documents.build(found, wordlists, {})
    return {
        **profile(found, wordlists, language, today),
        "boosted": False,
        "moved": None,
        "placed": None,
        "extract": _extract(highlights.snippets(document, frozenset())),
        "why": [],
        "score": 0.0,
    }


def initials(name: str) -> str:
    """Return at most two initials."""
    parts = [part for part in name.replace("-", " ").split() if part[0].isalpha()]
    return "".join(part[0].upper() for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts))


def _extract(passages: list[str]) -> Markup:
    """Return passages as one running text, with one mark of omission between them and none alone on a line."""
    text = " ".join(passages).replace("… … ", "… ").replace(" …", "\xa0…")
    return Markup(text)  # noqa: S704 - escaped where the words were marked


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
