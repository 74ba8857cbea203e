from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from foundation.types import Instant

METADATA = MetaData()
MOMENTS = Table("moments", METADATA, Column("id", Integer, primary_key=True), Column("at", Instant))

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001 - the bounds take the zone that is drawn


def stored(*moments: datetime | None) -> list[datetime | None]:
    """Return moments as SQLite gives them back, in its order."""
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(MOMENTS), [{"at": moment} for moment in moments])
        found = list(connection.execute(select(MOMENTS.c.at).order_by(MOMENTS.c.at)).scalars())
    engine.dispose()
    return found


@given(instants)
def test_an_instant_comes_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    (found,) = stored(moment)
    assert found == moment
    assert found.tzinfo is UTC


@given(instants, instants)
def test_the_database_orders_instants_as_time_does(first: datetime, second: datetime) -> None:
    assert stored(first, second) == sorted([first, second])


def test_an_instant_without_its_zone_is_refused() -> None:
    with pytest.raises(StatementError, match="an instant needs its time zone"):
        stored(datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused


def test_no_instant_stays_none() -> None:
    assert stored(None) == [None]
