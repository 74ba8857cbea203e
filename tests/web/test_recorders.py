"""Impressions and views as pages record them, over HTTP; with Redis in between, the real one."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from accounts import audiences
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.accounts import AccountKind
from accounts.models.audiences import Impression, ResultPage, View, VisitorKind
from accounts.models.experts import Expert
from foundation import clock
from foundation.database import Database
from foundation.settings import Settings
from foundation.shared import SharedMemory
from tests import signed_in
from tests.builders import eventually, import_all, record, settings_in, site
from tests.redises import own_redis
from web import audience_buffers, recorders, visitors
from web.audience_buffers import TAKEN, WAITING, AudienceBuffer, AudienceDrain

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
PERSON = {"user-agent": FIREFOX}
PEOPLE = [record("A", skills=["Douane"]), record("B", skills=["Douane"], boosted_until="2099-01-01"), record("C")]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with site(tmp_path, PEOPLE) as found:
        yield found


@pytest.fixture
def kept(client: TestClient) -> Iterator[Database]:
    """Return the site's database."""
    settings: Settings = client.app.state.settings  # pyright: ignore[reportAttributeAccessIssue]
    found = Database(settings.database_address)
    yield found
    found.close()


def all_of(database: Database, table: type) -> list:
    with database.reading() as session:
        return list(session.execute(select(table)).scalars())


def first_profile(page: str) -> str:
    found = re.search(r'href="(/experts/[^"?]+\?[^"]*)"', page)
    assert found
    return unescape(found[1])


def counted(client: TestClient, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_a_page_of_results_leaves_impressions_and_the_profile_opened_from_it_a_view(
    client: TestClient, kept: Database
) -> None:
    page = client.get("/experts?q=Douane", headers=PERSON).text
    assert client.get(first_profile(page), headers=PERSON).status_code == 200
    eventually(lambda: all_of(kept, View))
    (shown,) = all_of(kept, ResultPage)
    assert (shown.query, shown.arm, shown.visitor_kind) == ("Douane", "live", "anonymous")
    assert shown.profile_id.startswith("rp_")
    impressions = sorted(all_of(kept, Impression), key=lambda item: item.position)
    assert [item.position for item in impressions] == [1, 2]
    assert all(item.score >= item.base > 0 for item in impressions)
    assert sum(item.treatment is not None for item in impressions) == 1
    (view,) = all_of(kept, View)
    assert (view.query_id, view.expert_id) == (shown.id, impressions[0].expert_id)
    assert view.visitor_key == shown.visitor_key
    assert "testclient" not in view.visitor_key


def test_positions_go_on_from_page_to_page(client: TestClient, kept: Database) -> None:
    client.get("/experts?size=2&page=2", headers=PERSON)
    eventually(lambda: all_of(kept, Impression))
    assert [item.position for item in all_of(kept, Impression)] == [3]


def test_boosts_that_the_reader_switched_off_are_in_no_comparison(client: TestClient, kept: Database) -> None:
    client.get("/experts?q=Douane&boost=false", headers=PERSON)
    eventually(lambda: all_of(kept, Impression))
    assert {item.treatment for item in all_of(kept, Impression)} == {None}


@pytest.mark.parametrize("agent", [GOOGLEBOT, "", "curl/8.5.0", "python-requests/2.32", "x" * 500])
def test_programs_are_no_audience(agent: str) -> None:
    assert visitors.is_bot(agent)


def test_a_person_is_no_bot() -> None:
    assert not visitors.is_bot(FIREFOX)


def test_bots_heads_prefetches_the_json_api_and_what_is_not_there_leave_nothing(
    client: TestClient, kept: Database
) -> None:
    page = client.get("/experts?q=Douane", headers={"user-agent": GOOGLEBOT}).text
    client.head("/experts?q=Douane", headers=PERSON)
    client.get("/experts?q=Douane", headers={**PERSON, "sec-purpose": "prefetch;prerender"})
    client.get("/api/v1/experts?q=Douane", headers=PERSON)
    client.get("/experts/nobody", headers=PERSON)
    client.get(first_profile(page), headers={"user-agent": GOOGLEBOT})
    client.get("/experts?q=Douane&page=2", headers=PERSON)  # beyond the last result
    client.get("/experts?q=Export", headers=PERSON)
    eventually(lambda: all_of(kept, ResultPage))
    assert ([item.query for item in all_of(kept, ResultPage)], all_of(kept, View)) == (["Export"], [])


def test_who_has_signed_in_is_counted_by_kind(client: TestClient, kept: Database) -> None:
    for kind in (AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT, AccountKind.EXPERT):
        signed_in.as_new(client, kind)
        client.get(first_profile(client.get("/experts?q=Douane", headers=PERSON).text), headers=PERSON)
    eventually(lambda: len(all_of(kept, View)) == 3)
    for table in (ResultPage, View):
        assert sorted(item.visitor_kind for item in all_of(kept, table)) == ["company", "company", "expert"]


def test_experts_are_no_audience_of_their_own_and_operators_of_nobody(client: TestClient, kept: Database) -> None:
    own = next(expert for expert in all_of(kept, Expert) if expert.ref == "A")
    signed_in.as_new(client, AccountKind.OPERATOR)
    client.get(first_profile(client.get("/experts?q=Export", headers=PERSON).text), headers=PERSON)
    signed_in.as_new(client, AccountKind.EXPERT, expert_id=own.id)
    client.get(f"/experts/{own.slug}", headers=PERSON)
    client.get("/experts?q=Douane", headers=PERSON)
    eventually(lambda: all_of(kept, Impression))
    assert [item.query for item in all_of(kept, ResultPage)] == ["Douane"]
    assert [item.expert_id == own.id for item in all_of(kept, Impression)] == [False]
    assert all_of(kept, View) == []


def test_a_visitor_who_has_not_signed_in_costs_no_question_to_the_database(client: TestClient) -> None:
    asked: list[str] = []
    engine = client.app.state.database.engine  # pyright: ignore[reportAttributeAccessIssue]
    event.listen(engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    client.get("/experts?q=Douane", headers=PERSON)
    assert [statement for statement in asked if "sign_ins.token_hash =" in statement] == []
    signed_in.as_new(client, AccountKind.COMPANY)
    client.get("/experts?q=Douane", headers=PERSON)
    assert len([statement for statement in asked if "sign_ins.token_hash =" in statement]) == 1


def test_a_search_notes_the_places_of_its_words_and_filters(client: TestClient, kept: Database) -> None:
    # The second finds nobody, and shows those who come near.
    for path in ("?q=Douane+Maroc+Allemagne", "?q=Export&zone=Maghreb&country=Chine", ""):
        assert client.get(f"/experts{path}", headers=PERSON).status_code == 200
    eventually(lambda: len(all_of(kept, ResultPage)) == 3)
    found = {item.query: item.places for item in all_of(kept, ResultPage)}
    assert found == {"Douane Maroc Allemagne": "DE,MA", "Export": "CN,maghreb", None: None}


@pytest.mark.parametrize("given", ["x", "'; DROP TABLE views", "0" * 36, "a" * 5_000])
def test_an_address_that_names_no_query_is_a_view_from_elsewhere(
    client: TestClient, kept: Database, given: str
) -> None:
    path = first_profile(client.get("/experts?q=Douane", headers={"user-agent": GOOGLEBOT}).text).split("?")[0]
    assert client.get(path, params={"search": given}, headers=PERSON).status_code == 200
    eventually(lambda: all_of(kept, View))
    assert [view.query_id for view in all_of(kept, View)] == [None]


def test_what_was_noted_is_kept_when_the_site_stops(tmp_path: Path) -> None:
    with site(tmp_path, PEOPLE) as client:
        client.get("/experts?q=Douane", headers=PERSON)
    database = Database(settings_in(tmp_path).database_address)
    assert len(all_of(database, ResultPage)) == 1
    database.close()


def test_what_is_kept_is_counted(client: TestClient) -> None:
    client.get("/experts?q=Douane", headers=PERSON)
    eventually(lambda: counted(client, "portulan_audience_recorded_total") == 1)


def test_pages_go_on_while_nothing_can_be_recorded_and_what_is_lost_is_counted(
    client: TestClient, kept: Database
) -> None:
    with kept.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE result_pages RENAME TO elsewhere")
    assert client.get("/experts?q=Douane", headers=PERSON).status_code == 200
    eventually(lambda: counted(client, 'portulan_audience_dropped_total{reason="failed"}') == 1)
    with kept.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE elsewhere RENAME TO result_pages")
    assert client.get("/experts?q=Douane", headers=PERSON).status_code == 200
    eventually(lambda: all_of(kept, ResultPage))


def test_the_address_of_a_page_does_not_name_the_search_to_search_engines(client: TestClient) -> None:
    path = first_profile(client.get("/experts?q=Douane", headers=PERSON).text)
    assert f"?{recorders.SEARCH_PARAMETER}=" in path
    canonical = re.search(r'rel="canonical" href="([^"]+)"', client.get(path, headers=PERSON).text)
    assert canonical
    assert "search=" not in canonical[1]


def batch_of(database: Database) -> Audience:
    import_all(database, PEOPLE)
    with database.reading() as session:
        expert_id = session.execute(select(Expert.id).where(Expert.ref == "A")).scalar_one()
    kind, at = VisitorKind.ANONYMOUS, clock.now()
    shown = (Shown(expert_id, 1, 0.4, 0.44, "boosted", "canary"),)
    return Audience(
        (Showing("q", at, "é", "k", "rp_1", "live", 4, kind, "v", shown),),
        (Viewing("w", expert_id, at, "q", kind, "v"),),
    )


def test_a_worker_brings_what_redis_holds_into_the_database(database: Database, redis_address: str) -> None:
    shared = SharedMemory(redis_address)
    buffer = AudienceBuffer(shared)
    assert buffer.put(batch_of(database)) is True
    assert AudienceDrain(database, buffer).drain() == 1
    (impression,) = all_of(database, Impression)
    assert (impression.treatment, impression.team, impression.score) == ("boosted", "canary", 0.44)
    assert len(all_of(database, View)) == 1
    assert shared.attempt(lambda redis: redis.exists(WAITING, TAKEN)) == 0
    shared.close()


def test_what_a_worker_died_over_is_taken_again_and_kept_once(database: Database, redis_address: str) -> None:
    shared = SharedMemory(redis_address)
    buffer = AudienceBuffer(shared)
    audience = batch_of(database)
    buffer.put(audience)
    assert buffer.take()
    database.write(lambda session: audiences.record(session, audience))  # the worker dies before it settles
    assert AudienceDrain(database, buffer).drain() == 1
    assert (len(all_of(database, Impression)), len(all_of(database, View)), buffer.left_behind()) == (1, 1, [])
    shared.close()


def test_what_nobody_can_read_is_dropped(database: Database, redis_address: str) -> None:
    shared = SharedMemory(redis_address)
    shared.attempt(lambda redis: redis.rpush(WAITING, b"{"))
    drain = AudienceDrain(database, AudienceBuffer(shared))
    assert (drain.drain(), drain.drain()) == (1, 0)
    shared.close()


def test_a_full_redis_takes_no_more_and_one_that_is_away_says_so(tmp_path: Path, database: Database) -> None:
    audience = batch_of(database)
    with own_redis(tmp_path / "redis") as redis:
        shared = SharedMemory(redis.address)
        buffer = AudienceBuffer(shared)
        assert all(buffer.put(audience) for _ in range(audience_buffers.MOST_BATCHES))
        assert buffer.put(audience) is False
        redis.kill()
        assert buffer.put(audience) is None
        shared.close()
