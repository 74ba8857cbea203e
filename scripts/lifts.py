"""`portulan ranking lift` and `traffic`: what boosts bring, and grades made from what visitors opened and did."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import outcomes
from accounts.models.experts import Expert
from foundation import clock
from foundation.errors import NotFound
from ranking import lifts, propensities
from ranking.lifts import FEWEST_DRAWS, Ratio
from scripts import databases, tables
from scripts.tables import AsJson

Days = Annotated[int, typer.Option(min=1, max=90, help="How far to look back.")]
AUTHOR = "traffic"


def lift(
    expert: Annotated[str, typer.Option("--expert", help="One expert's ref; all of them if none is given.")] = "",
    days: Days = 90,
    as_json: AsJson = False,
) -> None:
    """Tell how much more often boosted experts are seen and opened than where their boost is withheld by chance."""
    since = clock.now() - timedelta(days=days)
    with databases.opened().reading() as session:
        expert_id = _id_of(session, expert) if expert else None
        found = lifts.measure(outcomes.boost_draws(session, since, expert_id))
    if as_json:
        said = {name: asdict(ratio) for name, ratio in (("firsts", found.firsts), ("views", found.views))}
        line = {"expert": expert or None, "days": days, "confidence": 0.95, "fewest_draws": FEWEST_DRAWS, **said}
        tables.put_json(line)
        return
    table = Table("", "boosted", "held out", "times as often", "95 % interval", title=f"Lift, {days} days")
    table.add_row(f"among the first {outcomes.FIRST_PLACES}", *_cells(found.firsts))
    table.add_row("opened from results", *_cells(found.views))
    Console().print(table)


def traffic(days: Days = 90) -> None:
    """Write grades made from views and approaches, position bias taken out, as JSONL for `judgments import`.

    Approaches are missions proposed, and first messages, to an expert whom a search had shown. What there was is said
    beside the grades, on standard error.
    """
    since = clock.now() - timedelta(days=days)
    with databases.opened().reading() as session:
        rows = list(outcomes.traffic(session, since))
    judgments = propensities.grade(rows)
    for judged in judgments:
        line = {
            "query": judged.query,
            "kind": judged.source,
            "author": AUTHOR,
            "source": judged.source,
            "grades": dict(judged.grades),
        }
        tables.put_json(line)
    graded = sum(len(judged.grades) for judged in judgments)
    impressions, views, approaches = (
        sum(getattr(row, name) for row in rows) for name in ("impressions", "views", "approaches")
    )
    said = f"{impressions} impressions, {views:g} views, {approaches} approaches in {days} days"
    typer.echo(f"{said}: {graded} grades for {len(judgments)} queries.", err=True)


def _id_of(session: Session, ref: str) -> str:
    found = session.execute(select(col(Expert.id)).where(col(Expert.ref) == ref)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no expert {ref!r}")
    return found


def _cells(ratio: Ratio) -> tuple[str, str, str, str]:
    counts = (str(ratio.boosted), str(ratio.held_out))
    if ratio.ratio is None:
        return *counts, "not enough yet", f"needs {FEWEST_DRAWS} different searches of each"
    return *counts, f"{ratio.ratio:.2f}", f"{ratio.low:.2f} to {ratio.high:.2f}"
