"""`scripts/services up|down|status`."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from foundation.errors import DomainError
from scripts.backends import runs
from scripts.backends.runs import Name, Run

app = typer.Typer(
    help="The real PostgreSQL, Redis and OpenSearch on this machine, without Docker, with throw-away data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
File = Annotated[Path, typer.Option("--file", help="Where to note what runs.")]
FALLS_SHORT = 1


@app.command()
def up(
    names: Annotated[list[Name] | None, typer.Argument(help="Which ones; if none is named, all but Toxiproxy.")] = None,
    as_json: AsJson = False,
    file: File = runs.FILE,
) -> None:
    """Start what does not run yet, wait until it is ready, print the settings to export."""
    run = runs.up(names or runs.USUAL, file=file, say=_say)
    if as_json:
        _print_json(run.settings())
        return
    for name, value in run.settings().items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def down(file: File = runs.FILE) -> None:
    """Stop exactly what was started here, and remove its data."""
    runs.down(file=file, say=_say)


@app.command()
def status(as_json: AsJson = False, file: File = runs.FILE) -> None:
    """Tell what runs; exit 1 unless everything that was started answers."""
    run = runs.read(file)
    ready = {name: runs.is_ready(run, name) for name in Name if name in run.backends} if run else {}
    if as_json:
        _print_json({name.value: {"ready": ready[name], **_described(run, name)} for name in ready} if run else {})
    elif run:
        for name, answers in ready.items():
            backend = run.backends[name]
            typer.echo(f"{name:<11} {'ready' if answers else 'gone':<6} {backend.title:<24} {backend.address}")
    else:
        typer.echo("nothing runs")
    if not ready or not all(ready.values()):
        raise typer.Exit(FALLS_SHORT)


def _described(run: Run, name: Name) -> dict[str, object]:
    backend = run.backends[name]
    return {
        "title": backend.title,
        "address": backend.address,
        "pid": backend.daemon.pid if backend.daemon else None,
        "ready_s": backend.ready_s,
        "log": str(backend.launch.log) if backend.launch else None,
    }


def _print_json(found: object) -> None:
    sys.stdout.write(orjson.dumps(found).decode() + "\n")


def _say(line: str) -> None:
    typer.echo(line, err=True)


if __name__ == "__main__":
    try:
        app()
    except DomainError as error:
        typer.secho(str(error), err=True, fg="red")
        sys.exit(FALLS_SHORT)
