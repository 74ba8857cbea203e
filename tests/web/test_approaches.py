"""From a search to an approach, over HTTP: what is asked for goes along, and leads to no visitor."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from itertools import count
from typing import Any, cast
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, select

from accounts import audiences, experts, outcomes
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.accounts import Account, AccountKind
from accounts.models.audiences import Impression, ResultPage, View, VisitorKind
from accounts.models.findings import Approach
from accounts.models.shortlists import Shortlist
from booking.models.sheets import Sheet
from booking.models.threads import MessageDraft, Thread
from foundation import clock
from foundation.database import Database
from ranking import propensities
from ranking.propensities import Traffic
from tests import builders
from tests.personal_rows import PASSWORD_HASH, naming
from tests.signed_in import PASSWORD, as_new, database_of, make
from tests.web.test_sheets import FORM
from web import privacy

_addresses = count(1)
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
RECORDS = [builders.record(f"T00{number}", name=f"Expert{number} Name", skills=["Douane"]) for number in range(1, 4)]
VISITED = {"result_pages", "impressions", "views"}
"""Tables that hold pages of results: no other may name one."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with builders.site(tmp_path_factory.mktemp("approaches"), RECORDS) as started:
        yield cast(FastAPI, started.app)


def browser(app: FastAPI) -> TestClient:
    """Return a browser at an address of its own: a visitor of its own."""
    headers = {"Accept-Language": "en", "User-Agent": AGENT}
    address = (f"192.0.2.{next(_addresses) % 250}", 1)
    return TestClient(app, client=address, base_url="http://testserver", headers=headers)


@pytest.fixture
def visitor(app: FastAPI) -> Iterator[TestClient]:
    """Give a browser to a site where two visitors have searched for customs already."""
    for _ in range(2):
        searched(browser(app))
    yield browser(app)
    with app.state.database.writing() as session:
        for table in (Approach, View, Impression, ResultPage, Sheet, Shortlist, Thread, MessageDraft):
            session.execute(delete(table))


def company(client: TestClient) -> Account:
    return as_new(client, AccountKind.COMPANY, "Berta", phone="+33612345678")


def searched(client: TestClient, query: str = "douane") -> list[str]:
    """Search, wait until that is kept, and return the links to the profiles that were found."""
    page = client.get("/experts", params={"q": query}).text
    links = [unescape(link) for link in re.findall(r'result__name"><a href="([^"]+)"', page)]
    (query_id,) = {match[1] for link in links if (match := re.search(r"search=([\w-]{36})", link))}

    def is_kept() -> bool:
        with database_of(client).reading() as session:
            return session.get(ResultPage, query_id) is not None

    builders.eventually(is_kept)
    return links


def form_of(page: str, action: str) -> dict[str, str]:
    """Return what a form of a page sends unseen."""
    found = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.DOTALL)
    assert found, action
    return {
        name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found[0])
    }


def ref_of(client: TestClient, link: str) -> str:
    with database_of(client).reading() as session:
        return experts.get_shown(session, link.partition("?")[0].rpartition("/")[2]).expert.ref


def id_of(client: TestClient, ref: str) -> str:
    with database_of(client).reading() as session:
        return experts.get(session, ref).id


def approached(client: TestClient) -> list[Traffic]:
    with database_of(client).reading() as session:
        found = list(outcomes.traffic(session, clock.now() - timedelta(days=1)))
    return [row for row in found if row.approaches]


def tables_that_name_a_page(client: TestClient) -> set[str]:
    database = database_of(client)
    with database.reading() as session:
        pages = list(session.execute(select(ResultPage)).scalars())
    words = {word for page in pages for word in (page.id, page.visitor_key)}
    return {row.split(":")[0] for row in naming(database, *words)}


def propose(client: TestClient, sheet_id: str, *refs: str, **values: str) -> None:
    data: dict[str, Any] = {"expert": [id_of(client, ref) for ref in refs], **values}
    answer = client.post(f"/sheets/{sheet_id}/publish", data=data, follow_redirects=False)
    assert "done=proposed" in answer.headers["location"]


def drafted(client: TestClient, **values: str) -> str:
    answer = client.post("/sheets/new", data={**FORM, **values}, follow_redirects=False)
    return re.findall(r"/sheets/([\w-]{36})", answer.headers["location"])[0]


def test_a_mission_that_is_proposed_to_a_pick_counts_where_the_search_had_shown_the_expert(
    visitor: TestClient,
) -> None:
    company(visitor)
    link = searched(visitor, " DOUANE ")[1]
    page = visitor.get(link).text
    visitor.post("/shortlist/add", data=form_of(page, "/shortlist/add"))
    ref = ref_of(visitor, link)
    assert approached(visitor) == []
    propose(visitor, drafted(visitor), ref)
    [row] = approached(visitor)
    assert (row.query, row.expert, row.position, row.approaches) == ("douane", ref, 2, 1)
    assert tables_that_name_a_page(visitor) <= VISITED


def test_whom_clients_approach_is_graded_higher(app: FastAPI, visitor: TestClient) -> None:
    links = searched(visitor)
    crowd([id_of(visitor, ref_of(visitor, link)) for link in links], database_of(visitor))
    ref, before = ref_of(visitor, links[1]), grades(visitor)
    for _ in range(5):
        client = browser(app)
        company(client)
        page = client.get(searched(client)[1]).text
        client.post("/shortlist/add", data=form_of(page, "/shortlist/add"))
        propose(client, drafted(client), ref)
    assert [(row.expert, row.approaches) for row in approached(visitor)] == [(ref, 5)]
    assert (before[ref], grades(visitor)[ref]) == (2, 3)


def crowd(expert_ids: list[str], database: Database) -> None:
    """Have many visitors see the same experts in the same places, and open each as often as looks go there."""
    at, kind, views = clock.now() - timedelta(hours=1), VisitorKind.ANONYMOUS, list[Viewing]()
    shown = tuple(Shown(one, place, 0.5, 0.5) for place, one in enumerate(expert_ids, 1))
    pages = [Showing(str(uuid4()), at, "douane", "k", "p", "live", 4, kind, f"v{n}", shown) for n in range(60)]
    for place, expert_id in enumerate(expert_ids, 1):
        views += [Viewing(str(uuid4()), expert_id, at, page.query_id, kind, "v") for page in pages[: 24 // place]]
    database.write(lambda session: audiences.record(session, Audience(tuple(pages), tuple(views))))


def grades(client: TestClient) -> dict[str, int]:
    with database_of(client).reading() as session:
        (judged,) = propensities.grade(outcomes.traffic(session, clock.now() - timedelta(days=1)))
    return dict(judged.grades)


def test_a_pick_from_the_results_themselves_knows_the_search_too(visitor: TestClient) -> None:
    company(visitor)
    first = searched(visitor)[0]
    page = visitor.get("/experts?q=douane").text
    builders.eventually(lambda: len(impressions(visitor)) == 4 * len(RECORDS))
    visitor.post("/shortlist/add", data=form_of(page, "/shortlist/add"))
    propose(visitor, drafted(visitor), ref_of(visitor, first))
    assert [(row.query, row.position) for row in approached(visitor)] == [("douane", 1)]


def impressions(client: TestClient) -> list[Impression]:
    with database_of(client).reading() as session:
        return list(session.execute(select(Impression)).scalars())


def test_a_browser_s_picks_keep_it_until_their_owner_has_signed_in(visitor: TestClient) -> None:
    link = searched(visitor)[2]
    page = visitor.get(link).text
    visitor.post("/shortlist/add", data=form_of(page, "/shortlist/add"))
    account = make(
        database_of(visitor), AccountKind.COMPANY, "Berta", phone="+33612345678", password_hash=PASSWORD_HASH
    )
    visitor.post("/sign-in", data={"email": account.email or "", "password": PASSWORD})
    propose(visitor, drafted(visitor), ref_of(visitor, link))
    assert [row.position for row in approached(visitor)] == [3]
    assert tables_that_name_a_page(visitor) <= VISITED


def test_a_sheet_that_is_begun_from_a_profile_knows_the_search(visitor: TestClient) -> None:
    company(visitor)
    link = searched(visitor)[1]
    (begin,) = re.findall(r'href="(/sheets/new\?[^"]+)"', visitor.get(link).text)
    hidden = form_of(visitor.get(unescape(begin)).text, "/sheets/new")
    assert set(hidden) == {"seen", "expert", "search"}
    propose(visitor, drafted(visitor, **hidden), ref_of(visitor, link))
    assert [row.position for row in approached(visitor)] == [2]
    assert tables_that_name_a_page(visitor) <= VISITED


def test_an_earlier_sheet_that_is_proposed_as_it_is_knows_it_as_well(visitor: TestClient) -> None:
    company(visitor)
    sheet_id = drafted(visitor)
    link = searched(visitor)[1]
    (begin,) = re.findall(r'href="(/sheets/new\?[^"]+)"', visitor.get(link).text)
    (publish,) = re.findall(r'href="(/sheets/[\w-]+/publish\?[^"]+)"', visitor.get(unescape(begin)).text)
    hidden = form_of(visitor.get(unescape(publish)).text, f"/sheets/{sheet_id}/publish")
    # Whoever is ticked besides was shown by the same page, and at another place.
    propose(visitor, sheet_id, "T001", "T002", "T003", **hidden)
    assert sorted(row.position for row in approached(visitor)) == [1, 2, 3]


def test_a_first_message_is_an_approach_and_a_second_one_is_none(visitor: TestClient) -> None:
    company(visitor)
    link = searched(visitor)[0]
    (write,) = re.findall(r'href="(/experts/[^"]+/write\?[^"]+)"', visitor.get(link).text)
    path = write.split("?")[0]
    hidden = form_of(visitor.get(unescape(write)).text, path)
    for _ in range(2):
        assert visitor.post(path, data={**hidden, "body": "Bonjour"}).status_code == 200
    assert [(row.query, row.position, row.approaches) for row in approached(visitor)] == [("douane", 1, 1)]
    assert tables_that_name_a_page(visitor) <= VISITED


def test_a_message_that_waited_for_its_author_to_sign_in_counts_once_it_is_sent(visitor: TestClient) -> None:
    link = searched(visitor)[2]
    (write,) = re.findall(r'href="(/experts/[^"]+/write\?[^"]+)"', visitor.get(link).text)
    path = write.split("?")[0]
    hidden = form_of(visitor.get(unescape(write)).text, path)
    visitor.post(path, data={**hidden, "body": "Bonjour"})
    visitor.post(path, data={"body": "Bonjour encore"})  # the page after it no longer says from where
    assert approached(visitor) == []
    assert tables_that_name_a_page(visitor) <= VISITED
    company(visitor)
    visitor.post(path, data={"body": "Bonjour encore"})
    assert [row.position for row in approached(visitor)] == [3]
    with database_of(visitor).reading() as session:
        assert session.execute(select(func.count()).select_from(MessageDraft)).scalar_one() == 0


def test_what_is_proposed_without_a_search_counts_nowhere(visitor: TestClient) -> None:
    company(visitor)
    slug = searched(visitor)[0].split("?")[0]
    visitor.post("/shortlist/add", data=form_of(visitor.get(slug).text, "/shortlist/add"))
    propose(visitor, drafted(visitor), "T001", "T002", "T003")
    assert approached(visitor) == []


@pytest.mark.parametrize("search", ["x", "\0", "1" * 36, "11111111-1111-1111-1111-111111111111", "é" * 5_000])
def test_odd_searches_are_none(visitor: TestClient, search: str) -> None:
    company(visitor)
    link = searched(visitor)[0].split("?")[0]
    assert visitor.get(link, params={"search": search}).status_code == 200
    answer = visitor.post("/shortlist/add", data={"expert": id_of(visitor, "T001"), "search": search})
    assert answer.status_code == 200
    propose(visitor, drafted(visitor, expert=link.rpartition("/")[2], search=search), "T001", search=search)
    assert visitor.post(f"{link}/write", data={"body": "Bonjour", "search": search}).status_code == 200
    with database_of(visitor).reading() as session:
        assert session.execute(select(func.count()).select_from(Approach)).scalar_one() == 0


def test_an_approach_is_the_client_s_to_take_along_and_not_the_expert_s_to_see(visitor: TestClient) -> None:
    berta = company(visitor)
    link = searched(visitor)[0]
    visitor.post("/shortlist/add", data=form_of(visitor.get(link).text, "/shortlist/add"))
    propose(visitor, drafted(visitor), ref_of(visitor, link))
    expert = make(database_of(visitor), AccountKind.EXPERT, "Owner", expert_id=id_of(visitor, ref_of(visitor, link)))
    with database_of(visitor).reading() as session:
        theirs, expert_s = privacy.parts_of(session, berta.id), privacy.parts_of(session, expert.id)
    assert [row["query"] for row in theirs["approaches"]] == ["douane"]
    assert [item["found_for"] for item in theirs["shortlists"][0]["experts"]] == ["douane"]
    assert expert_s["approaches"] == []
    assert "douane" not in str(expert_s["offers"])
