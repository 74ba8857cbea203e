"""Saved searches over HTTP: kept by clients, seen by nobody else, their mails ended by one click."""

import re
from collections.abc import Iterator
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlmodel import col

from accounts.models.accounts import AccountKind
from foundation import clock, keys
from search_api import saved_searches
from search_api.models import SavedSearch
from tests import builders
from tests.signed_in import as_new, database_of
from tests.web import browsers
from web.alerts import KEY

ATTACK = "<script>alert(1)</script>"
RECORDS = [
    builders.record(
        "T001", headline="Douane", countries=["MA"], name="Ada One", day_rate={"amount": 700, "currency": "EUR"}
    ),
    builders.record("T002", headline="Logistique"),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with builders.site(tmp_path_factory.mktemp("site"), RECORDS) as started:
        yield cast(FastAPI, started.app)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Give a browser to a site without accounts."""
    with browsers.alone(app) as found:
        yield found


def save(client: TestClient, search: str = "q=douane+Maroc&country=MA", **form: str) -> str:
    """Save a search, and return its id."""
    answer = client.post("/my/searches", data={"search": search, "frequency": "daily", **form}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    with database_of(client).reading() as session:
        newest = select(col(SavedSearch.id)).order_by(col(SavedSearch.saved_at).desc()).limit(1)
        return session.execute(newest).scalar_one()


def row(client: TestClient, search_id: str) -> SavedSearch:
    with database_of(client).reading() as session:
        return session.get_one(SavedSearch, search_id)


def test_who_is_not_signed_in_is_led_there_and_back(client: TestClient) -> None:
    page = client.get("/experts?q=douane&country=MA").text
    link = re.findall(r'href="([^"]+)" data-testid="save-search"', page)[0].replace("&amp;", "&")
    answer = client.get(link, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/my/searches/new%3Fq%3Ddouane%26country%3DMA"
    as_new(client, AccountKind.COMPANY)
    assert 'value="q=douane&amp;country=MA"' in client.get(link).text


def test_a_search_is_saved_with_what_it_asks_for_in_words(client: TestClient) -> None:
    account = as_new(client, AccountKind.COMPANY)
    page = client.get("/my/searches/new?q=douane+Maroc&max_day_rate=800").text
    assert re.findall(r'<li class="tag">([^<]+)', page) == ["Customs", "Morocco", "at most €800 a day"]
    assert 'value="Customs, Morocco, at most €800 a day"' in page
    search_id = save(client, "q=douane+Maroc&max_day_rate=800&page=3&size=50&lang=fr", name="  My\n search ")
    saved = row(client, search_id)
    assert (saved.account_id, saved.name) == (account.id, "My search")
    assert saved.parameters == {"q": "douane Maroc", "max_day_rate": 800.0}
    assert len(saved.told) == 1
    page = client.get("/my/searches").text
    assert 'href="/experts?q=douane+Maroc&amp;max_day_rate=800"' in page
    assert "My search" in page


def test_a_search_without_a_name_is_called_by_what_it_asks_for(client: TestClient) -> None:
    as_new(client, AccountKind.COMPANY)
    assert row(client, save(client, name=" ")).name == "Customs, Morocco"
    assert row(client, save(client, "")).name == "All experts"
    long_name = row(client, save(client, "q=" + "+".join(f"word{number}" for number in range(200)))).name
    assert len(long_name) <= 120


@pytest.mark.parametrize(
    "search", ["zone=atlantis", "nonsense=1", "page=none", "country=XX", "max_day_rate=nan", "q=" + "x" * 5_001]
)
def test_a_search_that_can_not_be_asked_is_not_kept(client: TestClient, search: str) -> None:
    as_new(client, AccountKind.COMPANY)
    assert client.post("/my/searches", data={"search": search}).status_code == 422
    assert client.get(f"/my/searches/new?{search}&size=none").status_code == 422


def test_a_name_that_is_too_long_is_shown_again_with_its_fault(client: TestClient) -> None:
    as_new(client, AccountKind.COMPANY)
    name = "x" * 121
    answer = client.post("/my/searches", data={"search": "q=douane", "name": name, "frequency": "weekly"})
    assert answer.status_code == 422
    assert name in answer.text
    assert re.search(r'value="weekly" checked', answer.text)
    search_id = save(client)
    answer = client.post(f"/my/searches/{search_id}", data={"name": name, "frequency": "off"})
    assert answer.status_code == 422
    assert name in answer.text
    assert row(client, search_id).frequency == "daily"


def test_a_search_is_renamed_mailed_less_often_deleted_and_taken_back(client: TestClient) -> None:
    as_new(client, AccountKind.COMPANY)
    search_id = save(client)
    client.post(f"/my/searches/{search_id}", data={"name": f"New {ATTACK}", "frequency": "weekly"})
    assert (row(client, search_id).name, row(client, search_id).frequency) == (f"New {ATTACK}", "weekly")
    assert ATTACK not in client.get("/my/searches").text
    page = client.post(f"/my/searches/{search_id}/remove").text
    assert "The search is deleted" in page
    assert "New &lt;script&gt;" not in page
    assert client.post(f"/my/searches/{search_id}", data={"name": "x"}).status_code == 404
    assert "New &lt;script&gt;" in client.post(f"/my/searches/{search_id}/restore").text


def test_what_was_deleted_is_gone_for_good_after_a_day(client: TestClient) -> None:
    account = as_new(client, AccountKind.COMPANY)
    search_id = save(client)
    client.post(f"/my/searches/{search_id}/remove")
    with database_of(client).writing() as session:
        saved_searches.sweep(session, at=clock.now())
        assert saved_searches.get(session, account.id, search_id, is_removed=True)
        saved_searches.sweep(session, at=clock.now() + saved_searches.KEPT_REMOVED)
        assert session.execute(select(SavedSearch)).first() is None


@pytest.mark.parametrize("path", ["", "/remove", "/restore"])
def test_other_peoples_searches_are_not_there(client: TestClient, path: str) -> None:
    as_new(client, AccountKind.COMPANY)
    search_id, removed_id = save(client, name="Mine alone"), save(client)
    client.post(f"/my/searches/{removed_id}/remove")
    client.cookies.clear()
    as_new(client, AccountKind.COMPANY)
    assert "Mine alone" not in client.get("/my/searches").text
    assert "is deleted" not in client.get(f"/my/searches?removed={removed_id}").text
    for wanted in (search_id, removed_id, "none", "%00", "é"):
        assert client.post(f"/my/searches/{wanted}{path}", data={"name": "x"}).status_code == 404
    assert row(client, search_id).name == "Mine alone"
    assert row(client, search_id).removed_at is None


def test_experts_save_no_searches(client: TestClient) -> None:
    as_new(client, AccountKind.EXPERT)
    assert client.get("/my/searches").status_code == 403
    assert "save-search" not in client.get("/experts?q=douane").text


def test_the_twenty_first_search_is_refused_with_a_sentence(client: TestClient) -> None:
    account = as_new(client, AccountKind.COMPANY)
    first = save(client)
    client.post(f"/my/searches/{first}/remove")
    with database_of(client).writing() as session:
        for number in range(saved_searches.MOST):
            session.add(
                SavedSearch(
                    account_id=account.id,
                    name=f"S{number}",
                    parameters={},
                    frequency="off",
                    saved_at=clock.now(),
                    looked_at=clock.now(),
                )
            )
    answer = client.post("/my/searches", data={"search": "q=douane", "name": "Kept name"})
    assert answer.status_code == 422
    assert "You have 20 saved searches" in answer.text
    assert "Kept name" in answer.text
    assert client.post(f"/my/searches/{first}/restore").status_code == 422


def test_new_matches_are_shown_while_they_may_be(client: TestClient) -> None:
    as_new(client, AccountKind.COMPANY)
    search_id = save(client)
    found = client.get("/api/v1/experts?q=douane").json()["results"][0]
    with database_of(client).writing() as session:
        values = {"new_ids": [found["id"], "erased"], "new_count": 2, "new_at": clock.now()}
        session.execute(update(SavedSearch).values(values))
    page = client.get("/my/searches").text
    assert "2 new matches on" in page
    assert f'href="/experts/{found["slug"]}">Ada One' in page
    assert search_id


def test_a_search_that_no_longer_can_be_asked_says_so(client: TestClient) -> None:
    as_new(client, AccountKind.COMPANY)
    save(client)
    with database_of(client).writing() as session:
        session.execute(update(SavedSearch).values(parameters={"zone": ["atlantis"]}))
    assert "can’t be asked any more" in client.get("/my/searches").text


def test_a_link_of_a_mail_ends_its_mails_by_one_click_and_not_by_being_opened(client: TestClient) -> None:
    as_new(client, AccountKind.COMPANY)
    search_id = save(client, name="Customs")
    path = f"/alerts/stop/{keys.signed(client.app.state.settings, KEY, search_id)}"  # type: ignore[attr-defined]
    client.cookies.clear()
    page = client.get(path).text
    assert "No more mails about “Customs”?" in page
    assert f'action="{path}"' in page
    assert row(client, search_id).frequency == "daily"
    # As mail programs do: without cookies, without saying where from, and following no redirect (RFC 8058).
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
    assert answer.status_code == 200
    assert row(client, search_id).frequency == "off"
    assert "These mails have ended" in client.post(path).text


@pytest.mark.parametrize("token", ["none", "a.b", "%00", "é.é"])
def test_a_link_that_we_did_not_sign_ends_nothing(client: TestClient, token: str) -> None:
    assert client.get(f"/alerts/stop/{token}").status_code == 404
    assert client.post(f"/alerts/stop/{token}").status_code == 404


def test_the_link_of_a_search_that_is_gone_still_says_that_mails_have_ended(client: TestClient) -> None:
    path = f"/alerts/stop/{keys.signed(client.app.state.settings, KEY, 'gone')}"  # type: ignore[attr-defined]
    assert "These mails have ended" in client.get(path).text
    assert client.post(path).status_code == 200


@pytest.mark.parametrize("path", ["/my/searches/x/remove", "/my/searches/x"])
def test_addresses_that_only_take_forms_lead_to_the_list(client: TestClient, path: str) -> None:
    answer = client.get(f"{path}?lang=fr", follow_redirects=False)
    assert answer.headers["location"] == "/my/searches?lang=fr"
