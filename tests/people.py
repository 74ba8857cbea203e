"""Accounts made in tests, and browsers in which somebody has signed in."""

from datetime import datetime
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from accounts import sign_ins
from accounts.models.accounts import Account, AccountKind, Client, Membership, Role
from foundation import clock
from foundation.database import Database


def make_account(
    session: Session,
    email: str,
    *,
    kind: AccountKind = AccountKind.COMPANY,
    at: datetime | None = None,
    client_id: str | None = None,
    **values: Any,
) -> Account:
    """Make an account that confirmed its address; a client's belongs to `client_id`, or to a client of its own."""
    at = at or clock.now()
    account = Account(
        **{
            "kind": kind.value,
            "email": email,
            "name": "Anna Client",
            "language": "en",
            "email_confirmed_at": at,
            "created_at": at,
            **values,
        }
    )
    session.add(account)
    session.flush()
    if kind in {AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT}:
        if client_id is None:
            client = Client(is_person=kind is AccountKind.PRIVATE_CLIENT, name="ACME", created_at=at)
            session.add(client)
            session.flush()
            client_id = client.id
        membership = Membership(account_id=account.id, client_id=client_id, role=Role.OWNER.value, joined_at=at)
        session.add(membership)
        session.flush()
    return account


def database_of(client: TestClient) -> Database:
    return client.app.state.database  # type: ignore[attr-defined]


def sign_in(client: TestClient, email: str = "anna@example.org", **values: Any) -> Account:
    """Make an account and sign it in in a test's browser."""
    with database_of(client).writing() as session:
        account = make_account(session, email, **values)
        token = sign_ins.open_for(session, account, "test", at=clock.now())
    client.cookies.set("portulan", token)
    return account
