"""Experts side by side: a row for each question, and what they have in common."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from typing import Any

from accounts.experts import Profile
from foundation import currencies
from foundation.i18n import Language, message, translate
from search_api import labels
from taxonomy import languages, zones
from taxonomy.wordlists import Wordlists
from web.pages import cards
from web.pages.profiles import ratings_by_skill

MOST = 3
_ROWS = {
    "rate": message("Day rate"),
    "availability": message("Availability"),
    "rating": message("Rating"),
    "skills": message("Skills"),
    "ratings": message("Ratings by skill"),
    "countries": message("Countries"),
    "languages": message("Languages"),
    "sectors": message("Sectors"),
    "soft_skills": message("Ways of working"),
    "references": message("Past work"),
}


def context(
    profiles: Sequence[Profile], wordlists: Wordlists, language: Language, *, today: date, gone: int, left_out: int
) -> dict[str, Any]:
    """Return the template's values; `gone` counts who is no longer shown, `left_out` who did not fit."""
    columns = [_column(profile, wordlists, language, today) for profile in profiles]
    return {
        "experts": [column["card"] for column in columns],
        "rows": [_row(kind, title, columns, language) for kind, title in _ROWS.items() if _is_said(kind, columns)],
        "gone": gone,
        "left_out": left_out,
        "most": MOST,
    }


def _column(profile: Profile, wordlists: Wordlists, language: Language, today: date) -> dict[str, Any]:
    """Return what one expert answers to each question; of lists, each value with what makes two of them equal."""
    shown = profile.expert
    card = cards.profile(profile, wordlists, language, today)
    written_in = card["headline_lang"]

    def listed(values: Iterable[str], key: Callable[[str], str], label: Callable[[str], str]) -> list[dict[str, Any]]:
        found = {key(value): {"key": key(value), "label": label(value), "lang": language} for value in values}
        for item in found.values():
            if item["key"].startswith("~"):
                item["lang"] = written_in
        return list(found.values())

    return {
        "card": card,
        "rate": _eur_cents(profile),
        "availability": (card["is_available_now"], card["available_from"]),
        "rating": card["rating"]["mean"],
        "skills": listed(shown.skills, wordlists.skill_key, lambda name: labels.skill(name, wordlists, language)),
        "sectors": listed(shown.sectors, wordlists.sector_key, lambda name: labels.sector(name, wordlists, language)),
        "countries": listed(shown.countries, str, lambda code: zones.country_label(code, language)),
        "languages": listed(shown.languages, str, lambda code: languages.label(code, language)),
        "soft_skills": listed(shown.soft_skills, lambda name: f"~{name.casefold()}", str),
        "ratings": ratings_by_skill(profile.reviews),
        "references": shown.client_references,
    }


def _is_said(kind: str, columns: Sequence[dict[str, Any]]) -> bool:
    """Tell whether anybody answers a question; the first three always have an answer, be it none."""
    return kind in {"rate", "availability", "rating"} or any(column[kind] for column in columns)


def _row(kind: str, title: str, columns: Sequence[dict[str, Any]], language: Language) -> dict[str, Any]:
    answers = [column[kind] for column in columns]
    is_list = kind in {"skills", "sectors", "countries", "languages", "soft_skills"}
    common = _common(answers) if is_list else set[str]()
    best = _best(kind, answers)
    return {
        "kind": kind,
        "title": translate(language, title),
        "is_same": len(columns) > 1 and len({_comparable(answer) for answer in answers}) == 1,
        "cells": [
            {
                "answer": _common_first(answer, common) if is_list else answer,
                "is_best": best is not None and answer == best,
            }
            for answer in answers
        ],
    }


def _common(answers: Sequence[list[dict[str, Any]]]) -> set[str]:
    """Return what at least two have in common."""
    counts = Counter(item["key"] for answer in answers for item in answer)
    return {key for key, count in counts.items() if count > 1}


def _common_first(answer: list[dict[str, Any]], common: set[str]) -> list[dict[str, Any]]:
    marked = [{**item, "is_common": item["key"] in common} for item in answer]
    return sorted(marked, key=lambda item: not item["is_common"])


def _best(kind: str, answers: Sequence[Any]) -> Any:
    """Return the lowest rate or the highest rating, where they differ and everybody has one."""
    if kind not in {"rate", "rating"} or len(set(answers)) < 2 or None in answers:
        return None
    return min(answers) if kind == "rate" else max(answers)


def _comparable(answer: Any) -> Hashable:
    if isinstance(answer, list):
        return frozenset(item.get("key", repr(item)) for item in answer)
    return answer


def _eur_cents(profile: Profile) -> int | None:
    """Return a rate such that two of them can be compared whatever their currencies."""
    cents, currency = profile.expert.day_rate_cents, profile.expert.day_rate_currency
    return currencies.convert(cents, currency, "EUR") if cents is not None and currency else None
