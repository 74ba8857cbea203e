"""What would help a search that found nobody: searched once more, with what stands in the way."""

from dataclasses import dataclass
from enum import StrEnum

from search_api import requests
from search_api.empties import Emptied
from search_api.requests import Parameters, SearchRequest
from search_api.searches import Searcher
from search_api.units import Unit
from taxonomy import texts


class Remedy(StrEnum):
    """What to do about it."""

    NONE = "none"
    """It finds somebody by now."""
    FILTER = "filter"
    """Only a filter stands in the way: experts of that kind are missing."""
    SYNONYM = "synonym"
    """A word is not known: it may be another name of a known skill."""
    WORD = "word"
    """Only a word stands in the way."""
    EXPERTS = "experts"
    """Nobody offers anything like it."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What an emptied search was understood as, and what would help."""

    emptied: Emptied
    total_now: int
    understood: list[Unit]
    unknown: dict[str, str | None]
    """Words that nobody holds, each with the nearest one that is known."""
    relaxations: list[tuple[str, str, int]]
    """What would find somebody when left out, and how many."""
    remedy: Remedy
    about: str = ""
    """The filter or word that the remedy is about."""
    count: int = 0
    """How many would be found."""


def request_of(item: Emptied, searcher: Searcher) -> SearchRequest:
    """Return a counted search as a request again; raise ValidationError where it can be made no more."""
    given = {"q": item.search.query, "size": 20, "lang": "en", **requests.parse(item.search.filters)}
    return requests.resolve(Parameters.model_validate(given), searcher.wordlists)


def advise(searcher: Searcher, request: SearchRequest, item: Emptied) -> Advice:
    """Search once more, and tell what stands in the way."""
    found = searcher.find(request)
    understood = [unit for unit in found.understood.units if unit.kind != "word"]
    words = {word: texts.stems(word) for unit in found.understood.units for word in texts.words(unit.text)}
    held = searcher.engine.holders(stems for stems in words.values() if stems)
    unknown = {
        word: searcher.wordlists.correct(word) or searcher.engine.correct(word)
        for word, stems in words.items()
        if stems and not held[stems]
    }
    relaxations = [(each.kind, each.value, each.total) for each in found.relaxations]
    remedy, about, count = decide(found.total, unknown, relaxations)
    return Advice(item, found.total, understood, unknown, relaxations, remedy, about, count)


def decide(
    total: int, unknown: dict[str, str | None], relaxations: list[tuple[str, str, int]]
) -> tuple[Remedy, str, int]:
    """Return what to do, about which filter or word, and how many would be found. Pure."""
    if total:
        return Remedy.NONE, "", total
    if relaxations and relaxations[0][0] in {"filter", "filters"}:
        return Remedy.FILTER, relaxations[0][1], relaxations[0][2]
    if unknown:
        return Remedy.SYNONYM, next(iter(unknown)), 0
    if relaxations:
        return Remedy.WORD, relaxations[0][1], relaxations[0][2]
    return Remedy.EXPERTS, "", 0
