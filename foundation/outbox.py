"""The outbox: whatever must leave the database is first a row written in the same transaction.

Rows are delivered at least once, by topic and in batches; a reaction receives keys, reads the rows they name
afresh, and can be repeated. A failed batch is retried one key at a time with growing delays, so one bad key
never holds up the rest; after `MAX_ATTEMPTS` its row stays as a dead letter for an operator to see.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Index, delete, func, insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from foundation import clock
from foundation.database import Database
from foundation.types import Instant

MAX_ATTEMPTS = 12
LEASE = timedelta(minutes=2)
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(hours=1)
INSERT_CHUNK = 5_000

Reaction = Callable[[Sequence[str]], None]
log = structlog.get_logger(__name__)


class OutboxRow(SQLModel, table=True):
    """A delivery that is owed: `topic` says which reaction gets `key`."""

    __tablename__ = "outbox"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_outbox_due", "topic", "due_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    topic: str
    key: str
    recorded_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    attempts: int = 0
    last_error: str | None = None
    is_dead: bool = False


def record(session: Session, topic: str, keys: Iterable[str]) -> None:
    """Owe `topic` to each of `keys`, in the caller's transaction."""
    at = clock.now()
    rows = [
        {"topic": topic, "key": key, "recorded_at": at, "due_at": at, "attempts": 0, "is_dead": False} for key in keys
    ]
    for start in range(0, len(rows), INSERT_CHUNK):
        session.execute(insert(OutboxRow), rows[start : start + INSERT_CHUNK])


def drain(database: Database, topic: str, reaction: Reaction, *, batch: int = 500) -> int:
    """Deliver one batch of what is due on `topic`; return how many rows were claimed."""
    claimed = _claim(database, topic, batch)
    if not claimed:
        return 0
    try:
        reaction(list(dict.fromkeys(key for _, key, _ in claimed)))
    except Exception:
        log.exception("outbox batch failed, retrying one by one", topic=topic, size=len(claimed))
        _deliver_singly(database, reaction, claimed)
    else:
        _settle(database, [row_id for row_id, _, _ in claimed])
    return len(claimed)


def reclaim(database: Database) -> None:
    """Make what a process that died had claimed due again. Only for the one process that delivers."""
    with database.writing() as session:
        session.execute(
            update(OutboxRow)
            .where(col(OutboxRow.attempts) == 0, col(OutboxRow.due_at) > clock.now())
            .values(due_at=clock.now())
        )


def count(session: Session, topic: str) -> int:
    """Count the deliveries still owed on `topic`, dead letters apart."""
    statement = select(func.count()).where(col(OutboxRow.topic) == topic, col(OutboxRow.is_dead).is_(False))
    return session.execute(statement).scalar_one()


def count_dead(session: Session) -> int:
    """Count the deliveries that were given up."""
    return session.execute(select(func.count()).where(col(OutboxRow.is_dead).is_(True))).scalar_one()


def oldest(session: Session, topic: str) -> datetime | None:
    """Return when the oldest delivery still owed on `topic` was recorded."""
    statement = select(func.min(OutboxRow.recorded_at)).where(
        col(OutboxRow.topic) == topic, col(OutboxRow.is_dead).is_(False)
    )
    return session.execute(statement).scalar_one()


def _claim(database: Database, topic: str, batch: int) -> list[tuple[int, str, int]]:
    """Lease due rows, so that a claimant that dies loses them again after `LEASE`."""
    at = clock.now()
    due = (
        select(col(OutboxRow.id), col(OutboxRow.key), col(OutboxRow.attempts))
        .where(
            col(OutboxRow.topic) == topic,
            col(OutboxRow.due_at) <= at,
            col(OutboxRow.is_dead).is_(False),
        )
        .order_by(col(OutboxRow.due_at), col(OutboxRow.id))
        .limit(batch)
    )
    # Most wake-ups find nothing: look first without taking the write lock.
    with database.reading() as session:
        if session.execute(due.limit(1)).first() is None:
            return []
    with database.writing() as session:
        rows = [(row.id, row.key, row.attempts) for row in session.execute(due.with_for_update(skip_locked=True))]
        session.execute(
            update(OutboxRow).where(col(OutboxRow.id).in_([row[0] for row in rows])).values(due_at=at + LEASE)
        )
    return rows


def _settle(database: Database, row_ids: list[int]) -> None:
    with database.writing() as session:
        session.execute(delete(OutboxRow).where(col(OutboxRow.id).in_(row_ids)))


def _deliver_singly(database: Database, reaction: Reaction, claimed: list[tuple[int, str, int]]) -> None:
    for row_id, key, attempts in claimed:
        try:
            reaction([key])
        except Exception as error:  # noqa: BLE001 - whatever a reaction raises becomes its row's last error
            _postpone(database, row_id, attempts + 1, error)
        else:
            _settle(database, [row_id])


def _postpone(database: Database, row_id: int, attempts: int, error: Exception) -> None:
    delay = min(FIRST_DELAY * 2**attempts, LONGEST_DELAY)
    with database.writing() as session:
        session.execute(
            update(OutboxRow)
            .where(col(OutboxRow.id) == row_id)
            .values(
                attempts=attempts,
                due_at=clock.now() + delay,
                is_dead=attempts >= MAX_ATTEMPTS,
                last_error=f"{type(error).__name__}: {error}"[:2000],
            )
        )
