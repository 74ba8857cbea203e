"""The audit log: who did what, from pages and from the command line alike. Rows are added, never changed.

The database itself refuses changes, and to delete what is younger than five years (triggers). Rows name accounts by
id only, and details hold nothing personal, so that erasing a person needs no change here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, delete, select
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from foundation.types import Instant

KEPT_FOR = timedelta(days=1_827)
"""Five years, leap days included: for as long somebody may claim something (French civil code, article 2224)."""


class ActorKind(StrEnum):
    """By which way somebody acted."""

    ACCOUNT = "account"
    COMMAND = "command"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. A command's name is the login of whoever typed it, unless `--as` named an account."""

    kind: ActorKind
    account_id: str | None = None
    name: str = ""


SYSTEM = Actor(ActorKind.SYSTEM)


def account(account_id: str) -> Actor:
    """Return an account as who acts."""
    return Actor(ActorKind.ACCOUNT, account_id)


class AuditEntry(SQLModel, table=True):
    """Something that somebody did."""

    __tablename__ = "audit_entries"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_audit_entries_object", "object_kind", "object_id"),
        Index("ix_audit_entries_actor", "actor_account_id"),
        CheckConstraint("actor_kind IN ('account', 'command', 'system')", name="actor_kind_is_known"),
        CheckConstraint("actor_kind <> 'account' OR actor_account_id IS NOT NULL", name="accounts_are_named"),
    )

    id: int | None = Field(default=None, primary_key=True)
    acted_at: datetime = Field(sa_type=Instant)
    actor_kind: str
    actor_account_id: str | None = None
    actor_name: str = ""
    action: str
    """A verb in the past: `signed_in`, `suspended`."""
    object_kind: str
    object_id: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


def record(
    session: Session, actor: Actor, action: str, object_kind: str, object_id: str, *, at: datetime, **details: Any
) -> None:
    """Note an action in the caller's transaction: what is undone leaves no trace, what is done always one."""
    session.add(
        AuditEntry(
            acted_at=at,
            actor_kind=actor.kind,
            actor_account_id=actor.account_id,
            actor_name=actor.name,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            details=details,
        )
    )


def drop_old(session: Session, *, at: datetime) -> int:
    """Delete entries that have been kept for long enough; that is an entry too. Return how many they were."""
    statement = delete(AuditEntry).where(col(AuditEntry.acted_at) < at - KEPT_FOR).returning(col(AuditEntry.id))
    dropped = len(session.execute(statement).all())
    if dropped:
        record(session, SYSTEM, "old_entries_dropped", "installation", "", at=at, count=dropped)
    return dropped


def entries(
    session: Session,
    *,
    object_kind: str | None = None,
    object_id: str | None = None,
    account_id: str | None = None,
    actor_name: str | None = None,
    action: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[AuditEntry]:
    """Return entries, latest first; `before` is the id of the last one seen, for paging; `actor_name` a command's."""
    statement = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    wanted = {
        AuditEntry.object_kind: object_kind,
        AuditEntry.object_id: object_id,
        AuditEntry.actor_account_id: account_id,
        AuditEntry.actor_name: actor_name,
        AuditEntry.action: action,
    }
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(col(column) == value)
    if before is not None:
        statement = statement.where(col(AuditEntry.id) < before)
    return session.execute(statement).scalars().all()


def about(session: Session, account_id: str, object_kind: str, *, limit: int) -> Sequence[AuditEntry]:
    """Return what an account did and what was done to it, latest first."""
    is_object = (col(AuditEntry.object_kind) == object_kind) & (col(AuditEntry.object_id) == account_id)
    statement = select(AuditEntry).where(is_object | (col(AuditEntry.actor_account_id) == account_id))
    return session.execute(statement.order_by(col(AuditEntry.id).desc()).limit(limit)).scalars().all()


def actions(session: Session) -> Sequence[str]:
    """Return every kind of action that was recorded, in order."""
    return session.execute(select(col(AuditEntry.action)).distinct().order_by(col(AuditEntry.action))).scalars().all()
