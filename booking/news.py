"""Telling the two sides by mail what has happened, in the transaction in which it happens; texts: `web.news_texts`."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts
from accounts.models.accounts import Account, Membership, Role
from foundation import i18n, mails
from foundation.mails import Mail

BUYERS = (Role.OWNER, Role.BUYER)
"""Who acts for a client, and hears of what happens."""


def tell_client(
    session: Session,
    client_id: str,
    code: str,
    *,
    key: str,
    at: datetime,
    roles: tuple[Role, ...] = BUYERS,
    only: Collection[str] | None = None,
    **values: Any,
) -> int:
    """Mail a client's people of some roles, or `only` some accounts of them; return how many. A key is told once."""
    statement = (
        select(Account)
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(col(Membership.client_id) == client_id, col(Membership.role).in_([role.value for role in roles]))
        .order_by(col(Account.id))
    )
    if only is not None:
        statement = statement.where(col(Account.id).in_(only))
    return sum(_tell(session, account, code, key, at, values) for account in session.execute(statement).scalars())


def tell_expert(session: Session, expert_id: str, code: str, *, key: str, at: datetime, **values: Any) -> int:
    """Mail the owner of a profile; return 0 where nobody has claimed it."""
    account = accounts.owner_of(session, expert_id)
    return _tell(session, account, code, key, at, values) if account else 0


def _tell(session: Session, account: Account, code: str, key: str, at: datetime, values: dict[str, Any]) -> int:
    if not account.email or account.suspended_at:
        return 0
    mail = Mail(account.email, i18n.known(account.language), "news", {"code": code, "name": account.name, **values})
    return int(mails.write(session, mail, key=f"{code} {key} {account.id}", at=at))
