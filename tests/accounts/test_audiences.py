from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel

from accounts import audience_days, audiences, experts
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.audiences import AudienceDay, Impression, ResultPage, View, VisitorKind, VisitorSalt
from accounts.models.experts import Expert
from foundation.database import Database
from tests.builders import import_all, record

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def ids(database: Database) -> list[str]:
    """Return the ids of three experts."""
    import_all(database, [record("A"), record("B"), record("C")])
    with database.reading() as session:
        return list(session.execute(select(Expert.id).order_by(Expert.ref)).scalars())


def showing(ids: list[str], *, after: timedelta = timedelta(), visitor: str = "v", at: datetime = AT) -> Showing:
    shown = tuple(Shown(expert_id, position, 0.5, 0.5) for position, expert_id in enumerate(ids, start=1))
    kind = VisitorKind.ANONYMOUS
    return Showing(str(uuid4()), at + after, "douane", "k", "rp_1", "live", 4, kind, visitor, shown)


def viewing(expert_id: str, *, after: timedelta = timedelta(), visitor: str = "v", at: datetime = AT) -> Viewing:
    return Viewing(str(uuid4()), expert_id, at + after, None, VisitorKind.COMPANY, visitor)


def keep(database: Database, *seen: Showing | Viewing) -> None:
    showings = tuple(item for item in seen if isinstance(item, Showing))
    viewings = tuple(item for item in seen if isinstance(item, Viewing))
    database.write(lambda session: audiences.record(session, Audience(showings, viewings)))


def days(database: Database, expert_id: str) -> list[tuple[date, str, int, int, int, int]]:
    with database.reading() as session:
        return [
            (row.day, row.visitor_kind, row.impressions, row.repeated_impressions, row.views, row.repeated_views)
            for row in audience_days.by_day(session, expert_id, date(2026, 1, 1), date(2026, 12, 31))
        ]


def count(database: Database, table: type[SQLModel]) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_each_expert_on_a_page_has_an_impression(database: Database, ids: list[str]) -> None:
    keep(database, showing(ids))
    assert days(database, ids[0]) == [(AT.date(), "anonymous", 1, 0, 0, 0)]
    assert count(database, Impression) == 3


@pytest.mark.parametrize(("minutes", "repeated"), [(0.1, 1), (30, 1), (30.1, 0)])
def test_what_the_same_visitor_sees_again_within_half_an_hour_is_kept_apart(
    database: Database, ids: list[str], minutes: float, repeated: int
) -> None:
    later = timedelta(minutes=minutes)
    keep(database, showing(ids), viewing(ids[0]))
    keep(database, showing(ids[:1], after=later), viewing(ids[0], after=later))
    assert days(database, ids[0]) == [
        (AT.date(), "anonymous", 2 - repeated, repeated, 0, 0),
        (AT.date(), "company", 0, 0, 2 - repeated, repeated),
    ]
    assert days(database, ids[1]) == [(AT.date(), "anonymous", 1, 0, 0, 0)]


def test_repeats_within_one_batch_are_known_whatever_their_order(database: Database, ids: list[str]) -> None:
    later = timedelta(minutes=5)
    keep(database, showing(ids, after=later), showing(ids), viewing(ids[0], after=later), viewing(ids[0]))
    assert [row[2:] for row in days(database, ids[0])] == [(1, 1, 0, 0), (0, 0, 1, 1)]


def test_what_another_process_recorded_meanwhile_is_known(database: Database, ids: list[str]) -> None:
    keep(database, showing(ids[:1], after=timedelta(minutes=2)), viewing(ids[0], after=timedelta(minutes=2)))
    later = timedelta(minutes=5)
    keep(database, showing(ids[1:]), showing(ids[:1], after=later), viewing(ids[1]), viewing(ids[0], after=later))
    assert [row[2:] for row in days(database, ids[0])] == [(1, 1, 0, 0), (0, 0, 1, 1)]
    assert [row[2:] for row in days(database, ids[1])] == [(1, 0, 0, 0), (0, 0, 1, 0)]


def test_another_visitor_is_no_repeat(database: Database, ids: list[str]) -> None:
    keep(database, showing(ids), showing(ids, visitor="w"))
    assert days(database, ids[0])[0][2:4] == (2, 0)


def test_what_is_handed_over_twice_is_kept_once(database: Database, ids: list[str]) -> None:
    seen = (showing(ids), viewing(ids[0]))
    keep(database, *seen)
    keep(database, *seen)
    assert [row[2:] for row in days(database, ids[0])] == [(1, 0, 0, 0), (0, 0, 1, 0)]


def test_long_queries_are_cut_and_browsing_has_none(database: Database, ids: list[str]) -> None:
    first, second = showing(ids), showing(ids)
    long = Showing(**{name: getattr(first, name) for name in first.__slots__} | {"query": "x" * 300})
    browsing = Showing(**{name: getattr(second, name) for name in second.__slots__} | {"query": ""})
    keep(database, long, browsing)
    with database.reading() as session:
        assert set(session.execute(select(ResultPage.query)).scalars()) == {"x" * 200, None}


def test_whoever_was_removed_meanwhile_is_left_out(database: Database, ids: list[str]) -> None:
    keep(database, showing([*ids, "gone"]), viewing("gone"))
    assert (count(database, Impression), count(database, View)) == (3, 0)


def test_removing_an_expert_removes_the_audience(database: Database, ids: list[str]) -> None:
    keep(database, showing(ids), viewing(ids[0]))
    keep(database, showing(ids, at=AT - timedelta(days=200)))
    audience_days.fold(database, AT)
    assert len(days(database, ids[0])) == 3
    database.write(lambda session: experts.remove(session, ["A"]))
    assert days(database, ids[0]) == []
    assert len(days(database, ids[1])) == 2


def test_old_rows_become_sums_and_recent_ones_stay(database: Database, ids: list[str]) -> None:
    old = AT - timedelta(days=100)
    keep(database, showing(ids, at=old), showing(ids, at=old, after=timedelta(minutes=1)), viewing(ids[0], at=old))
    keep(database, showing(ids), viewing(ids[0], visitor="w"))
    before = [days(database, expert_id) for expert_id in ids]
    audience_days.fold(database, AT)
    audience_days.fold(database, AT)
    assert [days(database, expert_id) for expert_id in ids] == before
    assert (count(database, Impression), count(database, ResultPage), count(database, View)) == (3, 1, 1)
    assert count(database, AudienceDay) == 4


def test_a_day_that_is_just_within_the_time_is_kept_whole(database: Database, ids: list[str]) -> None:
    keep(database, showing(ids, at=AT - audiences.KEPT_FOR))
    audience_days.fold(database, AT)
    assert count(database, Impression) == 3


def test_a_visitor_has_one_key_a_day_and_nothing_leads_back_to_older_ones(database: Database) -> None:
    def salt(day: date) -> str:
        return database.write(lambda session: audiences.salt_of(session, day))

    monday = date(2026, 11, 23)
    salts = [salt(monday), salt(monday), salt(monday + timedelta(days=1))]
    keys = [audiences.visitor_key(salt, "192.0.2.1", "Firefox") for salt in salts]
    assert keys[0] == keys[1] != keys[2]
    assert keys[0] != audiences.visitor_key(salts[0], "192.0.2.2", "Firefox")
    salt(monday + timedelta(days=5))
    assert count(database, VisitorSalt) == 1
