from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from accounts import audience_days, audiences, outcomes
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.audiences import VisitorKind
from accounts.models.experts import Expert
from foundation.database import Database
from ranking.interleaving import Day
from ranking.lifts import Draw
from ranking.propensities import Traffic
from tests.builders import import_all, record

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
SINCE = AT - timedelta(days=1)


@pytest.fixture
def ids(database: Database) -> list[str]:
    import_all(database, [record("A"), record("B")])
    with database.reading() as session:
        return list(session.execute(select(Expert.id).order_by(Expert.ref)).scalars())


def see(
    database: Database,
    experts: list[Shown],
    *,
    opened: tuple[str, ...] = (),
    visitor: str = "v",
    query: str = "Douane",
    draw_key: str = "k",
    percent: int = 4,
    canary_id: str | None = None,
) -> None:
    """Have a visitor see a page of results, and open some experts from it."""
    kind, query_id = VisitorKind.ANONYMOUS, str(uuid4())
    arm = "interleaved" if canary_id else "live"
    page = Showing(
        query_id, AT, query, draw_key, "rp_live", arm, percent, kind, visitor, tuple(experts), canary_id=canary_id
    )
    views = tuple(Viewing(str(uuid4()), one, AT, query_id, kind, visitor) for one in opened)
    database.write(lambda session: audiences.record(session, Audience((page,), views)))


def draws(database: Database, expert_id: str | None = None) -> list[Draw]:
    with database.reading() as session:
        return outcomes.boost_draws(session, SINCE, expert_id)


def test_searches_of_one_draw_are_counted_together(database: Database, ids: list[str]) -> None:
    for visitor in ("v", "w"):
        see(database, [Shown(ids[0], 3, 0.5, 0.5, "boosted")], opened=(ids[0],), visitor=visitor)
    see(database, [Shown(ids[0], 4, 0.5, 0.5, "held_out")], visitor="x", draw_key="other week")
    assert sorted(draws(database), key=lambda draw: draw.is_held_out) == [
        Draw(False, 0.04, 2, 2),
        Draw(True, 0.04, 1, 0),
    ]


def test_what_stands_below_the_first_places_has_views_only(database: Database, ids: list[str]) -> None:
    see(database, [Shown(ids[0], 11, 0.5, 0.5, "boosted")], opened=(ids[0],))
    assert draws(database) == [Draw(False, 0.04, 0, 1)]


def test_repeats_are_left_out(database: Database, ids: list[str]) -> None:
    for query in ("first", "again"):
        see(database, [Shown(ids[0], 1, 0.5, 0.5, "boosted")], opened=(ids[0],), query=query)
    # The same instant is no repeat of itself: only what came before is.
    with database.reading() as session:
        assert audience_days.by_day(session, ids[0], AT.date(), AT.date())[0].impressions == 2
    at = AT + timedelta(minutes=10)
    later = Showing(
        "q", at, "", "k", "rp_live", "live", 4, VisitorKind.ANONYMOUS, "v", (Shown(ids[0], 1, 0.5, 0.5, "boosted"),)
    )
    view = Viewing("w", ids[0], at, "q", VisitorKind.ANONYMOUS, "v")
    database.write(lambda session: audiences.record(session, Audience((later,), (view,))))
    assert draws(database) == [Draw(False, 0.04, 2, 2)]


def test_where_nobody_can_be_held_out_there_is_nothing_to_compare(database: Database, ids: list[str]) -> None:
    see(database, [Shown(ids[0], 1, 0.5, 0.5, "boosted")], percent=0)
    see(database, [Shown(ids[1], 1, 0.5, 0.5)])
    assert draws(database) == []


def test_one_expert_is_told_apart(database: Database, ids: list[str]) -> None:
    see(database, [Shown(ids[0], 1, 0.5, 0.5, "boosted"), Shown(ids[1], 2, 0.5, 0.5, "held_out")])
    assert draws(database, ids[1]) == [Draw(True, 0.04, 1, 0)]


def test_a_visitors_day_gives_each_team_its_points(database: Database, ids: list[str]) -> None:
    mixed = [Shown(ids[0], 1, 0.5, 0.5, team="canary"), Shown(ids[1], 2, 0.5, 0.5, team="live")]
    see(database, mixed, opened=(ids[0],), canary_id="rp_new")
    see(database, mixed, opened=(), canary_id="rp_new")
    see(database, mixed, opened=(ids[1],), visitor="w", canary_id="rp_new")
    see(database, mixed, opened=(ids[1],), visitor="x", canary_id="rp_other")
    see(database, mixed, opened=(ids[1],), visitor="y")
    with database.reading() as session:
        days = outcomes.interleaved_days(session, "rp_live", "rp_new")
        pairs = outcomes.interleaved_pairs(session)
    assert sorted(days, key=lambda day: day.searches) == [Day(1, 1, 0), Day(2, 0, 1)]
    assert set(pairs) == {("rp_live", "rp_new"), ("rp_live", "rp_other")}


def test_traffic_of_queries_that_are_typed_alike_is_put_together(database: Database, ids: list[str]) -> None:
    see(database, [Shown(ids[0], 1, 0.5, 0.5), Shown(ids[1], 2, 0.5, 0.5)], opened=(ids[1],))
    see(database, [Shown(ids[0], 1, 0.5, 0.5)], query="  douane ", visitor="w")
    see(database, [Shown(ids[0], 1, 0.5, 0.5)], query="", visitor="x")
    with database.reading() as session:
        found = sorted(outcomes.traffic(session, SINCE), key=lambda row: row.position)
    assert found == [Traffic("douane", "A", 1, 2, 0), Traffic("douane", "B", 2, 1, 1)]
