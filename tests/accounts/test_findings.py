"""How a client found somebody, as far as it may be kept beside their name."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from accounts import approaches, audiences, findings, outcomes, shortlists
from accounts.audiences import Audience, Showing, Shown
from accounts.models.accounts import Client
from accounts.models.audiences import VisitorKind
from accounts.models.experts import Expert
from accounts.models.findings import Approach, Finding
from accounts.models.shortlists import ShortlistItem
from accounts.shortlist_rows import Owner
from foundation.database import Database
from ranking.propensities import Traffic
from tests.builders import import_all, record

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
FOUND = Finding("douane", 2, date(2026, 11, 25))


@pytest.fixture
def ids(database: Database) -> list[str]:
    import_all(database, [record("A"), record("B")])
    with database.writing() as session:
        for name in ("c1", "c2"):
            session.add(Client(id=name, is_person=False, name=name, created_at=AT))
    with database.reading() as session:
        return list(session.execute(select(Expert.id).order_by(Expert.ref)).scalars())


def see(database: Database, expert_id: str, query: str, *visitors: str, position: int = 2, at: datetime = AT) -> str:
    """Have visitors see an expert for a query; return the last one's query id."""
    query_id = ""
    for visitor in visitors:
        query_id, kind = str(uuid4()), VisitorKind.COMPANY
        shown = (Shown(expert_id, position, 0.5, 0.5),)
        page = Showing(query_id, at, query, "k", "rp_live", "live", 4, kind, visitor, shown)
        with database.writing() as session:
            audiences.record(session, Audience((page,)))
    return query_id


def looked_up(database: Database, search: str, expert_id: str) -> Finding | None:
    with database.reading() as session:
        return findings.look_up(session, search, expert_id)


def approached(database: Database) -> list[Traffic]:
    with database.reading() as session:
        return [row for row in outcomes.traffic(session, AT - timedelta(days=30)) if row.approaches]


def note(database: Database, client_id: str, expert_id: str, finding: Finding | None = FOUND) -> None:
    with database.writing() as session:
        approaches.note(session, client_id, expert_id, finding)


def test_words_and_place_of_the_page_are_found_and_nothing_else_of_it(database: Database, ids: list[str]) -> None:
    search = see(database, ids[0], "  Douane  Maroc ", "u", "v", "w", position=7)
    assert looked_up(database, search, ids[0]) == Finding("douane maroc", 7, date(2026, 11, 25))


def test_what_fewer_than_three_visitors_typed_is_not_kept(database: Database, ids: list[str]) -> None:
    search = see(database, ids[0], "douane", "u", "v", "v", "v")
    assert looked_up(database, search, ids[0]) is None
    see(database, ids[0], "DOUANE", "w")
    assert looked_up(database, search, ids[0])


def test_visitors_who_were_shown_somebody_else_do_not_count(database: Database, ids: list[str]) -> None:
    search = see(database, ids[0], "douane", "u")
    see(database, ids[1], "douane", "v", "w", "x")
    assert looked_up(database, search, ids[0]) is None


@pytest.mark.parametrize("query", ["", "jean@example.org", "www.example.org", "06 12 34 56 78"])
def test_what_may_be_somebody_s_address_or_number_is_not_kept(database: Database, ids: list[str], query: str) -> None:
    assert looked_up(database, see(database, ids[0], query, "u", "v", "w"), ids[0]) is None


def test_a_page_that_did_not_show_the_expert_says_nothing(database: Database, ids: list[str]) -> None:
    search = see(database, ids[0], "douane", "u", "v", "w")
    assert looked_up(database, search, ids[1]) is None
    for odd in (str(uuid4()), "", "x" * 36, "\0" * 36, f"{search}x", "'; --"):
        assert looked_up(database, odd, ids[0]) is None
    assert looked_up(database, search, "\x00no") is None


def test_midnight_is_that_of_paris(database: Database, ids: list[str]) -> None:
    search = see(database, ids[0], "douane", "u", "v", "w", at=datetime(2026, 11, 25, 23, 30, tzinfo=UTC))
    found = looked_up(database, search, ids[0])
    assert found
    assert found.on == date(2026, 11, 26)


def test_a_client_s_approaches_for_the_same_words_count_once(database: Database, ids: list[str]) -> None:
    see(database, ids[0], "Douane", "u", "v", "w")
    for finding in (FOUND, Finding("douane", 2, date(2026, 11, 24)), None):
        note(database, "c1", ids[0], finding)
    assert approached(database) == [Traffic("douane", "A", 2, 3, 0, 1)]
    note(database, "c2", ids[0])
    assert approached(database) == [Traffic("douane", "A", 2, 3, 0, 2)]


def test_an_approach_without_a_search_counts_nowhere(database: Database, ids: list[str]) -> None:
    see(database, ids[0], "Douane", "u", "v", "w")
    note(database, "c1", ids[0], None)
    assert approached(database) == []


def test_there_are_no_more_approaches_than_impressions_and_none_from_long_ago(
    database: Database, ids: list[str]
) -> None:
    see(database, ids[0], "Douane", "u")
    note(database, "c1", ids[0])
    note(database, "c2", ids[0])
    note(database, "c1", ids[1], Finding("douane", 1, date(2026, 9, 1)))
    assert approached(database) == [Traffic("douane", "A", 2, 1, 0, 1)]


def test_the_shortlist_knows_by_which_search_until_it_is_approached(database: Database, ids: list[str]) -> None:
    see(database, ids[0], "Douane", "u", "v", "w")
    with database.writing() as session:
        shortlists.add(session, Owner(token="t"), ids[0], at=AT, found=FOUND)
        shortlists.write_note(session, Owner(token="t"), ids[0], "Bien", at=AT)
        shortlists.add(session, Owner(client_id="c1"), ids[0], at=AT)
        shortlists.adopt(session, "t", Owner(client_id="c1"), at=AT)
    note(database, "c1", ids[0], None)
    note(database, "c2", ids[0], None)
    assert approached(database) == [Traffic("douane", "A", 2, 3, 0, 1)]


def test_who_is_picked_again_is_known_by_the_latest_search(database: Database, ids: list[str]) -> None:
    later = Finding("export", 1, date(2026, 11, 26))
    with database.writing() as session:
        for finding in (FOUND, later, None):
            shortlists.add(session, Owner(client_id="c1"), ids[0], at=AT, found=finding)
    with database.reading() as session:
        assert session.execute(select(ShortlistItem)).scalar_one().finding == later


def test_who_is_taken_off_and_put_back_is_known_by_no_search(database: Database, ids: list[str]) -> None:
    owner = Owner(client_id="c1")
    with database.writing() as session:
        shortlists.add(session, owner, ids[0], at=AT, found=FOUND)
        shortlists.remove(session, owner, ids[0], at=AT)
    with database.writing() as session:
        shortlists.restore(session, owner, at=AT)
    with database.reading() as session:
        assert session.execute(select(ShortlistItem)).scalar_one().finding is None


def test_an_expert_who_is_removed_takes_approaches_along(database: Database, ids: list[str]) -> None:
    for expert_id in ids:
        note(database, "c1", expert_id)
    with database.writing() as session:
        audiences.forget(session, [ids[0]])
    with database.reading() as session:
        assert [row.expert_id for row in session.execute(select(Approach)).scalars()] == [ids[1]]
