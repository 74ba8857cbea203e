from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel

from accounts import outcomes
from accounts.models.accounts import AccountKind
from accounts.models.audiences import Impression, ResultPage, View
from foundation.database import Database
from scripts import demo_traffic
from tests import signed_in
from tests.builders import import_all, record

TODAY = date(2026, 11, 30)


@pytest.fixture
def refs(database: Database) -> list[str]:
    people = [
        record(f"E{number}", skills=["Douane", f"Compétence {number}"], sectors=["Vin"], countries=["MA", "CN"])
        for number in range(6)
    ]
    import_all(database, [*people, record("OTHER", skills=["Douane"])])
    return [str(person["ref"]) for person in people]


def add(database: Database, refs: list[str], today: date = TODAY) -> int:
    return database.write(lambda session: demo_traffic.add(session, refs, today))


def counts(database: Database) -> list[int]:
    tables: list[type[SQLModel]] = [ResultPage, Impression, View]
    with database.reading() as session:
        return [session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_the_same_day_adds_nothing_and_the_next_one_only_what_has_passed(database: Database, refs: list[str]) -> None:
    pages = add(database, refs)
    first = counts(database)
    assert first[0] == pages > 1_000
    assert add(database, refs) == 0
    add(database, refs, TODAY + timedelta(days=1))
    assert 0 < counts(database)[0] - first[0] < 100


def test_all_of_it_says_that_it_is_invented_lies_in_the_past_and_is_about_the_sample(
    database: Database, refs: list[str]
) -> None:
    add(database, refs)
    with database.reading() as session:
        pages = list(session.execute(select(ResultPage)).scalars())
        views = list(session.execute(select(View)).scalars())
        shown = session.execute(select(func.count(func.distinct(Impression.expert_id)))).scalar_one()
    for visit in (*pages, *views):
        assert visit.id.startswith("demo-")
        assert visit.visitor_key.startswith("demo-")
    assert {page.profile_id for page in pages} == {"demo"}
    assert max(page.shown_at.date() for page in pages) == TODAY - timedelta(days=1)
    assert shown == len(refs)
    assert {page.visitor_kind for page in pages} == {"company", "expert", "anonymous"}


def test_an_empty_directory_has_no_visitors(database: Database) -> None:
    assert add(database, ["E0"]) == 0


def test_its_clients_approach_a_few_of_those_who_were_opened_once(database: Database, refs: list[str]) -> None:
    add(database, refs)
    berta = signed_in.make(database, AccountKind.COMPANY, "Berta")
    signed_in.make(database, AccountKind.COMPANY, "Somebody else")
    for _ in range(2):
        database.write(lambda session: demo_traffic.add_approaches(session, [str(berta.email)]))
    with database.reading() as session:
        since = datetime.combine(TODAY, time(), UTC) - timedelta(days=90)
        found = [row for row in outcomes.traffic(session, since) if row.approaches]
    assert 1 <= sum(row.approaches for row in found) <= demo_traffic.APPROACHES
    assert all(row.views >= 1 for row in found)
