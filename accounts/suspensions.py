"""Suspending an account: with reasons, for a time that can be contested, and taken back without a trace in it.

Whoever is suspended is told the term that was broken and the facts (Regulation (EU) 2019/1150, article 4), may
complain (article 11), and is not shown meanwhile. An account ends for good 30 days after at the earliest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, sign_ins, withholdings
from accounts.models.accounts import Account
from foundation import audits
from foundation.audits import SYSTEM, Actor
from foundation.errors import Conflict, Fault, Invalid
from foundation.i18n import Language, message, translate

SHORTEST_NOTICE = timedelta(days=30)
LONGEST_REASON = 500
LONGEST_TEXT = 5_000


class State(StrEnum):
    """What an account may do: everything, only read why it is suspended, nothing."""

    OPEN = "open"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Statement:
    """The reasons of a suspension, as the person reads them."""

    reason: str
    """The term that was broken."""
    facts: str
    terminates_on: date | None = None


def state_of(account: Account) -> State:
    """Return what an account may do."""
    if account.terminated_at:
        return State.TERMINATED
    return State.SUSPENDED if account.suspended_at else State.OPEN


def earliest_end(suspended_on: date) -> date:
    """Return the first day on which an account that is suspended may end for good."""
    return suspended_on + SHORTEST_NOTICE


def may_end(account: Account, on: date) -> bool:
    """Tell whether a suspended account ends for good on a day: it was told so 30 days before, no complaint waits."""
    if account.suspended_at is None or account.terminates_on is None or account.terminated_at or account.complaint:
        return False
    return on >= max(account.terminates_on, earliest_end(account.suspended_at.date()))


def check(form: dict[str, str], language: Language, *, today: date) -> Statement:
    """Return the reasons as posted, or raise Invalid with every fault."""
    faults: list[Fault] = []
    reason = read_text(form, "reason", LONGEST_REASON, language, faults)
    facts = read_text(form, "facts", LONGEST_TEXT, language, faults)
    given = form.get("terminates_on", "").strip()
    ends = _read_date(given)
    if given and (ends is None or ends < earliest_end(today)):
        told = message("A day from %(earliest)s on is possible: at least 30 days are owed.")
        text = translate(language, told, earliest=earliest_end(today).isoformat())
        faults.append(Fault("terminates_on", "too_early", text))
    if faults:
        raise Invalid(faults)
    return Statement(reason, facts, ends)


def read_text(form: dict[str, str], field: str, longest: int, language: Language, faults: list[Fault]) -> str:
    """Return a text that has to be there, and add what is wrong with it to `faults`."""
    text = form.get(field, "").strip()
    if not text:
        told = translate(language, message("This has to be said: the person concerned has a right to it."))
        faults.append(Fault(field, "missing", told))
    elif len(text) > longest:
        told = translate(language, message("At most %(max_length)s characters are possible."), max_length=longest)
        faults.append(Fault(field, "too_long", told))
    return text


def suspend(session: Session, account_id: str, statement: Statement, actor: Actor, *, at: datetime) -> Account:
    """Suspend an account, mail its owner why, and take its profile out of results; raise Conflict where it is."""
    account = accounts.take(session, account_id)
    if account.id == actor.account_id:
        raise Conflict("nobody suspends themselves")
    if account.suspended_at:
        raise Conflict("this account is suspended already")
    account.suspended_at, account.terminates_on = at, statement.terminates_on
    account.suspension_reason, account.suspension_facts = statement.reason, statement.facts
    session.add(account)
    values = {"reason": statement.reason, "facts": statement.facts}
    ends = {"terminates_on": statement.terminates_on.isoformat()} if statement.terminates_on else {}
    accounts.tell(session, account, "suspension", at=at, **values, **ends)
    audits.record(session, actor, "suspended", accounts.KIND, account.id, at=at, **ends)
    _renew(session, account, at=at)
    return account


def lift(session: Session, account_id: str, reason: str, actor: Actor, *, at: datetime) -> Account:
    """End a suspension and mail its owner; everything is as it was. Raise Conflict where there is none, or too late."""
    account = _suspended(session, account_id)
    account.suspended_at = account.terminates_on = None
    account.suspension_reason = account.suspension_facts = None
    account.complaint = account.complained_at = None
    session.add(account)
    accounts.tell(session, account, "suspension_answered", at=at, is_lifted=True, reason=reason)
    audits.record(session, actor, "suspension_lifted", accounts.KIND, account.id, at=at)
    _renew(session, account, at=at)
    return account


def complain(session: Session, account_id: str, text: str, actor: Actor, *, at: datetime) -> None:
    """Keep what a suspended person answers, until an operator replies."""
    account = _suspended(session, account_id)
    account.complaint, account.complained_at = text, at
    session.add(account)
    audits.record(session, actor, "complained", accounts.KIND, account.id, at=at)


def uphold(session: Session, account_id: str, reason: str, actor: Actor, *, at: datetime) -> None:
    """Answer a complaint: the suspension stays, for reasons that are mailed."""
    account = _suspended(session, account_id)
    if account.complaint is None:
        raise Conflict("there is no complaint that waits")
    account.complaint = account.complained_at = None
    session.add(account)
    accounts.tell(session, account, "suspension_answered", at=at, is_lifted=False, reason=reason)
    audits.record(session, actor, "suspension_upheld", accounts.KIND, account.id, at=at)


def nearing(session: Session, on: date, *, within: timedelta) -> Sequence[Account]:
    """Return suspended accounts that end for good soon, the first ones first."""
    statement = (
        select(Account)
        .where(col(Account.terminates_on) <= on + within, col(Account.terminated_at).is_(None))
        .order_by(col(Account.terminates_on), col(Account.id))
    )
    return session.execute(statement).scalars().all()


def count_complaints(session: Session) -> int:
    """Count the complaints that wait for an answer."""
    return session.execute(select(func.count()).where(col(Account.complaint).is_not(None))).scalar_one()


def terminate(session: Session, account_id: str, *, at: datetime) -> None:
    """Close an account whose term has come: nobody signs in any more. What it holds is to be erased next."""
    account = accounts.take(session, account_id)
    if not may_end(account, at.date()):
        return
    account.terminated_at, account.password_hash = at, None
    session.add(account)
    sign_ins.end_all(session, account_id)
    audits.record(session, SYSTEM, "terminated", accounts.KIND, account_id, at=at)


def to_erase(session: Session) -> Sequence[str]:
    """Return the ids of accounts that have ended and still hold something."""
    ended = select(col(Account.id)).where(col(Account.terminated_at).is_not(None), col(Account.erased_at).is_(None))
    return session.execute(ended.order_by(col(Account.id))).scalars().all()


def _suspended(session: Session, account_id: str) -> Account:
    account = accounts.take(session, account_id)
    if state_of(account) is not State.SUSPENDED:
        raise Conflict("this account is not suspended, or ended for good")
    return account


def _renew(session: Session, account: Account, *, at: datetime) -> None:
    if account.expert_id:
        withholdings.renew(session, account.expert_id, at=at)


def _read_date(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
