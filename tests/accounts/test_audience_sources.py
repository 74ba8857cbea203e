from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from accounts import audience_sources, audiences
from accounts.audience_sources import Reach, Source
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.audiences import VisitorKind
from accounts.models.experts import Expert
from foundation.database import Database
from tests.builders import import_all, record

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def ids(database: Database) -> list[str]:
    import_all(database, [record("A"), record("B")])
    with database.reading() as session:
        return list(session.execute(select(Expert.id).order_by(Expert.ref)).scalars())


def see(
    database: Database,
    shown: Shown,
    *,
    query: str = "douane",
    visitor: str = "v",
    places: tuple[str, ...] = (),
    is_opened: bool = False,
    at: datetime = AT,
) -> None:
    """Have a visitor see an expert, and perhaps open the profile."""
    query_id, kind = str(uuid4()), VisitorKind.COMPANY
    page = Showing(query_id, at, query, "k", "rp", "live", 4, kind, visitor, (shown,), places=places)
    views = (Viewing(str(uuid4()), shown.expert_id, at, query_id, kind, visitor),) if is_opened else ()
    database.write(lambda session: audiences.record(session, Audience((page,), views)))


def read(database: Database, expert_id: str) -> list[Source]:
    with database.reading() as session:
        return audience_sources.read(session, expert_id, AT, AT + timedelta(days=1))


def source(query: str | None, visitor: str, **values: object) -> Source:
    return Source(
        **{
            "query": query, "places": None, "visitor_key": visitor, "is_boosted": False, "impressions": 1, "opened": 0,
            "best": 1, "positions": 1, **values,
        }  # pyright: ignore[reportArgumentType]
    )  # fmt: skip


def test_sources_have_positions_openings_and_whether_a_boost_helped(database: Database, ids: list[str]) -> None:
    see(database, Shown(ids[0], 4, 0.5, 0.6, "boosted"), is_opened=True, places=("MA", "maghreb"))
    see(database, Shown(ids[0], 7, 0.5, 0.5, "held_out"), visitor="w")
    see(database, Shown(ids[1], 1, 0.5, 0.5), is_opened=True)
    found = sorted(read(database, ids[0]), key=lambda item: item.best)
    assert found == [
        source("douane", "v", places="MA,maghreb", is_boosted=True, opened=1, best=4, positions=4),
        source("douane", "w", best=7, positions=7),
    ]


def test_repeats_and_other_days_are_left_out(database: Database, ids: list[str]) -> None:
    see(database, Shown(ids[0], 2, 0.5, 0.5))
    see(database, Shown(ids[0], 1, 0.5, 0.5), at=AT + timedelta(minutes=5), is_opened=True)
    see(database, Shown(ids[0], 1, 0.5, 0.5), at=AT - timedelta(hours=1), visitor="w")
    see(database, Shown(ids[0], 1, 0.5, 0.5), at=AT + timedelta(days=1), visitor="w")
    (found,) = read(database, ids[0])
    assert (found.impressions, found.best) == (1, 2)


def test_a_reach_is_the_sum_of_its_sources() -> None:
    found = audience_sources.reach(
        [source("a", "v", best=3, positions=3), source("b", "v", impressions=3, opened=1, best=2, positions=9)]
    )
    assert found == Reach(4, 1, 2, 3.0)
    assert found.rate == 0.25
    assert audience_sources.reach([]).rate is None


def test_a_query_is_told_once_three_visitors_typed_it() -> None:
    two = [source("Douane  Maroc", "u"), source("douane maroc", "v", impressions=5)]
    assert audience_sources.queries(two) == []
    assert audience_sources.queries([*two, source("DOUANE MAROC", "w")]) == [("douane maroc", Reach(7, 0, 1, 3 / 7))]


@pytest.mark.parametrize(
    "query", ["anne@example.org", "appeler 06 12 34 56 78", "siren 552100554", "www.example.org", "https://example.org"]
)
def test_what_looks_personal_is_never_told(query: str) -> None:
    assert audience_sources.queries([source(query, visitor) for visitor in "uvwxyz"]) == []


def test_years_and_norms_are_no_numbers_of_anybody() -> None:
    query = "iso 9001 douane 2026"
    assert [text for text, _ in audience_sources.queries([source(query, visitor) for visitor in "uvw"])] == [query]


def test_browsing_is_no_query() -> None:
    assert audience_sources.queries([source(None, visitor) for visitor in "uvw"]) == []


def test_places_are_counted_one_by_one_the_most_frequent_first() -> None:
    found = audience_sources.places([source("a", "v", places="CN,VN"), source("b", "v", places="VN"), source("c", "v")])
    assert [(place, reach.impressions) for place, reach in found] == [("VN", 2), ("CN", 1)]
