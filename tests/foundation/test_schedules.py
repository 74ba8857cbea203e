from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlmodel import col

from foundation import outbox, schedules
from foundation.database import Database
from foundation.outbox import OutboxRow
from foundation.schedules import Schedule, ScheduleRow

DAILY = Schedule("daily", every=timedelta(days=1), topic="day.begun")
HOURLY = Schedule("hourly", every=timedelta(hours=1), topic="hour.begun")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds take the zone that is drawn


@given(instants, st.integers(1, 100_000))
def test_the_last_due_time_is_not_after_now_and_not_a_whole_period_ago(at: datetime, seconds: int) -> None:
    schedule = Schedule("any", every=timedelta(seconds=seconds), topic="any")
    due_at = schedule.last_due(at)
    assert at - schedule.every < due_at <= at
    assert schedule.last_due(due_at) == due_at


def owed(database: Database, schedule: Schedule) -> list[str]:
    statement = select(col(OutboxRow.key)).where(col(OutboxRow.topic) == schedule.topic).order_by(col(OutboxRow.id))
    with database.reading() as session:
        return list(session.execute(statement).scalars())


def test_what_comes_due_is_owed_once_however_often_one_looks(database: Database) -> None:
    looks = [schedules.owe_due(database, [DAILY, HOURLY], NOON + timedelta(minutes=minutes)) for minutes in (0, 1, 59)]
    assert looks == [2, 0, 0]
    assert owed(database, DAILY) == ["2026-11-25T00:00:00+00:00"]
    assert owed(database, HOURLY) == ["2026-11-25T12:00:00+00:00"]


def test_it_is_owed_again_when_it_comes_due_again(database: Database) -> None:
    for hours in range(3):
        schedules.owe_due(database, [HOURLY], NOON + timedelta(hours=hours))
    assert len(owed(database, HOURLY)) == 3


def test_what_was_missed_is_owed_once(database: Database) -> None:
    schedules.owe_due(database, [HOURLY], NOON)
    assert schedules.owe_due(database, [HOURLY], NOON + timedelta(days=3)) == 1
    assert len(owed(database, HOURLY)) == 2


def test_of_many_who_look_at_once_one_owes_it(database: Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        looks = [pool.submit(schedules.owe_due, database, [DAILY, HOURLY], NOON) for _ in range(12)]
    assert sum(look.result() for look in looks) == 2
    with database.reading() as session:
        assert outbox.count(session, DAILY.topic) == outbox.count(session, HOURLY.topic) == 1


def test_old_due_times_are_forgotten(database: Database) -> None:
    schedules.owe_due(database, [HOURLY], NOON)
    schedules.owe_due(database, [HOURLY], NOON + schedules.KEPT_FOR + timedelta(hours=2))
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(ScheduleRow)).scalar_one() == 1
