from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from accounts import audience_days, audiences, similar_audiences
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.audiences import VisitorKind
from accounts.models.experts import Expert
from accounts.similar_audiences import Comparison, Range
from foundation.database import Database
from tests.builders import import_all, record

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 1, 1), AT.date()


def loaded(database: Database, others: int, **fields: object) -> list[Expert]:
    """Load an expert and some that share the skill with them; return them in order."""
    alike = [record(f"B{number:02}", skills=["Vin", "Douane"], **fields) for number in range(others)]
    import_all(database, [record("A", skills=["Douane"], sectors=["Luxe"]), *alike, record("Z", skills=["Chimie"])])
    with database.reading() as session:
        return list(session.execute(select(Expert).order_by(Expert.ref)).scalars())


def compare(database: Database, expert: Expert) -> Comparison | None:
    with database.reading() as session:
        return similar_audiences.compare(session, expert, FIRST, LAST)


def see(database: Database, expert: Expert, times: int, at: datetime = AT) -> None:
    """Show an expert to some visitors, each of whom opens the profile."""
    kind = VisitorKind.ANONYMOUS
    pages = tuple(
        Showing(str(uuid4()), at, "", "k", "rp", "live", 4, kind, f"{number}", (Shown(expert.id, 1, 0.5, 0.5),))
        for number in range(times)
    )
    views = tuple(Viewing(str(uuid4()), expert.id, at, None, kind, f"{number}") for number in range(times))
    database.write(lambda session: audiences.record(session, Audience(pages, views)))


def test_ten_others_are_compared_with_and_nine_are_not(database: Database) -> None:
    experts = loaded(database, 10)
    assert compare(database, experts[0]) == Comparison(10, Range(0, 5), Range(0, 5))
    assert compare(database, experts[-1]) is None
    with database.writing() as session:
        session.get_one(Expert, experts[1].id).is_visible = False
    assert compare(database, experts[0]) is None


def test_a_shared_sector_is_enough_and_ones_own_figures_are_not_among_them(database: Database) -> None:
    experts = loaded(database, 10, sectors=["Luxe"])
    with database.writing() as session:
        for expert in experts[1:11]:
            session.get_one(Expert, expert.id).skills = []
    see(database, experts[0], 60)
    assert compare(database, experts[0]) == Comparison(10, Range(0, 5), Range(0, 5))


def test_single_impressions_and_sums_of_days_both_count_and_repeats_do_not(database: Database) -> None:
    experts = loaded(database, 10)
    for expert in experts[1:11]:
        see(database, expert, 6, AT - timedelta(days=200))
        see(database, expert, 6, AT)
        see(database, expert, 6, AT + timedelta(minutes=1))
    audience_days.fold(database, AT)
    assert compare(database, experts[0]) == Comparison(10, Range(10, 15), Range(10, 15))


@pytest.mark.parametrize("skills", [[], ["D' OR 1=1 --"]])
def test_whoever_shares_nothing_is_like_nobody(database: Database, skills: list[str]) -> None:
    expert = loaded(database, 1)[0]
    expert.skills, expert.sectors = skills, []
    with database.reading() as session:
        assert similar_audiences.similar(session, expert) == []


@given(st.lists(st.integers(0, 5_000), min_size=10, max_size=40))
def test_a_range_holds_half_and_is_never_one_figure(counts: list[int]) -> None:
    found = similar_audiences.quartiles(counts)
    within = sum(found.low <= count <= found.high for count in counts)
    assert within >= len(counts) / 2
    assert 0 <= found.low < found.high
    assert found.low % 5 == found.high % 5 == 0
