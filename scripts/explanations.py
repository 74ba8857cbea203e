"""`portulan ranking explain` and `compare`: why results stand where they stand, and what another profile does."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from accounts import experts
from foundation.errors import Fault, Invalid
from ranking import comparisons
from scripts import searching, tables
from scripts.rankings import ProfileName
from scripts.searching import Filters, Looking, Query
from scripts.tables import AsJson
from search_api import absences, explanations
from search_api.absences import Absence
from search_api.explanations import Standing, Target

NOT_FOUND = 1
SHOWN = 10


def explain(
    expert: Annotated[str, typer.Option("--expert", help="The expert's ref.")],
    query: Query = "",
    rank: Annotated[int | None, typer.Option(min=1, help="Tell what it takes to stand there.")] = None,
    filters: Filters = "",
    profile: Annotated[str | None, typer.Option(help="By another profile than the live one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Explain where an expert stands in a search, or why not at all (exit 1)."""
    with searching.looking() as looking:
        with looking.database.reading() as session:
            found = experts.get(session, expert)
        request = looking.request(query, filters)
        searcher = looking.ranked_by(looking.profile(profile, request))
        standing = None
        if experts.is_findable(found):
            standing = explanations.stand(searcher, request, found.id, rank)
        if standing and rank and standing.target is None:
            raise Invalid([Fault("rank", "out_of_range", f"nobody stands at rank {rank} of what is ranked closely")])
        reasons = [] if standing else absences.reasons(searcher, request, found)
        refs = _refs(looking, [standing.target.expert_id] if standing and standing.target else [])
    if as_json:
        tables.put_json(
            {
                "expert": expert,
                "profile": searcher.profile.id,
                "standing": _told(standing, refs) if standing else None,
                "not_found": [asdict(reason) for reason in reasons],
            }
        )
    elif standing:
        _show(standing, f"{expert} for “{query}” by {searcher.profile.id}", refs)
    else:
        _show_absence(expert, query, reasons)
    if standing is None:
        raise typer.Exit(NOT_FOUND)


def compare(
    before: ProfileName,
    after: ProfileName,
    query: Annotated[list[str] | None, typer.Option("--query", help="A query; may be repeated.")] = None,
    queries: Annotated[
        Path | None, typer.Option("--queries", help="A file: a query a line, or JSON objects with `query`.")
    ] = None,
    size: Annotated[int, typer.Option(min=1, max=100, help="How many results are compared.")] = SHOWN,
    as_json: AsJson = False,
) -> None:
    """Show how the first results of queries differ between two profiles."""
    wanted = [*(query or []), *(_queries_in(queries) if queries else [])]
    if not wanted:
        raise Invalid([Fault("queries", "missing", "give a --query or a file of --queries")])
    compared: list[dict[str, Any]] = []
    with searching.looking() as looking, searching.errors.status("Searching") as status:
        for number, text in enumerate(wanted, 1):
            status.update(f"Searching {number} of {len(wanted)}")
            compared.append(_compared(looking, text, (before, after), size))
    if as_json:
        tables.put_json(compared)
        return
    for item in compared[:SHOWN]:
        _show_comparison(item)
    if len(compared) > 1:
        tables.put(
            ("query", "in common#", "rank-biased overlap#", "first"),
            [
                (
                    item["query"],
                    f"{item['overlap']:.0%}",
                    f"{item['rank_biased_overlap']:.3f}",
                    "same" if item["before"][:1] == item["after"][:1] else "another",
                )
                for item in sorted(compared, key=lambda item: item["rank_biased_overlap"])
            ],
            title=f"{len(compared)} queries, the most different first",
        )


def _compared(looking: Looking, query: str, names: tuple[str, str], size: int) -> dict[str, Any]:
    request = looking.request(query, size=size)
    pair = [looking.profile(name, request) for name in names]
    found = [looking.ranked_by(profile).find(request) for profile in pair]
    before, after = ([item.document.ref for item in each.results] for each in found)
    return {
        "query": query,
        "profiles": [profile.id for profile in pair],
        "before": before,
        "after": after,
        "overlap": comparisons.overlap(before, after, size),
        "rank_biased_overlap": comparisons.rank_biased_overlap(before, after),
    }


def _show_comparison(item: dict[str, Any]) -> None:
    before, after = item["before"], item["after"]
    places = {ref: place for place, ref in enumerate(before, 1)}
    rows: list[tuple[object, ...]] = []
    for place in range(1, max(len(before), len(after)) + 1):
        own = after[place - 1] if place <= len(after) else None
        moved = "" if own is None else "new" if own not in places else _moved(places[own] - place)
        rows.append((place, before[place - 1] if place <= len(before) else None, own, moved))
    tables.put(("rank#", *item["profiles"], "moved"), rows, title=item["query"] or "(nothing typed)")


def _moved(places: int) -> str:
    return f"↑ {places}" if places > 0 else f"↓ {-places}" if places < 0 else "="


def _queries_in(path: Path) -> list[str]:
    """Return the queries of a file; raise Invalid with the lines that hold none."""
    found: list[str] = []
    faults: list[Fault] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("{"):
            try:
                found.append(str(orjson.loads(line)["query"]))
            except (orjson.JSONDecodeError, KeyError):
                faults.append(Fault(f"line {number}", "no_query", "is no JSON object with a `query`"))
        elif line.strip():
            found.append(line.strip())
    if faults:
        raise Invalid(faults)
    return found


def _show(standing: Standing, title: str, refs: dict[str, str]) -> None:
    rows: list[tuple[object, ...]] = [
        (reason.source, reason.raw, f"{reason.value:.3f}", f"{reason.weight:.3f}", f"{reason.points:.4f}")
        for reason in sorted(standing.reasons, key=lambda reason: -reason.points)
    ]
    if standing.boost:
        rows.append(("boost", None, None, None, f"{standing.boost:.4f}"))
    rows.append(("score", None, None, None, f"{standing.score:.4f}"))
    tables.put(("feature", "raw#", "value#", "weight#", "points#"), rows, title=title)
    moved = f"; policy: {standing.moved}" if standing.moved else ""
    tables.say(f"Rank {standing.rank} of {standing.total}{moved}.", style="bold")
    if standing.target:
        _show_target(standing.target, refs)


def _show_target(target: Target, refs: dict[str, str]) -> None:
    holder = f"Rank {target.rank} is {refs.get(target.expert_id, target.expert_id)} with {target.score:.4f}"
    if not target.steps:
        tables.say(f"{holder}, which is no more.")
        return
    tables.say(f"{holder}: {target.gap:.4f} points are wanting. One of these would do, or several in part:")
    tables.put(
        ("feature", "value#", "would have to be#", "raw#"),
        [
            (
                step.source,
                f"{step.value:.3f}",
                "not by this alone" if step.needed_value is None else f"{step.needed_value:.3f}",
                step.needed_raw,
            )
            for step in sorted(target.steps, key=lambda step: (step.needed_value is None, step.needed_value))
        ],
    )


def _show_absence(expert: str, query: str, reasons: list[Absence]) -> None:
    tables.say(f"{expert} is not found for “{query}”:", style="bold")
    for reason in reasons:
        tables.say(f"- {reason.message}")
    if not reasons:
        tables.say("- others stand before: only the first 10,000 are listed")


def _told(standing: Standing, refs: dict[str, str]) -> dict[str, Any]:
    told = asdict(standing)
    if standing.target:
        told["target"]["expert"] = refs.get(told["target"].pop("expert_id"))
    return told


def _refs(looking: Looking, ids: list[str]) -> dict[str, str]:
    return {key: document.ref for key, document in looking.searcher.engine.documents(ids).items()} if ids else {}
