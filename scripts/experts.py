"""`portulan experts`: bringing records in and out, and the switches that decide who is found."""

import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.orm import Session

from accounts import experts, exports, imports, invitations
from accounts.links import lasts_minutes
from accounts.models.accounts import Purpose
from foundation import clock
from foundation.database import Database
from foundation.i18n import Language
from foundation.settings import Settings
from scripts import authors, databases, tables
from scripts.authors import As

app = typer.Typer(help="Import, export and change experts.", no_args_is_help=True)
errors = Console(stderr=True, highlight=False)
BAD_INPUT = 2
Ref = Annotated[str, typer.Argument(help="The expert's ref.")]


@app.command("import")
def import_records(
    file: Annotated[str, typer.Argument(help="A file of expert records, one JSON object a line; - for stdin.")],
    skip_invalid: Annotated[bool, typer.Option(help="Import the good lines and say what was left.")] = False,
    author: As = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Import expert records: all of them, or none and every fault listed."""
    with _opened(file) as (lines, size):
        database = databases.opened()
        by = authors.find(database, author)
        outcome = run_import(database, lines, size, skip_invalid=skip_invalid)
    for fault in outcome.faults:
        sys.stderr.write(f"{fault}\n")
    counts = {
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "skipped": outcome.skipped,
        "faults": len(outcome.faults),
    }
    if not outcome.is_published:
        sys.stderr.write(f"Nothing was imported: {len(outcome.faults)} faults on {outcome.skipped} lines.\n")
        if as_json:
            nothing = {"created": 0, "updated": 0, "unchanged": 0}
            tables.put_json({**counts, **nothing, "imported": False})
        raise typer.Exit(BAD_INPUT)
    with database.writing() as session:
        by.note(session, "experts_imported", "experts", "", at=clock.now(), **counts)
    if as_json:
        tables.put_json({**counts, "imported": True})
        return
    typer.echo(
        f"{outcome.created} created, {outcome.updated} updated, {outcome.unchanged} unchanged"
        + (f", {outcome.skipped} lines left out." if outcome.skipped else ".")
    )


@app.command("export")
def export_records(
    file: Annotated[str, typer.Argument(help="Where to write; - for stdout.")] = "-",
) -> None:
    """Export every expert as a record; importing it again changes nothing."""
    with databases.opened().reading() as session:
        if file == "-":
            for line in exports.lines(session):
                sys.stdout.buffer.write(line)
            return
        # A file is complete or absent, whatever happens meanwhile.
        draft = Path(f"{file}.part")
        with draft.open("wb") as target:
            target.writelines(exports.lines(session))
        draft.replace(file)


@app.command()
def show(ref: Ref, author: As = "") -> None:
    """Tick the display preference: the profile may be found."""
    _change(ref, author, "expert_shown", lambda session, at: experts.show(session, ref, at=at))


@app.command()
def hide(ref: Ref, author: As = "") -> None:
    """Untick the display preference: out of results at once."""
    _change(ref, author, "expert_hidden", lambda session, at: experts.hide(session, ref, at=at))


@app.command()
def available(
    ref: Ref,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="From which day.")] = None,
    author: As = "",
) -> None:
    """Declare an expert available, now or from a day on."""
    day = since.date() if since else None
    _change(
        ref, author, "expert_available", lambda session, at: experts.declare_available(session, ref, since=day, at=at)
    )


@app.command()
def unavailable(ref: Ref, author: As = "") -> None:
    """Declare an expert unavailable: out of results at once."""
    _change(ref, author, "expert_unavailable", lambda session, at: experts.declare_unavailable(session, ref, at=at))


@app.command()
def invite(
    ref: Ref,
    email: Annotated[str, typer.Argument(help="Where the invitation goes; their account will have this address.")],
    language: Annotated[str, typer.Option(help="Of the mail: fr or en.")] = "fr",
    author: As = "",
) -> None:
    """Invite an imported expert to own the profile: the link is mailed and printed."""
    settings = Settings()
    database = databases.opened(settings)
    actor = authors.find(database, author).actor
    wanted: Language = "en" if language == "en" else "fr"
    with database.writing() as session:
        token = invitations.invite_expert(session, ref, email, wanted, actor, at=clock.now())
    typer.echo(f"{settings.site_address}/invitation?token={token}")
    typer.echo(f"The link works once, for {lasts_minutes(Purpose.INVITE_EXPERT) // 1440} days.", err=True)


@app.command()
def delete(
    refs: Annotated[list[str], typer.Argument(help="The experts' refs.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    author: As = "",
) -> None:
    """Delete experts with their reviews."""
    if not yes:
        typer.confirm(f"Delete {len(refs)} experts for good?", abort=True)
    database = databases.opened()
    by = authors.find(database, author)
    with database.writing() as session:
        count = experts.remove(session, refs)
        by.note(session, "experts_deleted", "experts", at=clock.now(), deleted=count)
    typer.echo(f"{count} deleted.")


def _change(ref: str, author: str, action: str, work: Callable[[Session, datetime], None]) -> None:
    """Change one expert, and note who did."""
    database, at = databases.opened(), clock.now()
    by = authors.find(database, author)
    with database.writing() as session:
        work(session, at)
        by.note(session, action, "expert", experts.get(session, ref).id, at=at)


def run_import(
    database: Database, lines: Iterator[bytes], size: int | None, *, skip_invalid: bool = False
) -> imports.Outcome:
    """Import with a progress bar on stderr."""
    columns = (TextColumn("Importing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("import", total=size)
        return imports.run(
            database,
            lines,
            at=clock.now(),
            skip_invalid=skip_invalid,
            progress=lambda read: bar.advance(task, read),
        )


@contextmanager
def _opened(file: str) -> Generator[tuple[BinaryIO, int | None]]:
    if file == "-":
        yield sys.stdin.buffer, None
        return
    try:
        with Path(file).open("rb") as lines:
            yield lines, os.fstat(lines.fileno()).st_size
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        sys.stderr.write(f"{file}: {error.strerror}\n")
        raise typer.Exit(BAD_INPUT) from None
