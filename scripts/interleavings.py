"""`portulan ranking interleave`: which of two interleaved rankings visitors prefer."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from accounts import outcomes
from foundation.errors import NotFound
from ranking import interleaving
from ranking.interleaving import ALPHA, Verdict
from scripts import databases, tables
from scripts.tables import AsJson

app = typer.Typer(help="Compare the live ranking and the canary within the same pages.", no_args_is_help=True)


@app.command()
def report(
    live: Annotated[str, typer.Option(help="Id of the live profile; of the latest pair if none is given.")] = "",
    canary: Annotated[str, typer.Option(help="Id of the profile that was mixed in.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell which ranking visitors prefer so far, and whether that is enough evidence; look as often as you like."""
    with databases.opened().reading() as session:
        pair = _pair(outcomes.interleaved_pairs(session), live, canary)
        verdict = interleaving.judge(outcomes.interleaved_days(session, *pair))
    if as_json:
        line = {"live": pair[0], "canary": pair[1], "alpha": ALPHA, **asdict(verdict)}
        tables.put_json(line)
        return
    console = Console(highlight=False)
    console.print(f"live [bold]{pair[0]}[/], canary [bold]{pair[1]}[/]: {verdict.searches} searches")
    console.print(f"visitor days won: live {verdict.live_days}, canary {verdict.canary_days}, of {verdict.days}")
    if verdict.preference is not None:
        share = f"{100 * verdict.preference:.1f} %"
        console.print(f"the canary won {share} of decided days ({100 * verdict.low:.1f} to {100 * verdict.high:.1f} %)")
    console.print(_conclusion(verdict))


def _pair(known: list[tuple[str, str]], live: str, canary: str) -> tuple[str, str]:
    for pair in known:
        if live in {"", pair[0]} and canary in {"", pair[1]}:
            return pair
    raise NotFound("no search was interleaved of these rankings in the last 90 days")


def _conclusion(verdict: Verdict) -> str:
    if verdict.better is not None:
        return f"[green]enough evidence[/]: visitors prefer the {verdict.better} ranking"
    if verdict.searches_needed is None:
        return "[yellow]not enough evidence[/]: so far nothing tells the two apart"
    return f"[yellow]not enough evidence[/]: about {verdict.searches_needed} more searches if it goes on like this"
