"""The pages of saved searches: the list, and keeping one."""

from collections.abc import Mapping, Sequence
from datetime import date
from textwrap import shorten
from typing import Any

from pydantic import ValidationError

from accounts.experts import Profile
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from search_api import requests, saved_searches
from search_api.models import Frequency, SavedSearch
from search_api.requests import Parameters
from search_api.searches import Searcher
from web.pages import addresses, cards, criteria
from web.pages.results import LONG_QUERY
from web.pages.shortlists import one_line
from web.rendering import address

FREQUENCIES = {
    Frequency.OFF: message("Never"),
    Frequency.DAILY: message("Every day, if somebody is new"),
    Frequency.WEEKLY: message("On Mondays, if somebody is new"),
}
_TOO_LONG = message("At most %(max_length)s characters are possible.")
_FULL = message("You have %(most)s saved searches, which is as many as can be kept. Delete one you no longer need.")


def list_context(
    found: Sequence[SavedSearch],
    shown: Mapping[str, Profile],
    searcher: Searcher,
    language: Language,
    *,
    removed_id: str | None,
    typed: Mapping[str, str],
    faults: Sequence[Fault],
) -> dict[str, Any]:
    """Return the values of the list; `shown` has the profiles of new matches that may be looked at."""
    return {
        "searches": [_saved(saved, shown, searcher, language, typed) for saved in found],
        "removed_id": removed_id,
        "frequencies": frequencies(language),
        "longest_name": saved_searches.LONGEST_NAME,
        "faults": {fault.field: fault.message for fault in faults},
        "refused_id": typed.get("id"),
    }


def new_context(
    parameters: Parameters,
    searcher: Searcher,
    language: Language,
    *,
    typed: Mapping[str, str],
    faults: Sequence[Fault],
) -> dict[str, Any]:
    """Return the values of the page that keeps a search."""
    words = criteria.words(parameters, searcher.wordlists, searcher.engine, language)
    return {
        "words": words,
        "search": query_string(parameters),
        "results_url": results_url(parameters),
        "name": typed.get("name", default_name(parameters, words, language)),
        "frequency": read_frequency(typed.get("frequency", Frequency.DAILY)).value,
        "frequencies": frequencies(language),
        "longest_name": saved_searches.LONGEST_NAME,
        "faults": {fault.field: fault.message for fault in faults},
    }


def frequencies(language: Language) -> list[dict[str, str]]:
    """Return how often alerts may come, in words."""
    return [{"value": value.value, "label": translate(language, label)} for value, label in FREQUENCIES.items()]


def default_name(parameters: Parameters, words: Sequence[str], language: Language) -> str:
    """Return what a search is called unless its owner says otherwise: what it asks for, or how a brief begins."""
    if len(parameters.q) > LONG_QUERY:
        return shorten(one_line(parameters.q), LONG_QUERY, placeholder="…")
    name = ", ".join(words) or translate(language, "All experts")
    return shorten(name, saved_searches.LONGEST_NAME, placeholder="…")


def read_name(text: str, default: str, language: Language) -> str:
    """Return a search's name as it is kept, or raise Invalid."""
    name = one_line(text) or default
    if len(name) > saved_searches.LONGEST_NAME:
        reason = translate(language, _TOO_LONG, max_length=saved_searches.LONGEST_NAME)
        raise Invalid([Fault("name", "string_too_long", reason)])
    return name


def read_frequency(text: str) -> Frequency:
    """Return how often alerts are to come; never, where a form says none of ours."""
    return next((frequency for frequency in Frequency if frequency == text), Frequency.OFF)


def full_fault(language: Language) -> Fault:
    """Say that no more searches can be saved."""
    return Fault("search", "too_many", translate(language, _FULL, most=saved_searches.MOST))


def query_string(parameters: Parameters) -> str:
    """Return a search as a form carries it."""
    return results_url(parameters).partition("?")[2]


def results_url(parameters: Parameters) -> str:
    """Return where a search's results are, from the first."""
    first = Parameters.model_validate({**saved_searches.essence(parameters), "lang": parameters.lang})
    return address(addresses.PATH, addresses.pairs(first))


def _saved(
    saved: SavedSearch,
    shown: Mapping[str, Profile],
    searcher: Searcher,
    language: Language,
    typed: Mapping[str, str],
) -> dict[str, Any]:
    is_refused = typed.get("id") == saved.id
    parameters = _parameters(saved, searcher, language)
    new = [shown[expert_id] for expert_id in saved.new_ids if expert_id in shown]
    words = criteria.words(parameters, searcher.wordlists, searcher.engine, language) if parameters else []
    return {
        "id": saved.id,
        "title": saved.name,
        "name": typed.get("name", "") if is_refused else saved.name,
        "frequency": read_frequency(typed.get("frequency", "")).value if is_refused else saved.frequency,
        "words": words,
        "url": results_url(parameters) if parameters else None,
        "new_count": saved.new_count if new else 0,
        "new_on": _day(saved),
        "new": [cards.link(profile.expert) for profile in new],
    }


def _parameters(saved: SavedSearch, searcher: Searcher, language: Language) -> Parameters | None:
    """Return what a search asks; None where that can't be asked any more."""
    try:
        parameters = saved_searches.parameters_of(saved, language)
        requests.resolve(parameters, searcher.wordlists)
    except (ValidationError, Invalid):
        return None
    return parameters


def _day(saved: SavedSearch) -> date | None:
    return saved.new_at.date() if saved.new_at else None
