"""`portulan ranking judgments`: grades of experts for queries, in and out."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from foundation import clock
from scripts import authors, databases, tables
from scripts.authors import As
from scripts.tables import AsJson
from search_api import judgment_records, judgments

app = typer.Typer(help="Bring judgments in and out: which expert fits which query how well.", no_args_is_help=True)
BAD_INPUT = 2


@app.command("import")
def import_file(
    file: Annotated[str, typer.Argument(help="CSV with a header, or JSONL; - for stdin.")],
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Import judgments: all of them, or none and every fault listed; whoever graded before has it replaced."""
    database = databases.opened()
    by = authors.find(database, author)
    parsed = read(file, by.name)
    with database.writing() as session:
        outcome = judgments.store(session, parsed, at=clock.now())
        counts = {"created": outcome.created, "updated": outcome.updated, "unchanged": outcome.unchanged}
        by.note(session, "judgments_imported", "judgments", "", at=clock.now(), **counts)
    if as_json:
        tables.put_json(counts)
    else:
        typer.echo(", ".join(f"{count} {name}" for name, count in counts.items()) + ".")


@app.command("export")
def export_file(
    file: Annotated[str, typer.Argument(help="Where to write, CSV where the name ends so; - for stdout.")] = "-",
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, whatever the name.")] = False,
) -> None:
    """Export every judgment; importing it again changes nothing."""
    write = judgment_records.csv_lines if as_csv or file.endswith(".csv") else judgment_records.json_lines
    with databases.opened().reading() as session:
        lines = write(judgments.records(session))
        if file == "-":
            for line in lines:
                sys.stdout.buffer.write(line)
            return
        # A file is complete or absent, whatever happens meanwhile.
        draft = Path(f"{file}.part")
        with draft.open("wb") as target:
            target.writelines(lines)
        draft.replace(file)


@app.command("list")
def list_counts(as_json: AsJson = False) -> None:
    """Count queries and judgments by kind, source and author."""
    with databases.opened().reading() as session:
        rows = judgments.counts(session)
    if as_json:
        tables.put_json(rows)
        return
    if not rows:
        tables.say("There are no judgments yet: portulan ranking judgments import FILE")
        return
    columns = ("kind", "source", "author", "queries#", "judgments#")
    tables.put(columns, [tuple(row.values()) for row in rows])


def read(file: str, by: str) -> list[judgment_records.Record]:
    """Return the judgments of a file; with faults, list every one and end with 2."""
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        sys.stderr.write(f"{file}: {error.strerror}\n")
        raise typer.Exit(BAD_INPUT) from None
    parsed = judgment_records.parse(text, author=by)
    if parsed.faults:
        for fault in parsed.faults:
            sys.stderr.write(f"{fault}\n")
        sys.stderr.write(f"Nothing was taken: {len(parsed.faults)} faults.\n")
        raise typer.Exit(BAD_INPUT)
    return parsed.records
