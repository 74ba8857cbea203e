"""The outbox: whatever must leave the database is first a row written in the same transaction.

Rows are delivered at least once, by topic and in batches; a reaction receives keys, reads the rows they name
afresh, and can be repeated. A failed batch is retried one key at a time with growing delays, so one bad key
never holds up the rest; after `MAX_ATTEMPTS` its row stays as a dead letter for an operator to see. Where a
backend can't be reached at all, or somebody else is at it, the whole batch waits a little and nothing is counted
against it: an outage of any length makes no dead letters, and its end is seen soon.

Whoever delivers leases rows, so that several may deliver at once and none waits for another: rows that somebody is
leasing at this moment are skipped. A lease is renewed as long as the delivery goes on; that of a process that died
ends.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Index, String, column, delete, exists, func, insert, select, update, values
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from foundation import clock, logs, renewals
from foundation.database import Database, announced
from foundation.errors import Busy, Unreachable
from foundation.types import Instant

MAX_ATTEMPTS = 12
LEASE = timedelta(seconds=30)
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(hours=1)
OUTAGE_DELAY = timedelta(seconds=1)
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


def record(session: Session, topic: str, keys: Iterable[str], *, due_at: datetime | None = None) -> None:
    """Owe `topic` to each of `keys`, in the caller's transaction; not before `due_at`, where that is given."""
    at = clock.now()
    due_at = due_at or at
    rows = [
        {"topic": topic, "key": key, "recorded_at": at, "due_at": due_at, "attempts": 0, "is_dead": False}
        for key in keys
    ]
    for start in range(0, len(rows), INSERT_CHUNK):
        session.execute(insert(OutboxRow), rows[start : start + INSERT_CHUNK])
    if rows:
        announced(session).add(topic)


def drain(database: Database, topic: str, reaction: Reaction, *, batch: int = 500, lease_for: timedelta = LEASE) -> int:
    """Deliver one batch of what is due on `topic`; return how many rows were claimed."""
    claimed = _claim(database, topic, batch, lease_for)
    if not claimed:
        return 0
    row_ids = [row_id for row_id, _, _ in claimed]
    lease = _Lease(database, row_ids, lease_for)
    with renewals.renewing("outbox lease", lease_for, lease.renew):
        try:
            reaction(list(dict.fromkeys(key for _, key, _ in claimed)))
        except (Unreachable, Busy) as error:
            log.warning("outbox batch is put off", topic=topic, size=len(claimed), error=str(error))
            lease.put_back()
        except Exception:
            log.exception("outbox batch failed, retrying one by one", topic=topic, size=len(claimed))
            _deliver_singly(reaction, claimed, lease)
        else:
            lease.settle(row_ids)
    return len(claimed)


def due(database: Database, topics: Collection[str]) -> list[str]:
    """Return those of `topics` that have something due, in their order: one question, one seek into the index each."""
    wanted = values(column("topic", String), name="wanted").data([(topic,) for topic in topics]).cte("wanted")
    is_due = exists().where(
        col(OutboxRow.topic) == wanted.c.topic, col(OutboxRow.due_at) <= clock.now(), col(OutboxRow.is_dead).is_(False)
    )
    with database.asking() as connection:
        found = set(connection.execute(select(wanted.c.topic).where(is_due)).scalars())
    return [topic for topic in topics if topic in found]


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


def count_untried(session: Session, topic: str) -> int:
    """Count the deliveries owed on `topic` that have not failed: they are due, or somebody is at them."""
    statement = select(func.count()).where(col(OutboxRow.topic) == topic, col(OutboxRow.attempts) == 0)
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


def stuck(session: Session, *, recorded_before: datetime, limit: int) -> Sequence[OutboxRow]:
    """Return what was given up, then what is owed since before an instant, the oldest first."""
    statement = (
        select(OutboxRow)
        .where(col(OutboxRow.is_dead).is_(True) | (col(OutboxRow.recorded_at) < recorded_before))
        .order_by(col(OutboxRow.is_dead).desc(), col(OutboxRow.recorded_at), col(OutboxRow.id))
        .limit(limit)
    )
    return session.execute(statement).scalars().all()


def retry(session: Session, row_id: int) -> OutboxRow | None:
    """Owe a delivery that failed anew, as if it had never been tried; None where there is none."""
    found = _failed(session, col(OutboxRow.id) == row_id)
    return found[0] if found else None


def retry_all(session: Session, topic: str) -> int:
    """Owe all that failed on a topic anew; return how many that were."""
    return len(_failed(session, col(OutboxRow.topic) == topic))


def drop(session: Session, row_id: int) -> OutboxRow | None:
    """Owe a delivery that failed no more, though it was not made; return what it was, None where there is none."""
    row = session.execute(select(OutboxRow).where(col(OutboxRow.id) == row_id).with_for_update()).scalar_one_or_none()
    if row is None or not row.attempts:
        return None
    session.delete(row)
    return row


def _failed(session: Session, which: ColumnElement[bool]) -> list[OutboxRow]:
    statement = select(OutboxRow).where(which, col(OutboxRow.attempts) > 0).order_by(col(OutboxRow.id))
    rows = list(session.execute(statement.with_for_update()).scalars())
    for row in rows:
        row.attempts, row.is_dead, row.last_error, row.due_at = 0, False, None, clock.now()
        announced(session).add(row.topic)
    return rows


def _claim(database: Database, topic: str, batch: int, lease_for: timedelta) -> list[tuple[int, str, int]]:
    """Lease due rows, so that a claimant that dies loses them again."""
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

    def lease(session: Session) -> list[tuple[int, str, int]]:
        rows = [(row.id, row.key, row.attempts) for row in session.execute(due.with_for_update(skip_locked=True))]
        _lease_until(session, [row[0] for row in rows], at + lease_for)
        return rows

    return database.write(lease)


class _Lease:
    """Claimed rows that are still to be delivered."""

    def __init__(self, database: Database, row_ids: Iterable[int], lease_for: timedelta) -> None:
        self._database = database
        self._row_ids = set(row_ids)
        self._lease_for = lease_for
        self._changing = threading.Lock()

    def settle(self, row_ids: Iterable[int]) -> None:
        """Owe rows no more."""
        done = set(row_ids)
        with self._changing:
            self._database.write(
                lambda session: session.execute(delete(OutboxRow).where(col(OutboxRow.id).in_(sorted(done))))
            )
            self._row_ids -= done

    def postpone(self, row_id: int, attempts: int, error: Exception) -> None:
        """Owe a row again after a while, or give it up."""
        with self._changing:
            _postpone(self._database, row_id, attempts, error)
            self._row_ids.discard(row_id)

    def put_back(self) -> None:
        """Leave what is still to be delivered due soon, as if it had not been tried."""
        with self._changing:
            left, self._row_ids = self._row_ids, set()
            at = clock.now() + OUTAGE_DELAY
            self._database.write(lambda session: _lease_until(session, left, at))

    def renew(self) -> None:
        """Keep others from the rows for as long again."""
        with self._changing:
            self._database.write(self._lease_again)

    def _lease_again(self, session: Session) -> None:
        _lease_until(session, self._row_ids, clock.now() + self._lease_for)


def _lease_until(session: Session, row_ids: Iterable[int], until: datetime) -> None:
    session.execute(update(OutboxRow).where(col(OutboxRow.id).in_(sorted(row_ids))).values(due_at=until))


def _deliver_singly(reaction: Reaction, claimed: list[tuple[int, str, int]], lease: _Lease) -> None:
    for row_id, key, attempts in claimed:
        try:
            reaction([key])
        except (Unreachable, Busy):
            lease.put_back()
            return
        except Exception as error:  # noqa: BLE001 - whatever a reaction raises becomes its row's last error
            lease.postpone(row_id, attempts + 1, error)
        else:
            lease.settle([row_id])


def _postpone(database: Database, row_id: int, attempts: int, error: Exception) -> None:
    delay = min(FIRST_DELAY * 2**attempts, LONGEST_DELAY)

    def put_off(session: Session) -> None:
        session.execute(
            update(OutboxRow)
            .where(col(OutboxRow.id) == row_id)
            .values(
                attempts=attempts,
                due_at=clock.now() + delay,
                is_dead=attempts >= MAX_ATTEMPTS,
                last_error=logs.scrubbed(f"{type(error).__name__}: {error}").replace("\0", "")[:2000],
            )
        )

    database.write(put_off)
