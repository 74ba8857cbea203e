"""`portulan ranking empty`: searches that found nobody, and what to do about each."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from foundation import clock
from scripts import searching, tables
from scripts.searching import Looking
from scripts.tables import AsJson
from search_api import empties, remedies, units
from search_api.empties import Emptied
from search_api.remedies import Advice, Remedy


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
        advised = [_told(_advise(looking, item), looking) for item in found]
    if as_json:
        tables.put_json(advised)
        return
    if not advised:
        tables.say(f"Every search of the last {days} days found somebody.")
        return
    tables.put(
        ("times#", "last", "query", "filters", "understood", "unknown words", "to do"),
        [
            (
                item["count"],
                item["last_on"],
                item["query"],
                item["filters"],
                ", ".join(item["understood"]),
                ", ".join(f"{word} (near: {near})" if near else word for word, near in item["unknown"].items()),
                item["to_do"],
            )
            for item in advised
        ],
    )


def _advise(looking: Looking, item: Emptied) -> Advice:
    request = looking.request(item.search.query, item.search.filters)
    return remedies.advise(looking.ranked_by(looking.profile(None, request)), request, item)


def _told(advice: Advice, looking: Looking) -> dict[str, Any]:
    words = looking.searcher.wordlists
    return {
        "query": advice.emptied.search.query,
        "filters": advice.emptied.search.filters,
        "count": advice.emptied.count,
        "last_on": advice.emptied.last_on.isoformat(),
        "total_now": advice.total_now,
        "understood": [f"{unit.kind} {units.label(unit, words, 'en')}" for unit in advice.understood],
        "unknown": advice.unknown,
        "relaxations": advice.relaxations,
        "to_do": _to_do(advice),
    }


def _to_do(advice: Advice) -> str:
    about, count = advice.about, advice.count
    return {
        Remedy.NONE: f"nothing: it finds {count} now",
        Remedy.FILTER: f"look for experts: without the filter {about} it finds {count}",
        Remedy.SYNONYM: f"if it means a known skill, add “{about}” as a synonym; else look for experts",
        Remedy.WORD: f"look for experts: without “{about}” it finds {count}",
        Remedy.EXPERTS: "look for experts: nobody offers anything like it",
    }[advice.remedy]
