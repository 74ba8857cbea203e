"""Long missions over HTTP: from a draft to months that are accepted one by one, and stopped."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from icalendar import Calendar

from accounts.models.accounts import Account
from booking import months, series_plans
from booking.models.quotes import Quote
from booking.quote_drafts import For
from foundation import clock
from foundation.database import Database
from tests import builders, signed_in
from tests.booking import quoting


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with builders.site(tmp_path_factory.mktemp("series"), [builders.full_record()]) as client:
        client.headers["Accept-Language"] = "en"
        yield client


@pytest.fixture
def database(site: TestClient) -> Database:
    return site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]


@pytest.fixture
def people(database: Database) -> tuple[Account, Account]:
    return quoting.expert(database), quoting.client(database)


def first_day() -> date:
    """Return the first day of the month after next."""
    return months.later(clock.today().replace(day=1), 2)


def drafted(database: Database, people: tuple[Account, Account], *, lasts_months: int = 3) -> Quote:
    first = first_day()
    form = {
        "starts_on": first.isoformat(),
        "ends_on": (months.later(first, lasts_months) - series_plans.DAY).isoformat(),
    }
    offer = quoting.offered(database, people[1], people[0])
    none = {"step_1_name": "", "step_1_from": "", "step_1_until": ""}
    return quoting.drafted(database, people[0], For(offer_id=offer.id), **form, **none)


def proposed(site: TestClient, database: Database, people: tuple[Account, Account]) -> str:
    """Have the expert send three months; return the address of their page."""
    quote = drafted(database, people)
    signed_in.sign_in(site, people[0])
    plan = {"count": "3", "first": first_day().isoformat(), "lines": "whole"}
    path = site.post(f"/quotes/{quote.id}/months", data=plan, follow_redirects=False).headers["location"]
    answer = send(site, path)
    assert answer.headers["location"] == f"{path}?done=sent", answer.text
    return path


def send(site: TestClient, path: str) -> Response:
    seen = re.search(r'name="seen" value="(\w+)"', site.get(path).text)
    assert seen
    return site.post(f"{path}/send", data={"seen": seen[1]}, follow_redirects=False)


def quotes_on(page: str) -> list[str]:
    """Return the addresses of the months' quotes and missions, in their order."""
    return re.findall(r'class="series-month__title" href="(/(?:quotes|missions)/[\w-]+)', page)


def accept(site: TestClient, path: str) -> str:
    """Sign a month; return where that leads."""
    page = site.get(f"{path}/accept").text
    given = {name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("version", "content_hash")}
    return site.post(f"{path}/accept", data={**given, "terms": "yes"}, follow_redirects=False).headers["location"]


def test_from_the_draft_to_a_month_that_is_accepted(
    site: TestClient, database: Database, people: tuple[Account, Account]
) -> None:
    quote = drafted(database, people)
    signed_in.sign_in(site, people[0])
    page = site.get(f"/quotes/{quote.id}/edit").text
    assert "three months or more" in page
    assert 'name="do" value="months"' in page
    page = site.get(f"/quotes/{quote.id}/months").text
    assert re.search(r'name="count"[^>]*value="3"', page)
    blank = quoting.drafted(
        database, people[0], For(client_name="Dupont", client_email="dupont@example.org"), skills="", objectives=""
    )
    page = site.get(f"/quotes/{blank.id}/months").text
    assert re.search(r"still to be written or mended: [^<]*Objectives", page)
    wrong = site.post(f"/quotes/{quote.id}/months", data={"count": "99", "first": "2020-01-01", "lines": "each"})
    assert wrong.status_code == 422
    assert 'data-testid="fault-count"' in wrong.text
    assert 'data-testid="fault-first"' in wrong.text
    path = proposed(site, database, people)
    page = site.get(path).text
    assert page.count('data-testid="month"') == 3
    assert "€4,086.59" in page  # each month's tax is rounded by itself
    signed_in.sign_in(site, people[1])
    page = site.get(path).text
    one, two, _ = quotes_on(page)
    assert f'class="button" href="{one}"' in page
    assert "Read and accept it" in page
    second = site.get(two).text
    assert "Months are accepted in their order" in second
    assert "Month 2 of 3" in second
    assert f"{two}/accept" not in second
    assert site.get(f"{two}/accept", follow_redirects=False).status_code == 303
    mission = accept(site, one).partition("?")[0]
    assert mission.startswith("/missions/")
    assert "Month 1 of 3" in site.get(mission).text
    assert f'href="{two}" rel="next"' in site.get(mission).text
    assert f'class="series-line__title" href="{path}"' in site.get("/missions").text
    assert "1 of 3 months accepted" in site.get("/quotes").text
    events = Calendar.from_ical(site.get(f"{path}/calendar.ics").text).walk("VEVENT")
    assert [event.get("status") for event in events] == [None, "TENTATIVE", "TENTATIVE"]


def test_a_month_that_is_not_ready_is_named_and_nothing_is_sent(
    site: TestClient, database: Database, people: tuple[Account, Account]
) -> None:
    quote = drafted(database, people, lasts_months=1)
    signed_in.sign_in(site, people[0])
    assert 'data-testid="lacking"' not in site.get(f"/quotes/{quote.id}/months").text
    assert "Recurring work?" in site.get(f"/quotes/{quote.id}/edit").text
    plan = {"count": "2", "first": first_day().isoformat(), "lines": "each"}
    path = site.post(f"/quotes/{quote.id}/months", data=plan, follow_redirects=False).headers["location"]
    assert site.get(f"/quotes/{quote.id}/months", follow_redirects=False).headers["location"] == path
    [_, second] = quotes_on(site.get(path).text)
    quoting.save(database, people[0], Quote(id=second.rpartition("/")[2], number="", expert_id="", made_at=clock.now(),
                                            changed_at=clock.now()), objectives="")  # fmt: skip
    page = site.get(path).text
    assert 'data-testid="unready"' in page
    assert "Objectives: Please fill this in." in page
    assert "They can be sent once each of them is ready." in page
    assert send(site, path).status_code == 422
    assert site.post(f"{path}/send", data={"seen": "else"}).status_code == 409
    page = site.get(f"{second}/preview")
    assert page.status_code == 422
    assert site.get(f"/quotes/{quote.id}/preview").text.count("See all months") == 1
    answer = site.post(f"/quotes/{quote.id}/send", data={"edition": "2"}, follow_redirects=False)
    assert answer.status_code == 409
    assert site.post(f"{path}/extend", data={"count": "0"}).status_code == 422
    assert site.post(f"{path}/extend", data={"count": "1"}, follow_redirects=False).status_code == 303
    assert site.get(path).text.count('data-testid="month"') == 3
    assert site.post(f"{path}/discard", follow_redirects=False).headers["location"] == "/quotes?done=discarded"
    assert site.get(path).status_code == 404


def test_either_side_stops_it_with_a_reason(
    site: TestClient, database: Database, people: tuple[Account, Account]
) -> None:
    path = proposed(site, database, people)
    signed_in.sign_in(site, people[1])
    _, second, _ = quotes_on(site.get(path).text)
    from_second = {"from": second.rpartition("/")[2]}
    answer = site.post(f"{path}/stop", data=from_second)
    assert answer.status_code == 422
    assert 'data-testid="fault-stop-reason"' in answer.text
    assert site.post(f"{path}/stop", data={"from": "\0", "stop-reason": "No"}).status_code == 422
    answer = site.post(f"{path}/stop", data={**from_second, "stop-reason": "Budget"}, follow_redirects=False)
    assert answer.headers["location"] == f"{path}?done=stopped"
    page = site.get(path).text
    assert "Stopped after" in page
    assert page.count("Declined") == 2
    signed_in.sign_in(site, people[0])
    assert site.post(f"{path}/extend", data={"count": "1"}).status_code == 409


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_operator_reads_a_series_and_strangers_do_not(
    site: TestClient, database: Database, people: tuple[Account, Account], language: str
) -> None:
    path = proposed(site, database, people)
    stranger = quoting.client(database)
    signed_in.sign_in(site, stranger)
    assert site.get(path).status_code == 404
    assert site.post(f"{path}/stop", data={"from": "x", "stop-reason": "x"}).status_code == 404
    signed_in.sign_in(site, people[1])
    assert site.post(f"{path}/ask", data={"quote": "x"}).status_code == 404
    page = site.get(f"{path}?lang={language}").text
    assert ("Long mission" if language == "en" else "Mission longue") in page
    assert clock.today() + timedelta(days=1) < first_day()
