"""The `portulan` command line: assembles the groups of commands, one file each."""

import sys
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from foundation.errors import DomainError, Invalid
from foundation.settings import Settings
from scripts import groups

ELSEWHERE = {
    "demo": "scripts.demos:load",
    "retention": "scripts.retention:retention",
    "mail-in": "scripts.mail_listeners:mail_in",
    "experts": "scripts.experts:app",
    "index": "scripts.indexes:app",
    "ranking": "scripts.rankings:app",
    "skills": "scripts.skills:app",
    "operators": "scripts.operators:app",
    "payments": "scripts.payments:app",
    "ledger": "scripts.ledgers:app",
    "dac7": "scripts.platform_reports:dac7",
    "documents": "scripts.documents:app",
}
errors = Console(stderr=True, highlight=False, soft_wrap=True)
app = typer.Typer(
    cls=groups.of(ELSEWHERE),
    help="Portulan: find independent export and international-business experts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
) -> None:
    """Serve the site and deliver the outbox, in one process."""
    with groups.importing():
        from scripts import servers  # noqa: PLC0415 - loading the web application takes seconds

    servers.run(host, port)


@app.command()
def worker(
    beat: Annotated[bool, typer.Option("--beat", help="Only wake the workers, every few seconds; run one.")] = False,
) -> None:
    """Deliver the outbox without serving pages; with the embedded index, refuses while another process holds it."""
    with groups.importing():
        from scripts import workers  # noqa: PLC0415 - as above

    if beat:
        workers.beat()
    else:
        workers.work()


@app.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    from foundation.database import Database  # noqa: PLC0415
    from migrations import upgrades  # noqa: PLC0415

    upgrades.run(Database(Settings().database_address))
    typer.echo("The database is up to date.")


def main() -> None:
    """Run the command line: 0 done, 1 failed, 2 bad usage or bad input."""
    try:
        app()
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            name = "_".join(str(part) for part in detail["loc"]).upper()
            errors.print(f"[red]PORTULAN_{name}[/]: {escape(detail['msg'].removeprefix('Value error, '))}")
        sys.exit(2)
    except Invalid as error:
        for fault in error.faults:
            errors.print(f"[red]{escape(fault.field)}[/]: {escape(fault.message)}")
        sys.exit(2)
    except (DomainError, OSError) as error:
        errors.print(f"[red]{escape(str(error))}[/]")
        sys.exit(1)
    except DBAPIError as error:
        errors.print(f"[red]the database can't be used[/]: {escape(str(error.orig))}")
        sys.exit(1)


if __name__ == "__main__":
    main()
