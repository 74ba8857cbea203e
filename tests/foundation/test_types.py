from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, delete, insert, select
from sqlalchemy.exc import StatementError

from foundation.types import Instant
from tests.builders import database_of, settings_in

METADATA = MetaData()
MOMENTS = Table("moments", METADATA, Column("id", Integer, primary_key=True), Column("at", Instant))

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001 - the bounds take the zone that is drawn


Stored = Callable[..., list[datetime | None]]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """Return what gives moments back as the database does, in its order."""
    database = database_of(settings_in(tmp_path_factory.mktemp("moments")))

    def store(*moments: datetime | None) -> list[datetime | None]:
        with database.engine.begin() as connection:
            METADATA.create_all(connection)
            connection.execute(insert(MOMENTS), [{"at": moment} for moment in moments])
            found = list(connection.execute(select(MOMENTS.c.at).order_by(MOMENTS.c.at)).scalars())
            connection.execute(delete(MOMENTS))
        return found

    yield store
    database.close()


@given(moment=instants)
def test_an_instant_comes_back_as_the_same_moment_in_utc(stored: Stored, moment: datetime) -> None:
    (found,) = stored(moment)
    assert found == moment
    assert found.tzinfo is UTC


@given(first=instants, second=instants)
def test_the_database_orders_instants_as_time_does(stored: Stored, first: datetime, second: datetime) -> None:
    assert stored(first, second) == sorted([first, second])


def test_an_instant_without_its_zone_is_refused(stored: Stored) -> None:
    with pytest.raises(StatementError, match="an instant needs its time zone"):
        stored(datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused


def test_no_instant_stays_none(stored: Stored) -> None:
    assert stored(None) == [None]
