"""Who types a command, for whatever keeps an author: `--as`, else the login."""

import getpass
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from accounts import accounts, contacts
from accounts.models.accounts import AccountKind
from foundation import audits
from foundation.audits import Actor, ActorKind
from foundation.database import Database
from foundation.errors import Fault, Invalid

As = Annotated[
    str,
    typer.Option("--as", help="Who does it: an operator’s email address, or a name; by default who is logged in."),
]


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts: by name for what keeps authors, and for the audit log, which names accounts by id only."""

    name: str
    actor: Actor

    def note(
        self, session: Session, action: str, object_kind: str, object_id: str = "", *, at: datetime, **details: Any
    ) -> None:
        """Write what was done into the audit log."""
        audits.record(session, self.actor, action, object_kind, object_id, at=at, **details)


def find(database: Database, given: str = "") -> Author:
    """Return who acts; raise Invalid for an address that is no operator's, and where nobody is known."""
    name = " ".join(given.split()) or _login()
    email = contacts.read_email(name) if "@" in name else None
    if email is None:
        return Author(name, Actor(ActorKind.COMMAND, name=name))
    with database.reading() as session:
        account = accounts.find_by_email(session, email)
    if account is None or account.kind != AccountKind.OPERATOR:
        raise Invalid([Fault("as", "unknown_operator", f"no operator has the address {email}")])
    return Author(account.name, Actor(ActorKind.COMMAND, account_id=account.id))


def _login() -> str:
    with suppress(OSError, KeyError):
        return getpass.getuser()
    raise Invalid([Fault("as", "missing", "nobody is logged in: say who does it with --as")])
