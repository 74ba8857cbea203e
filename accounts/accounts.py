"""Accounts: finding them, and what their owners say of themselves."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import contacts, notifications
from accounts.models.accounts import Account, AccountKind
from foundation import audits, i18n, mails
from foundation.audits import Actor
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import Language
from foundation.mails import Mail

KIND = "account"
"""What the audit log calls them."""


def get(session: Session, account_id: str) -> Account:
    """Return an account; raise NotFound for erased ones too."""
    found = session.get(Account, account_id)
    if found is None or found.erased_at:
        raise NotFound("this account does not exist")
    return found


def take(session: Session, account_id: str) -> Account:
    """Return an account that nobody else changes before this transaction ends; raise NotFound."""
    statement = select(Account).where(col(Account.id) == account_id).with_for_update()
    found = session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None or found.erased_at:
        raise NotFound("this account does not exist")
    return found


def find_by_email(session: Session, email: str) -> Account | None:
    """Return the account of an address as `contacts.read_email` gives it."""
    return session.execute(select(Account).where(col(Account.email) == email)).scalar_one_or_none()


def owner_of(session: Session, expert_id: str) -> Account | None:
    """Return the account whose profile it is, if it was made or claimed by its expert."""
    return session.execute(select(Account).where(col(Account.expert_id) == expert_id)).scalar_one_or_none()


def describe(
    session: Session, account_id: str, form: dict[str, str], language: Language, actor: Actor, *, at: datetime
) -> Account:
    """Change name, phone and language; raise Invalid with every fault."""
    name, phone = contacts.read_name(form.get("name", "")), contacts.read_phone(form.get("phone", ""))
    faults: list[Fault] = []
    if name is None:
        faults.append(contacts.name_fault(language))
    if phone is None:
        faults.append(contacts.phone_fault(language))
    account = take(session, account_id)
    # An operator made from the command line has no number.
    if faults and not (name and account.kind == AccountKind.OPERATOR and not form.get("phone")):
        raise Invalid(faults)
    account.name, account.phone = name or account.name, phone
    account.language = i18n.known(form.get("language"))
    session.add(account)
    audits.record(session, actor, "described", KIND, account_id, at=at)
    return account


def choose_notifications(session: Session, account_id: str, wanted: set[str], actor: Actor, *, at: datetime) -> None:
    """Keep which mails somebody wants, of those that may be refused."""
    account = take(session, account_id)
    account.notifications = {topic: topic in wanted for topic in notifications.topics_of(AccountKind(account.kind))}
    session.add(account)
    audits.record(session, actor, "notifications_chosen", KIND, account_id, at=at)


def refuse_mails(session: Session, account_id: str, topic: notifications.Topic, *, at: datetime) -> None:
    """Send no more mails about a topic, which their reader asked for without signing in."""
    account = take(session, account_id)
    account.notifications = {**account.notifications, topic.value: False}
    session.add(account)
    audits.record(session, audits.account(account_id), "mails_refused", KIND, account_id, at=at, topic=topic.value)


def tell(session: Session, account: Account, template: str, *, at: datetime, **values: str | int) -> None:
    """Mail an account's owner about what happened to it, in their language; once for an instant."""
    mail = Mail(account.email or "", i18n.known(account.language), template, {"name": account.name, **values})
    mails.write(session, mail, key=f"{template} {account.id} {at.isoformat()}", at=at)


def give_profile(session: Session, account: Account, expert_id: str) -> None:
    """Make an account the owner of a profile; raise Conflict where one of them has another."""
    if account.expert_id or owner_of(session, expert_id):
        raise Conflict("this profile has an owner, or this account has a profile")
    account.expert_id = expert_id
    session.add(account)
