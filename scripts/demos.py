"""`portulan demo`: the sample directory, ready to be searched. Never asks, and can be repeated."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import orjson
import typer

from billing.documents import issues
from foundation import clock
from foundation.settings import ROOT, Settings
from scripts import databases, demo_accounts, demo_boosts, demo_missions, demo_threads, demo_traffic
from scripts.experts import run_import
from scripts.indexes import deliver
from web.demo_people import PASSWORD, PEOPLE

SAMPLE = ROOT / "data" / "sample" / "experts.jsonl"
WRITTEN_ON = date(2026, 11, 1)
"""The day that the dates of the sample are relative to."""


def load() -> None:
    """Migrate, load the sample directory of fictional experts, and index it."""
    settings = Settings()
    database = databases.opened(settings)
    typer.echo("Loading the sample directory")
    outcome = run_import(database, iter(list(lines(clock.today()))), None)
    for fault in outcome.faults:
        typer.echo(str(fault), err=True)
    if not outcome.is_published:
        raise typer.Exit(1)
    (settings.data_dir / "sample.json").write_bytes(orjson.dumps({"loaded_on": clock.today().isoformat()}))
    typer.echo(f"{outcome.created} created, {outcome.updated} updated, {outcome.unchanged} unchanged.")
    typer.echo("Adding some weeks of invented visits")
    refs = [str(orjson.loads(line)["ref"]) for line in SAMPLE.read_bytes().splitlines()]
    database.write(lambda session: demo_traffic.add(session, refs, clock.today()))
    demo_accounts.add(settings, database, clock.now())
    database.write(lambda session: demo_traffic.add_approaches(session, [person.email for person in PEOPLE]))
    demo_threads.add(database, clock.now())
    demo_boosts.add(settings, database, clock.now())
    demo_missions.add(settings, database, clock.now())
    with database.reading() as session:
        unmade = issues.without_file(session)
    issues.render(database, unmade, clock.now())
    typer.echo("Indexing words and meanings")
    deliver(settings, database)
    typer.echo("The directory is ready. Look around as one of these people, with one click at /demo:")
    for person in PEOPLE:
        typer.echo(f"  {person.kind.value:9} {person.email}")
    typer.echo(f"  The password of company and expert: {PASSWORD}")


def lines(today: date) -> Iterator[bytes]:
    """Yield the sample's records with their dates moved along, so that the sample never ages."""
    for line in SAMPLE.read_bytes().splitlines():
        yield orjson.dumps(moved(orjson.loads(line), today - WRITTEN_ON))


def moved(record: dict[str, Any], by: timedelta) -> dict[str, Any]:
    """Return a record with every date moved."""
    for name in ("available_from", "boosted_until"):
        if record.get(name):
            record[name] = _moved(record[name], by)
    for review in record.get("reviews", []):
        review["on"] = _moved(review["on"], by)
    return record


def _moved(day: str, by: timedelta) -> str:
    return (date.fromisoformat(day) + by).isoformat()
