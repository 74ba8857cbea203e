"""What lets somebody in: changing the password or the address, and starting anew when the password is forgotten.

Whoever changes one of them is signed out everywhere else, links that were mailed before open nothing any more, and the
owner is told by mail (OWASP ASVS 5.0 §6.3.7): who had taken an account over for a while keeps no way back into it.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import accounts, links, sign_ins
from accounts.models.accounts import Account, Purpose
from foundation import audits, i18n, mails
from foundation.audits import Actor
from foundation.database import hold
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from foundation.mails import Mail

_WAYS_IN = (Purpose.RESET_PASSWORD, Purpose.CHANGE_EMAIL)
"""What a mailed link makes its reader the account's master with."""


def ask_for_reset(session: Session, email: str, *, at: datetime) -> None:
    """Mail the link for a new password, if the address has an account; the caller learns nothing."""
    account = accounts.find_by_email(session, email)
    if account is None or account.email_confirmed_at is None or account.terminated_at:
        return
    token = links.make(session, Purpose.RESET_PASSWORD, account_id=account.id, at=at)
    lasts = links.lasts_minutes(Purpose.RESET_PASSWORD)
    accounts.tell(session, account, "reset_password", at=at, token=token, lasts_minutes=lasts)


def reset_password(session: Session, token: str, password_hash: str, *, at: datetime) -> Account:
    """Use a link up, and let its account in with a new password only; raise LinkEnded."""
    link = links.use(session, Purpose.RESET_PASSWORD, token, at=at)
    account = accounts.take(session, link.account_id or "")
    _set_password(session, account, password_hash, audits.account(account.id), "password_reset", at=at)
    sign_ins.end_all(session, account.id)
    return account


def change_password(
    session: Session, account_id: str, password_hash: str, actor: Actor, *, keep: str, at: datetime
) -> None:
    """Set a new password, and end every sign-in but the one that asked for it."""
    account = accounts.take(session, account_id)
    _set_password(session, account, password_hash, actor, "password_changed", at=at)
    sign_ins.end_all(session, account_id, except_id=keep)


def ask_for_new_email(session: Session, account_id: str, email: str, *, at: datetime) -> None:
    """Mail a link to a new address; nothing changes before it is used. A taken address gets another mail."""
    account = accounts.take(session, account_id)
    taken = accounts.find_by_email(session, email)
    language = i18n.known(account.language)
    if taken and taken.email_confirmed_at:
        mail = Mail(email, language, "email_taken", {"name": taken.name})
        mails.write(session, mail, key=f"email_taken {taken.id} {at:%Y-%m-%d}", at=at)
        return
    token = links.make(session, Purpose.CHANGE_EMAIL, account_id=account_id, subject=email, at=at)
    values = {"token": token, "lasts_minutes": links.lasts_minutes(Purpose.CHANGE_EMAIL)}
    mail = Mail(email, language, "change_email", values)
    mails.write(session, mail, key=f"change_email {account.id} {at.isoformat()}", at=at)


def change_email(session: Session, token: str, language: Language, *, keep: str | None = None, at: datetime) -> Account:
    """Use a link up: its account has the new address, and the old one is told; raise LinkEnded or Invalid.

    Of the account's sign-ins only `keep` goes on.
    """
    link = links.use(session, Purpose.CHANGE_EMAIL, token, at=at)
    hold(session, f"email {link.subject}")
    account = accounts.take(session, link.account_id or "")
    if accounts.find_by_email(session, link.subject):
        reason = translate(language, message("This address has an account by now."))
        raise Invalid([Fault("email", "taken", reason)])
    accounts.tell(session, account, "email_changed", at=at, new_email=link.subject)
    account.email, account.email_confirmed_at = link.subject, at
    account.mail_failed_at = account.mail_failure = None
    session.add(account)
    links.end_all(session, account.id, *_WAYS_IN, at=at)
    sign_ins.end_all(session, account.id, except_id=keep)
    audits.record(session, audits.account(account.id), "email_changed", accounts.KIND, account.id, at=at)
    return account


def _set_password(
    session: Session, account: Account, password_hash: str, actor: Actor, action: str, *, at: datetime
) -> None:
    account.password_hash = password_hash
    session.add(account)
    links.end_all(session, account.id, *_WAYS_IN, at=at)
    audits.record(session, actor, action, accounts.KIND, account.id, at=at)
    accounts.tell(session, account, "password_changed", at=at)
