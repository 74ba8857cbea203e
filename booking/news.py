"""Telling the two sides what has happened, with the change itself: by mail (`web.news_texts`), if urgent by SMS too."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts
from accounts.models.accounts import Account, AccountKind, Membership, Role
from foundation import i18n, mails, sms
from foundation.i18n import translate
from foundation.mails import Mail
from foundation.sms import Sms

LONGEST_NAME = 40
"""Places of an SMS that a name may take."""
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
    """Mail a client's people of some roles, or `only` some accounts of them; return how many. A key is told once.

    Where what is quoted differs by language, `notes` holds it by language in place of `note`.
    """
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


def tell_operators(session: Session, code: str, *, key: str, at: datetime, **values: Any) -> int:
    """Mail every operator; return how many."""
    statement = select(Account).where(col(Account.kind) == AccountKind.OPERATOR.value).order_by(col(Account.id))
    return sum(_tell(session, account, code, key, at, values) for account in session.execute(statement).scalars())


def text_expert(session: Session, expert_id: str, text: str, *, key: str, at: datetime, **names: str) -> bool:
    """Send the owner of a profile an SMS; `text` is marked for the catalogue, names are cut so that it fits."""
    account = accounts.owner_of(session, expert_id)
    if account is None or not account.phone or account.suspended_at:
        return False
    language = i18n.known(account.language)
    fitting = {name: sms.shortened(value, LONGEST_NAME) for name, value in names.items()}
    said = translate(language, text, **fitting)
    return sms.write(session, Sms(account.id, account.phone, language, said), key=f"{key} {account.id}", at=at)


def _tell(session: Session, account: Account, code: str, key: str, at: datetime, values: dict[str, Any]) -> int:
    if not account.email or account.suspended_at:
        return 0
    language = i18n.known(account.language)
    said = {name: value for name, value in values.items() if name != "notes"}
    if note := values.get("notes", {}).get(language):
        said["note"] = note
    mail = Mail(account.email, language, "news", {"code": code, "name": account.name, **said})
    return int(mails.write(session, mail, key=f"{code} {key} {account.id}", at=at))
