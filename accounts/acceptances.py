"""Which versions of the terms somebody accepted, and when (mission row S30)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import terms
from accounts.models.accounts import Acceptance, Account


def accept(session: Session, account_id: str, *, at: datetime) -> None:
    """Keep that the versions in force were accepted; what was accepted before keeps its time."""
    for kind in terms.Kind:
        version = terms.current(kind, at.date()).version.isoformat()
        if session.get(Acceptance, (account_id, kind.value, version)) is None:
            session.add(Acceptance(account_id=account_id, document=kind.value, version=version, accepted_at=at))


def of_account(session: Session, account_id: str) -> Sequence[Acceptance]:
    """Return what an account accepted, latest first."""
    statement = select(Acceptance).where(col(Acceptance.account_id) == account_id)
    latest = statement.order_by(col(Acceptance.accepted_at).desc(), col(Acceptance.document))
    return session.execute(latest).scalars().all()


def are_current(on: date) -> ColumnElement[Any]:
    """Return the condition, beside an account in a query, that it accepted everything in force on a day."""
    wanted = [(kind.value, terms.current(kind, on).version.isoformat()) for kind in terms.Kind]
    is_wanted = or_(*(and_(col(Acceptance.document) == kind, col(Acceptance.version) == day) for kind, day in wanted))
    accepted = select(func.count()).where(col(Acceptance.account_id) == col(Account.id), is_wanted)
    return accepted.scalar_subquery() == len(wanted)
