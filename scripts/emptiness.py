"""`portulan ranking empty`: searches that found nobody, and what to do about each."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated

import typer

from foundation import clock
from scripts import searching, tables
from scripts.searching import Looking
from scripts.tables import AsJson
from search_api import empties, units
from search_api.empties import Emptied
from taxonomy import texts


@dataclass(frozen=True, slots=True)
class Advice:
    """What an emptied search was understood as, and what would help."""

    query: str
    filters: str
    count: int
    last_on: str
    total_now: int
    understood: list[str]
    unknown: dict[str, str | None]
    """Words that nobody holds, each with the nearest one that is known."""
    relaxations: list[tuple[str, str, int]]
    """What would find somebody when left out, and how many."""
    to_do: str


def empty(
    days: Annotated[int, typer.Option(min=1, max=empties.KEPT_DAYS, help="How many days to look back.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many searches to list.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List searches that found nobody, most frequent first, with what to do about each."""
    with searching.looking() as looking:
        with looking.database.reading() as session:
            since = clock.today() - timedelta(days=days - 1)
            found = empties.most_frequent(session, since=since, limit=limit)
        advised = [_advise(looking, item) for item in found]
    if as_json:
        tables.put_json([asdict(item) for item in advised])
        return
    if not advised:
        tables.say(f"Every search of the last {days} days found somebody.")
        return
    tables.put(
        ("times#", "last", "query", "filters", "understood", "unknown words", "to do"),
        [
            (
                item.count,
                item.last_on,
                item.query,
                item.filters,
                ", ".join(item.understood),
                ", ".join(f"{word} (near: {near})" if near else word for word, near in item.unknown.items()),
                item.to_do,
            )
            for item in advised
        ],
    )


def _advise(looking: Looking, item: Emptied) -> Advice:
    """Search once more, and tell what stands in the way."""
    searcher = looking.searcher
    request = looking.request(item.search.query, item.search.filters)
    found = looking.ranked_by(looking.profile(None, request)).find(request)
    understood = [
        f"{unit.kind} {units.label(unit, searcher.wordlists, 'en')}"
        for unit in found.understood.units
        if unit.kind != "word"
    ]
    words = {word: texts.stems(word) for unit in found.understood.units for word in texts.words(unit.text)}
    held = searcher.engine.holders(stems for stems in words.values() if stems)
    unknown = {
        word: searcher.wordlists.correct(word) or searcher.engine.correct(word)
        for word, stems in words.items()
        if stems and not held[stems]
    }
    relaxations = [(each.kind, each.value, each.total) for each in found.relaxations]
    return Advice(
        item.search.query,
        item.search.filters,
        item.count,
        item.last_on.isoformat(),
        found.total,
        understood,
        unknown,
        relaxations,
        _to_do(found.total, unknown, relaxations),
    )


def _to_do(total: int, unknown: dict[str, str | None], relaxations: list[tuple[str, str, int]]) -> str:
    if total:
        return f"nothing: it finds {total} now"
    if relaxations and relaxations[0][0] in {"filter", "filters"}:
        _, value, count = relaxations[0]
        return f"look for experts: without the filter {value} it finds {count}"
    if unknown:
        return f"if it means a known skill, add “{next(iter(unknown))}” as a synonym; else look for experts"
    if relaxations:
        _, value, count = relaxations[0]
        return f"look for experts: without “{value}” it finds {count}"
    return "look for experts: nobody offers anything like it"
