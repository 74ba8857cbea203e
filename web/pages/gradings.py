"""The page where an operator grades results blindly: an expert as results show one, without rank, score or boost."""

from collections.abc import Sequence
from typing import Any

from accounts.sign_ins import SignedIn
from foundation.i18n import Language, message, translate
from search_api.gradings import Next, Pair, Waiting, done_percent
from taxonomy.wordlists import Wordlists
from web.pages import cards

_GRADES = (
    message("No use: not what was meant"),
    message("A little: touches on it"),
    message("Good: could take the mission"),
    message("Just who was meant"),
)
KINDS = ("exact", "synonym", "typo", "crosslingual", "zone", "demonym", "acronym", "brief")
SHOWN = (
    "name",
    "headline",
    "headline_lang",
    "initials",
    "countries",
    "based_in",
    "city",
    "languages",
    "sectors",
    "day_rate",
    "available_from",
    "is_available_now",
    "unconfirmed_since",
    "rating",
    "skills",
    "skill_langs",
    "matched_skills",
    "extract",
)
"""What a grader sees of a result: nothing that tells how it was ranked, and no way to a page that does."""


def context(
    following: Next,
    queries: Sequence[Waiting],
    operator: SignedIn,
    wordlists: Wordlists,
    language: Language,
    *,
    is_partial: bool,
    can_undo: bool,
    refused: dict[str, str] | None,
) -> dict[str, Any]:
    """Return the template's values."""
    return {
        "pair": _pair(following.pair, wordlists, language) if following.pair else None,
        "look_on_from": following.start,
        "is_partial": is_partial,
        "can_undo": can_undo,
        "grades": [
            {"value": value, "label": translate(language, label)} for value, label in reversed(list(enumerate(_GRADES)))
        ],
        "kinds": sorted({*KINDS, *(query.kind for query in queries)}),
        "query_count": len(queries),
        "done_count": sum(query.is_done for query in queries),
        "done_percent": done_percent(queries),
        "operator": operator,
        "refused": refused,
    }


def _pair(pair: Pair, wordlists: Wordlists, language: Language) -> dict[str, Any]:
    shown = cards.result(pair.item, pair.found, wordlists, language, back_url="")
    return {
        "query": pair.query.text,
        "kind": pair.query.kind,
        "expert": pair.item.document.ref,
        "skip_from": f"{pair.key}0",
        "card": {name: shown[name] for name in SHOWN},
    }
