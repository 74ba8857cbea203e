"""What is due by the clock: a row for each due time, written together with the delivery that it owes.

Whoever looks first writes the row, anybody may look as often as they like: it is unique on name and due time. What
was missed while nobody looked is owed once, not once for each time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from foundation import outbox
from foundation.database import Database, insert
from foundation.types import Instant

KEPT_FOR = timedelta(days=90)
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every so often, counted from midnight UTC of a Thursday, `topic` is owed to the due time; `offset` later."""

    name: str
    every: timedelta
    topic: str
    offset: timedelta = timedelta()

    def last_due(self, at: datetime) -> datetime:
        """Return the latest due time that is not after an instant."""
        return at - (at - _START - self.offset) % self.every


class ScheduleRow(SQLModel, table=True):
    """A due time whose delivery was put into the outbox."""

    __tablename__ = "schedules"  # pyright: ignore[reportAssignmentType]

    name: str = Field(primary_key=True)
    due_at: datetime = Field(primary_key=True, sa_type=Instant)


def owe_due(database: Database, schedules: Iterable[Schedule], at: datetime) -> int:
    """Owe what has come due since somebody looked last; return how much that was."""
    due = [(schedule, schedule.last_due(at)) for schedule in schedules]
    # Nearly always nothing is: look first, at all of them at once, without taking the write lock.
    with database.reading() as session:
        owed = _owed(session, due)
    due = [(schedule, due_at) for schedule, due_at in due if (schedule.name, due_at) not in owed]
    return sum(database.write(lambda session: _owe(session, due, at))) if due else 0


def sweep(session: Session, at: datetime) -> None:
    """Forget due times that are long past."""
    session.execute(delete(ScheduleRow).where(col(ScheduleRow.due_at) < at - KEPT_FOR))


def _owe(session: Session, due: Iterable[tuple[Schedule, datetime]], at: datetime) -> list[bool]:
    sweep(session, at)
    return [_owe_one(session, schedule, due_at) for schedule, due_at in due]


def _owe_one(session: Session, schedule: Schedule, due_at: datetime) -> bool:
    """Owe one delivery unless somebody else just did."""
    row = insert(session, ScheduleRow).values(name=schedule.name, due_at=due_at).on_conflict_do_nothing()
    is_first = session.execute(row.returning(col(ScheduleRow.name))).first() is not None
    if is_first:
        outbox.record(session, schedule.topic, [due_at.isoformat()])
    return is_first


def _owed(session: Session, due: Iterable[tuple[Schedule, datetime]]) -> set[tuple[str, datetime]]:
    key = tuple_(col(ScheduleRow.name), col(ScheduleRow.due_at))
    statement = select(col(ScheduleRow.name), col(ScheduleRow.due_at)).where(
        key.in_([(schedule.name, due_at) for schedule, due_at in due])
    )
    return {(row.name, row.due_at) for row in session.execute(statement)}
