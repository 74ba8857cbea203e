"""Availability that expires: what nobody confirms is no longer said (mission row S1: results show who is available).

Profiles that were imported and have no owner are left as they are: there is nobody to ask.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, experts, links, notifications, profiles
from accounts.links import LinkEnded
from accounts.models.accounts import Account, MailedLink, Purpose
from accounts.models.experts import Expert
from accounts.notifications import Topic
from accounts.profile_forms import Form
from foundation import audits, i18n, keys, mails
from foundation.database import Database
from foundation.mails import Mail
from foundation.settings import Settings
from taxonomy.wordlists import Wordlists

LASTS = timedelta(days=30)
"""A mission is agreed within weeks: who said "available" longer ago may well have taken one since."""
ASKED_BEFORE = timedelta(days=5)
"""How long before the end its owner is asked, so that a week away costs nobody anything."""
STOP_PATH = "/availability/stop"
KEY = "availability"
"""Of the links that end these mails."""


def ends_on(expert: Expert) -> date | None:
    """Return the last day on which "available" counts as confirmed; None for who is not, or has no owner to ask.

    Who is available from a day to come has said so for that day: it lapses as long after.
    """
    confirmed_on = expert.availability_confirmed_on
    if confirmed_on is None or not expert.is_available:
        return None
    return max(confirmed_on, expert.available_from or confirmed_on) + LASTS


def look_after(database: Database, settings: Settings, at: datetime) -> None:
    """Ask whose availability is about to end, and take back what has ended; may be repeated on the same day."""
    with database.reading() as session:
        old = col(Expert.availability_confirmed_on) <= at.date() - LASTS + ASKED_BEFORE
        statement = (
            select(col(Expert.id), col(Account.id))
            .join(Account, col(Account.expert_id) == col(Expert.id))
            .where(old, col(Expert.is_available).is_(True), col(Account.erased_at).is_(None))
            .order_by(col(Expert.id))
        )
        pairs = session.execute(statement).all()
    for expert_id, account_id in pairs:
        with database.writing() as session:
            expert, account = experts.take(session, expert_id), session.get_one(Account, account_id)
            _look_after(session, expert, account, settings, at)


def read_link(session: Session, token: str, *, at: datetime) -> Expert:
    """Return whose availability a mailed link asks about, and leave the link as it is; raise LinkEnded."""
    return _asked(session, links.get(session, Purpose.CONFIRM_AVAILABILITY, token, at=at))[0]


def answer(session: Session, token: str, form: Form, wordlists: Wordlists, *, at: datetime) -> Expert:
    """Take the answer to a mailed question, once; raise Invalid, which leaves the link usable, or LinkEnded."""
    expert, account = _asked(session, links.use(session, Purpose.CONFIRM_AVAILABILITY, token, at=at))
    said = {name: form.get(name, "") for name in ("availability", "available_from")}
    actor = audits.account(account.id)
    return profiles.save(session, expert.id, said, wordlists, actor=actor, at=at).expert


def wants_mails(session: Session, account_id: str) -> bool:
    """Tell whether somebody is still to be asked; nobody is whose account is gone."""
    account = session.get(Account, account_id)
    return account is not None and account.erased_at is None and notifications.wants(account, Topic.AVAILABILITY)


def stop_mails(session: Session, account_id: str, *, at: datetime) -> None:
    """Ask somebody no more, who said so by a mail's link; may be repeated."""
    if wants_mails(session, account_id):
        accounts.refuse_mails(session, account_id, Topic.AVAILABILITY, at=at)


def _look_after(session: Session, expert: Expert, account: Account, settings: Settings, at: datetime) -> None:
    last = ends_on(expert)
    if last is None or at.date() < last - ASKED_BEFORE:
        return
    if at.date() <= last:
        _ask(session, expert, account, last, settings, at)
    elif expert.available_from is not None:
        # Not said, as the ranking reads it. The day to which it was confirmed stays as it was.
        values = {"available_from": None, "availability_confirmed_on": last - LASTS}
        experts.apply(session, expert, values, at=at)
        audits.record(session, audits.SYSTEM, "availability_lapsed", "expert", expert.id, at=at)


def _ask(session: Session, expert: Expert, account: Account, last: date, settings: Settings, at: datetime) -> None:
    key = f"availability_ask {expert.id} {last.isoformat()}"
    is_reached = account.email and account.email_confirmed_at and not account.suspended_at
    if not is_reached or not notifications.wants(account, Topic.AVAILABILITY) or mails.was_written(session, key):
        return
    token = links.make(session, Purpose.CONFIRM_AVAILABILITY, account_id=account.id, at=at)
    values = {
        "name": account.name,
        "confirmed_on": expert.availability_confirmed_on,
        "token": token,
        "lasts_minutes": links.lasts_minutes(Purpose.CONFIRM_AVAILABILITY),
        "unsubscribe_url": f"{STOP_PATH}/{keys.signed(settings, KEY, account.id)}",
    }
    language = i18n.known(account.language)
    mails.write(session, Mail(account.email or "", language, "availability_ask", values), key=key, at=at)


def _asked(session: Session, link: MailedLink) -> tuple[Expert, Account]:
    account = session.get(Account, link.account_id)
    expert = session.get(Expert, account.expert_id) if account and account.expert_id else None
    if account is None or expert is None:
        raise LinkEnded("the account or the profile is gone")
    return expert, account
