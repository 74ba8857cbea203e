"""Links that are mailed: each works once and for a time; only the hash of its token is kept."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import MailedLink, Purpose
from accounts.sign_ins import hashed
from foundation.errors import NotFound

LASTS: dict[Purpose, timedelta] = {
    Purpose.CONFIRM_EMAIL: timedelta(days=2),
    Purpose.RESET_PASSWORD: timedelta(hours=1),
    Purpose.CHANGE_EMAIL: timedelta(days=1),
    Purpose.INVITE_EXPERT: timedelta(days=30),
    Purpose.INVITE_COLLEAGUE: timedelta(days=14),
    Purpose.INVITE_OPERATOR: timedelta(days=1),
    Purpose.INVITE_CLIENT: timedelta(days=60),
    Purpose.CONFIRM_AVAILABILITY: timedelta(days=30),
}
KEPT_FOR = timedelta(days=30)


class LinkEnded(NotFound):
    """A link was used already, replaced by a newer one, or is too old."""


def make(session: Session, purpose: Purpose, *, account_id: str | None = None, subject: str = "", at: datetime) -> str:
    """Return the token of a new link. Older ones for the same end no more open anything."""
    session.execute(
        update(MailedLink)
        .where(col(MailedLink.purpose) == purpose.value, col(MailedLink.used_at).is_(None))
        .where(col(MailedLink.account_id) == account_id if account_id else col(MailedLink.subject) == subject)
        .values(used_at=at)
    )
    token = secrets.token_urlsafe(32)
    session.add(
        MailedLink(
            token_hash=hashed(token),
            purpose=purpose.value,
            account_id=account_id,
            subject=subject,
            made_at=at,
            ends_at=at + LASTS[purpose],
        )
    )
    return token


def lasts_minutes(purpose: Purpose) -> int:
    """Return for how long a link works."""
    return int(LASTS[purpose].total_seconds()) // 60


def get(session: Session, purpose: Purpose, token: str, *, at: datetime) -> MailedLink:
    """Return a link that may still be used, and leave it so; raise LinkEnded."""
    found = session.execute(_usable(purpose, token, at)).scalar_one_or_none()
    if found is None:
        raise LinkEnded("this link was used already, or is too old")
    return found


def use(session: Session, purpose: Purpose, token: str, *, at: datetime) -> MailedLink:
    """Use a link up and return it; raise LinkEnded."""
    found = session.execute(_usable(purpose, token, at).with_for_update()).scalar_one_or_none()
    if found is None:
        raise LinkEnded("this link was used already, or is too old")
    found.used_at = at
    session.add(found)
    return found


def end_all(session: Session, account_id: str, *purposes: Purpose, at: datetime) -> None:
    """Have an account's links for some purposes open nothing any more."""
    session.execute(
        update(MailedLink)
        .where(col(MailedLink.account_id) == account_id, col(MailedLink.used_at).is_(None))
        .where(col(MailedLink.purpose).in_([purpose.value for purpose in purposes]))
        .values(used_at=at)
    )


def sweep(session: Session, *, at: datetime) -> None:
    """Delete links that ended a while ago."""
    session.execute(delete(MailedLink).where(col(MailedLink.ends_at) < at - KEPT_FOR))


def _usable(purpose: Purpose, token: str, at: datetime) -> Select[MailedLink]:
    return select(MailedLink).where(
        col(MailedLink.token_hash) == hashed(token),
        col(MailedLink.purpose) == purpose.value,
        col(MailedLink.used_at).is_(None),
        col(MailedLink.ends_at) > at,
    )
