"""People, as operators find them: by name, address, ref, kind and state, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Account, Client, Membership
from accounts.models.experts import Expert

LONGEST_QUERY = 200
UNCONFIRMED = "unconfirmed"
ERASED = "erased"
STATES = ("open", UNCONFIRMED, "suspended", "complaining", "terminated", ERASED)


@dataclass(frozen=True, slots=True)
class Person:
    """An account with its profile and whom it acts for."""

    account: Account
    expert: Expert | None
    membership: Membership | None
    client: Client | None


def find(session: Session, *, query: str, kind: str, state: str, after: str, limit: int) -> list[Person]:
    """Return people, the newest first; `after` is the id of the last account that was seen, for paging."""
    conditions: list[ColumnElement[bool]] = []
    if query := _cleaned(query):
        conditions.append(_is_like(query))
    if kind:
        conditions.append(col(Account.kind) == kind)
    if state in _STATES:
        conditions.append(_STATES[state])
    seen = session.get(Account, after) if after else None
    if seen:
        conditions.append(_is_beyond(Account, seen))
    newest_first = (col(Account.created_at).desc(), col(Account.id).desc())
    return _people(session, conditions, newest_first, limit)


def find_unowned(session: Session, *, query: str, after: str, limit: int) -> Sequence[Expert]:
    """Return profiles that are no account's, the newest first; `after` is the id of the last one that was seen."""
    has_owner = select(col(Account.id)).where(col(Account.expert_id) == col(Expert.id)).exists()
    statement = select(Expert).where(~has_owner)
    if query := _cleaned(query):
        names = [col(Expert.name).icontains(spelling, autoescape=True) for spelling in _spellings(query)]
        statement = statement.where(or_(*names, col(Expert.ref) == query, col(Expert.id) == query))
    seen = session.get(Expert, after) if after else None
    if seen:
        statement = statement.where(_is_beyond(Expert, seen))
    newest_first = (col(Expert.created_at).desc(), col(Expert.id).desc())
    return session.execute(statement.order_by(*newest_first).limit(limit)).scalars().all()


def get(session: Session, account_id: str) -> Person | None:
    """Return one person, erased ones too; None where there never was one."""
    found = _people(session, [col(Account.id) == account_id], (), 1)
    return found[0] if found else None


def _people(
    session: Session, conditions: Sequence[ColumnElement[bool]], order: Sequence[ColumnElement[Any]], limit: int
) -> list[Person]:
    statement = (
        select(Account, Expert, Membership, Client)
        .outerjoin(Expert, col(Expert.id) == col(Account.expert_id))
        .outerjoin(Membership, col(Membership.account_id) == col(Account.id))
        .outerjoin(Client, col(Client.id) == col(Membership.client_id))
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
    )
    return [Person(*row) for row in session.execute(statement)]


def _is_like(query: str) -> ColumnElement[bool]:
    """Return the condition that an account, its profile or its company is called so; SQLite folds only ASCII."""
    spellings = _spellings(query)
    names = (col(Account.name), col(Expert.name), col(Client.name))
    return or_(
        *(name.icontains(spelling, autoescape=True) for name in names for spelling in spellings),
        col(Account.email).contains(query.lower(), autoescape=True),
        col(Expert.ref) == query,
        col(Account.id) == query,
    )


def _cleaned(query: str) -> str:
    return query.replace("\0", "").strip()[:LONGEST_QUERY]


def _spellings(query: str) -> set[str]:
    return {query, query.lower(), query.upper(), query.title(), query.capitalize()}


def _is_beyond(table: type[Account] | type[Expert], seen: Account | Expert) -> ColumnElement[bool]:
    """Return the condition that a row comes after one that was seen, the newest first."""
    is_next = and_(col(table.created_at) == seen.created_at, col(table.id) < seen.id)
    return or_(col(table.created_at) < seen.created_at, is_next)


_STATES: dict[str, ColumnElement[bool]] = {
    "open": and_(
        col(Account.suspended_at).is_(None),
        col(Account.erased_at).is_(None),
        col(Account.email_confirmed_at).is_not(None),
    ),
    UNCONFIRMED: and_(col(Account.email_confirmed_at).is_(None), col(Account.erased_at).is_(None)),
    "suspended": and_(col(Account.suspended_at).is_not(None), col(Account.terminated_at).is_(None)),
    "complaining": col(Account.complaint).is_not(None),
    "terminated": col(Account.terminated_at).is_not(None),
    ERASED: col(Account.erased_at).is_not(None),
}
