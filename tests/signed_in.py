"""People who have signed in, without the detour of mails: for tests of what comes after."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient

from accounts import acceptances, experts, sign_ins
from accounts.models.accounts import Account, AccountKind, Client, Membership, Role
from accounts.sign_ins import SignedIn
from foundation import clock, http
from foundation.database import Database
from tests import builders
from web.sign_ins import COOKIE

PASSWORD = "correct horse battery staple"


def make(
    database: Database,
    kind: AccountKind,
    name: str = "Anna",
    *,
    client_id: str | None = None,
    role: Role = Role.OWNER,
    **columns: Any,
) -> Account:
    """Make a confirmed account with what belongs to it; an operator's has a second factor. There is no password.

    A client's acts for `client_id`, or for a client of its own.
    """
    at = clock.now()
    values: dict[str, Any] = {
        "kind": kind.value,
        "name": name,
        "email": f"{uuid4().hex[:12]}@example.org",
        "language": "en",
        "created_at": at,
        "email_confirmed_at": at,
        "second_factor_since": at if kind is AccountKind.OPERATOR else None,
    }
    with database.writing() as session:
        account = Account(**{**values, **columns})
        session.add(account)
        session.flush()
        acceptances.accept(session, account.id, at=at)
        if kind is AccountKind.EXPERT and account.expert_id is None:
            account.expert_id = experts.draft(session, name=name, at=at).id
        if kind in {AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT}:
            if client_id is None:
                client = Client(is_person=kind is AccountKind.PRIVATE_CLIENT, name=f"{name} & Co", created_at=at)
                session.add(client)
                session.flush()
                client_id = client.id
            session.add(Membership(account_id=account.id, client_id=client_id, role=role.value, joined_at=at))
    return account


def database_of(client: TestClient) -> Database:
    """Return the database of a browser's site."""
    return client.app.state.database  # pyright: ignore[reportAttributeAccessIssue]


def sign_in(client: TestClient, account: Account) -> None:
    """Give a browser the cookie of a new sign-in."""
    with database_of(client).writing() as session:
        token = sign_ins.open_for(session, account, "a test", at=clock.now())
    for name in (COOKIE, f"{http.HOST_PREFIX}{COOKIE}"):  # the site takes the one that suits its address
        client.cookies.set(name, token)


def as_who(client: TestClient, who: SignedIn) -> None:
    """Give a browser the cookie of somebody who is known already."""
    with database_of(client).reading() as session:
        account = session.get_one(Account, who.account_id)
    sign_in(client, account)


def as_new(client: TestClient, kind: AccountKind, name: str = "Anna", **columns: Any) -> Account:
    """Make an account and sign it in."""
    account = make(database_of(client), kind, name, **columns)
    sign_in(client, account)
    return account


def cookie_for(folder: Path, address: str, kind: AccountKind, name: str = "Anna", **columns: Any) -> Any:
    """Return the cookie of somebody new who has signed in at a site that runs by itself, as a browser takes it."""
    database = Database(builders.settings_in(folder).database_address)
    account = make(database, kind, name, **columns)
    with database.writing() as session:
        token = sign_ins.open_for(session, account, "a test", at=clock.now())
    database.close()
    return {"name": "portulan", "value": token, "url": address}
