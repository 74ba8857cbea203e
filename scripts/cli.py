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
from scripts import (
    demos,
    emptiness,
    evaluations,
    experts,
    explanations,
    indexes,
    interleavings,
    judgments,
    lifts,
    mail_listeners,
    operators,
    payments,
    promotions,
    rankings,
    retention,
    skills,
)

errors = Console(stderr=True, highlight=False, soft_wrap=True)
app = typer.Typer(
    help="Portulan: find independent export and international-business experts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(experts.app, name="experts")
app.add_typer(indexes.app, name="index")
for command in (
    *promotions.COMMANDS,
    *explanations.COMMANDS,
    *evaluations.COMMANDS,
    emptiness.empty,
    lifts.lift,
    lifts.traffic,
):
    rankings.app.command()(command)
rankings.app.add_typer(judgments.app, name="judgments")
rankings.app.add_typer(interleavings.app, name="interleave")
app.add_typer(rankings.app, name="ranking")
app.add_typer(skills.app, name="skills")
app.add_typer(operators.app, name="operators")
app.add_typer(payments.app, name="payments")
app.command("demo")(demos.load)
app.command("retention")(retention.retention)
app.command("mail-in")(mail_listeners.mail_in)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
) -> None:
    """Serve the site and deliver the outbox, in one process."""
    from scripts import servers  # noqa: PLC0415 - loading the web application takes a second

    servers.run(host, port)


@app.command()
def worker(
    beat: Annotated[bool, typer.Option("--beat", help="Only wake the workers, every few seconds; run one.")] = False,
) -> None:
    """Deliver the outbox without serving pages; with the embedded index, refuses while another process holds it."""
    from scripts import workers  # noqa: PLC0415

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
