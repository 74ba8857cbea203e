"""Mails to experts about who they are to the payment provider, and about their papers; each key once."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import accounts
from foundation import i18n, mails
from foundation.i18n import Language
from foundation.mails import Mail

PATH = "/my/verification"


def tell(session: Session, expert_id: str, code: str, *, key: str, at: datetime, **values: object) -> None:
    """Mail the owner of a profile, in the words of `web.news_texts`; nobody where it has none."""
    account = accounts.owner_of(session, expert_id)
    if account is None or not account.email or account.suspended_at:
        return
    said = {"code": code, "name": account.name, "path": PATH, **values}
    mails.write(session, Mail(account.email, i18n.known(account.language), "news", said), key=f"{code} {key}", at=at)


def language_of(session: Session, expert_id: str) -> Language:
    """Return the language of the owner of a profile."""
    account = accounts.owner_of(session, expert_id)
    return i18n.known(account.language if account else "")
