"""`portulan operators`: who runs the site."""

from typing import Annotated

import typer

from accounts import invitations
from accounts.links import lasts_minutes
from accounts.models.accounts import Purpose
from foundation import clock
from foundation.i18n import Language
from foundation.settings import Settings
from scripts import authors, databases
from scripts.authors import As

app = typer.Typer(help="Invite people to run the site.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `create` a command of its own."""


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="The address to sign in with.")],
    language: Annotated[str, typer.Option(help="Of the mail: fr or en.")] = "fr",
    author: As = "",
) -> None:
    """Invite an operator: the link, mailed and printed, lets them choose a password and a second factor."""
    settings = Settings()
    wanted: Language = "en" if language == "en" else "fr"
    database = databases.opened(settings)
    actor = authors.find(database, author).actor
    with database.writing() as session:
        token = invitations.invite_operator(session, email, wanted, actor, at=clock.now())
    hours = lasts_minutes(Purpose.INVITE_OPERATOR) // 60
    typer.echo(f"{settings.site_address}/invitation?token={token}")
    typer.echo(f"The link works once, for {hours} hours; it was mailed too, where mails can be sent.", err=True)
