"""Addresses whose mails come back: they get no news of messages for a while, and operators see them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts
from accounts.models.accounts import Account
from foundation import audits
from foundation.audits import Actor


def note(session: Session, account: Account, reason: str, *, at: datetime) -> None:
    """Note that a mail to an account came back for good."""
    account.mail_failed_at, account.mail_failure = at, reason or None
    session.add(account)


def forget(session: Session, account: Account) -> None:
    """Take it that an address works: a mail has come from there."""
    account.mail_failed_at = account.mail_failure = None
    session.add(account)


def listed(session: Session, *, limit: int) -> Sequence[Account]:
    """Return the accounts whose mails came back, the latest first."""
    statement = select(Account).where(col(Account.mail_failed_at).is_not(None))
    return session.execute(statement.order_by(col(Account.mail_failed_at).desc()).limit(limit)).scalars().all()


def clear(session: Session, account_id: str, actor: Actor, *, at: datetime) -> None:
    """Have mails go to an address again; raise NotFound."""
    forget(session, accounts.take(session, account_id))
    audits.record(session, actor, "mails_resumed", accounts.KIND, account_id, at=at)
