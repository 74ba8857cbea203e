"""Shortlists over HTTP: without an account, joined on signing in, compared, and shared by a link."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlmodel import col

from accounts import experts
from accounts.models.accounts import AccountKind, Role
from accounts.models.experts import Expert
from accounts.models.shortlists import Shortlist, ShortlistItem
from foundation import clock
from tests import builders
from tests.signed_in import as_new, database_of, sign_in
from tests.web import browsers

ATTACK = "<script>alert(1)</script>"
RECORDS = [
    builders.record(
        f"T00{number}",
        name=f"Expert{number} Name",
        skills=["Douane", f"Skill{number}"],
        countries=["FR", "MA"] if number < 3 else ["DE"],
        languages=["fr"],
        day_rate={"amount": 500 + number, "currency": "EUR"},
        reviews=[{"skill": "Douane", "rating": 3 + number % 3, "on": "2026-03-01"}],
        references=[builders.REFERENCE],
        soft_skills=["Écoute"],
    )
    for number in range(1, 10)
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with builders.site(tmp_path_factory.mktemp("site"), RECORDS) as started:
        yield cast(FastAPI, started.app)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Give a browser to a site without lists and accounts, at which nobody is hidden."""
    with browsers.alone(app) as found:
        yield found
    with app.state.database.writing() as session:
        session.execute(update(Expert).where(col(Expert.ref).like("T00%")).values(is_visible=True))


def expert(client: TestClient, number: int) -> Expert:
    with database_of(client).reading() as session:
        return experts.get(session, f"T00{number}")


def add(client: TestClient, *numbers: int) -> None:
    for number in numbers:
        answer = client.post("/shortlist/add", data={"expert": expert(client, number).id}, follow_redirects=False)
        assert answer.status_code == 303


def names(client: TestClient) -> list[str]:
    """Return who is on the list, in order."""
    page = client.get("/shortlist").text
    return re.findall(r'<a href="/experts/[^"]+">(Expert\d)', page.partition("Recently seen")[0])


def count_lists(client: TestClient) -> int:
    with database_of(client).reading() as session:
        return session.execute(select(func.count()).select_from(Shortlist)).scalar_one()


def share(client: TestClient, name: str = "Export to Morocco") -> str:
    """Share the list, and return the path of its link."""
    client.post("/shortlist/share", data={"name": name})
    page = client.get("/shortlist").text
    return urlsplit(re.findall(r'value="([^"]+/shortlist/shared/[^"]+)"', page)[0]).path


def test_looking_around_gives_nobody_a_shortlist(client: TestClient) -> None:
    for path in ("/", "/experts", "/shortlist", "/compare"):
        assert "set-cookie" not in client.get(path).headers
    client.get(f"/experts/{expert(client, 1).slug}")
    assert "shortlist" not in client.cookies
    assert count_lists(client) == 0


def test_the_cookie_holds_256_bits_that_scripts_and_other_sites_never_see(client: TestClient) -> None:
    answer = client.post("/shortlist/add", data={"expert": expert(client, 1).id}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert re.match(r"shortlist=[\w-]{43};", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    with database_of(client).reading() as session:
        assert client.cookies["shortlist"] not in str(session.execute(select(Shortlist)).scalar_one().model_dump())


def test_an_expert_is_added_from_a_page_and_one_comes_back_there(client: TestClient) -> None:
    page = client.get("/experts?q=Douane").text
    next_url = re.findall(r'name="next" value="([^"]+)"', page)[0].replace("&amp;", "&")
    form = {"expert": expert(client, 1).id, "next": next_url}
    answer = client.post("/shortlist/add", data=form, follow_redirects=False)
    assert answer.headers["location"] == next_url
    assert next_url.startswith("/experts?q=Douane#")
    page = client.get("/experts?q=Douane").text
    assert page.count('action="/shortlist/remove"') == 1
    assert re.search(r"data-shortlist-count>1<", page)


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_coming_back_never_leads_to_another_site(client: TestClient, path: str) -> None:
    form = {"expert": expert(client, 1).id, "next": path}
    assert client.post("/shortlist/add", data=form, follow_redirects=False).headers["location"] == "/"


def test_programs_on_our_pages_are_told_how_things_are_now(client: TestClient) -> None:
    headers = {"Accept": "application/json"}
    form = {"expert": expert(client, 1).id}
    assert client.post("/shortlist/add", data=form, headers=headers).json() == {"count": 1, "is_listed": True}
    assert client.post("/shortlist/remove", data=form, headers=headers).json() == {"count": 0, "is_listed": False}


def test_the_sixth_is_refused_with_a_sentence_and_a_way_back(client: TestClient) -> None:
    add(client, 1, 2, 3, 4, 5)
    form = {"expert": expert(client, 6).id, "next": "/experts?q=Douane"}
    answer = client.post("/shortlist/add", data=form)
    assert answer.status_code == 422
    assert "5 experts are what one can compare in an afternoon" in answer.text
    assert 'href="/experts?q=Douane"' in answer.text
    assert len(names(client)) == 5
    in_place = client.post("/shortlist/add", data=form, headers={"Accept": "application/json"})
    assert in_place.status_code == 422
    assert in_place.json()["errors"][0]["code"] == "shortlist_full"


def test_the_empty_list_leads_to_search(client: TestClient) -> None:
    page = client.get("/shortlist").text
    assert "empty-shortlist" in page
    assert 'href="/experts"' in page


def test_experts_move_up_and_down_and_what_is_removed_comes_back_with_its_note(client: TestClient) -> None:
    add(client, 1, 2, 3)
    client.post("/shortlist/move", data={"expert": expert(client, 3).id, "to": "up"})
    assert names(client) == ["Expert1", "Expert3", "Expert2"]
    client.post("/shortlist/note", data={"expert": expert(client, 3).id, "note": f"Call her.\r\n{ATTACK}"})
    answer = client.post("/shortlist/remove", data={"expert": expert(client, 3).id})
    assert "Expert3 Name is off your shortlist." in answer.text
    assert names(client) == ["Expert1", "Expert2"]
    client.post("/shortlist/restore", data={})
    assert names(client) == ["Expert1", "Expert3", "Expert2"]
    page = client.get("/shortlist").text
    assert "Call her.\n&lt;script&gt;" in page
    assert ATTACK not in page


def test_a_note_that_is_too_long_is_refused_beside_its_field_and_not_lost(client: TestClient) -> None:
    add(client, 1)
    note = "é" * 501
    answer = client.post("/shortlist/note", data={"expert": expert(client, 1).id, "note": note})
    assert answer.status_code == 422
    assert note in answer.text
    assert "At most 500 characters" in answer.text


@pytest.mark.parametrize("value", ["", "none", "\0", "x" * 40_000, "😀", "' OR 1=1"])
def test_an_expert_who_does_not_exist_can_not_be_added(client: TestClient, value: str) -> None:
    assert client.post("/shortlist/add", data={"expert": value}).status_code == 404
    assert count_lists(client) == 0


@pytest.mark.parametrize(
    "path", ["remove", "restore", "move", "note", "left-out", "share", "share/end", "comments/remove"]
)
def test_who_has_no_list_changes_none(client: TestClient, path: str) -> None:
    assert client.post(f"/shortlist/{path}", data={"expert": "x", "comment": "x"}).status_code == 404
    client.cookies.set("shortlist", "made-up")
    assert client.post(f"/shortlist/{path}", data={"expert": "x", "comment": "x"}).status_code == 404


def test_a_token_that_was_made_up_is_not_believed(client: TestClient) -> None:
    client.cookies.set("shortlist", "made-up")
    answer = client.post("/shortlist/add", data={"expert": expert(client, 1).id}, follow_redirects=False)
    assert "shortlist=made-up" not in answer.headers["set-cookie"]


def test_another_site_changes_nothing(client: TestClient) -> None:
    answer = client.post(
        "/shortlist/add", data={"expert": expert(client, 1).id}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert count_lists(client) == 0


def test_who_hides_or_is_erased_leaves_the_list_and_the_page_says_so(client: TestClient) -> None:
    add(client, 1, 8, 3)
    client.post("/shortlist/note", data={"expert": expert(client, 8).id, "note": "About eight"})
    with database_of(client).writing() as session:
        experts.hide(session, "T001", at=clock.now())
        experts.remove(session, ["T008"])
    page = client.get("/shortlist").text
    assert names(client) == ["Expert3"]
    assert page.count("An expert on this list is no longer shown.") == 2
    assert "Expert1" not in page
    assert "About eight" not in page
    assert re.search(r"data-shortlist-count>1<", page)
    with database_of(client).reading() as session:
        assert set(session.execute(select(col(ShortlistItem.note))).scalars()) == {""}


def test_signing_in_joins_the_browsers_list_with_the_clients(client: TestClient) -> None:
    account = as_new(client, AccountKind.COMPANY)
    add(client, 1, 2)
    client.cookies.clear()
    add(client, 3, 2, 4)
    sign_in(client, account)
    answer = client.get("/shortlist")
    assert names(client) == ["Expert1", "Expert2", "Expert3", "Expert4"]
    assert 'shortlist=""' in answer.headers["set-cookie"]
    assert count_lists(client) == 1


def test_what_does_not_fit_on_signing_in_is_said_until_it_is_understood(client: TestClient) -> None:
    account = as_new(client, AccountKind.COMPANY)
    add(client, 1, 2, 3, 4)
    client.cookies.clear()
    add(client, 5, 6, 7)
    sign_in(client, account)
    page = client.get("/shortlist").text
    assert "2 experts whom you had chosen before signing in did not fit" in page
    assert "Expert6" in page
    assert "Expert7" in page
    page = client.post("/shortlist/left-out", data={}).text
    assert "did not fit" not in page


def test_colleagues_have_one_list_and_strangers_another(client: TestClient) -> None:
    as_new(client, AccountKind.COMPANY)
    add(client, 1)
    with database_of(client).reading() as session:
        client_id = session.execute(select(col(Shortlist.client_id))).scalar_one()
    client.cookies.clear()
    as_new(client, AccountKind.COMPANY, client_id=client_id)
    assert names(client) == ["Expert1"]
    client.cookies.clear()
    as_new(client, AccountKind.COMPANY)
    assert names(client) == []


def test_a_viewer_looks_at_the_companys_list_and_changes_nothing(client: TestClient) -> None:
    as_new(client, AccountKind.COMPANY)
    add(client, 2, 3)
    client.post("/shortlist/note", data={"expert": expert(client, 2).id, "note": "Call her."})
    path = share(client)
    comment = {"author": "Karim", "text": "Good."}
    client.post(path, data=comment)
    with database_of(client).reading() as session:
        client_id = session.execute(select(col(Shortlist.client_id))).scalar_one()
    client.cookies.clear()
    viewer = as_new(client, AccountKind.COMPANY, client_id=client_id, role=Role.VIEWER)
    page = client.get("/shortlist").text
    assert names(client) == ["Expert2", "Expert3"]
    for shown in ("You may look, compare, and comment", "Call her.", "Good.", path):
        assert shown in page
    assert re.findall(r'action="(/shortlist/[^"]+)"', page) == []
    assert "share-link" not in page
    page = client.get("/compare", params={"expert": [expert(client, number).slug for number in (2, 3, 5)]}).text
    assert (page.count("On your shortlist"), page.count('action="/shortlist/')) == (2, 0)
    answer = client.post("/shortlist/add", data={"expert": expert(client, 5).id})
    assert answer.status_code == 404
    assert client.post(path, data={**comment, "text": "Better."}).text.count("Better.") == 1
    client.cookies.clear()
    add(client, 4)
    sign_in(client, viewer)
    assert names(client) == ["Expert2", "Expert3"]
    assert "shortlist" in client.cookies
    client.post("/sign-out")
    assert names(client) == ["Expert4"]


def test_experts_are_compared_side_by_side(client: TestClient) -> None:
    slugs = [expert(client, number).slug for number in (1, 2)]
    page = client.get("/compare", params={"expert": slugs}).text
    assert re.findall(r'<th scope="row">([^<]+)', page)[:4] == ["Day rate", "Availability", "Rating", "Skills"]
    skills = page.partition('<th scope="row">Skills')[2].partition("</tr>")[0]
    assert re.findall(r'tag--matched">.*?<span lang="\w+">([^<]+)', skills) == ["Customs", "Customs"]
    assert "lowest" in page.partition("€501")[2].partition("</td>")[0]
    assert re.search(r'<tr class="compare__same">\s*<th scope="row">Languages', page)
    assert not re.search(r'<tr class="compare__same">\s*<th scope="row">Day rate', page)


def test_three_are_compared_at_most_and_who_is_hidden_is_left_out(client: TestClient) -> None:
    slugs = [expert(client, number).slug for number in (1, 2, 3, 4)]
    page = client.get("/compare", params={"expert": slugs}).text
    assert "At most 3 at once" in page
    assert "Expert4" not in page
    with database_of(client).writing() as session:
        experts.hide(session, "T001", at=clock.now())
    page = client.get("/compare", params={"expert": [*slugs[:2], "none\0", slugs[1]]}).text
    assert "2 experts are no longer shown." in page
    assert "Expert1" not in page


@pytest.mark.parametrize("query", ["", "?expert=", "?expert=none", "?expert=%00", "?expert=" + "x" * 5_000])
def test_nobody_to_compare_is_a_page_of_its_own(client: TestClient, query: str) -> None:
    answer = client.get(f"/compare{query}")
    assert answer.status_code == 200
    assert "There is nobody to compare" in answer.text


def test_a_shared_list_shows_experts_and_nothing_of_its_owner(client: TestClient) -> None:
    as_new(client, AccountKind.COMPANY, "Owner Secret")
    add(client, 1, 2)
    client.post("/shortlist/note", data={"expert": expert(client, 1).id, "note": "My secret note"})
    path = share(client)
    assert re.fullmatch(r"/shortlist/shared/[\w-]{43}", path)
    client.cookies.clear()
    answer = client.get(path)
    assert "Export to Morocco" in answer.text
    assert "Expert1 Name" in answer.text
    assert "secret" not in answer.text.casefold()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert path.rpartition("/")[2] not in str(rows(client))


def rows(client: TestClient) -> list[object]:
    with database_of(client).reading() as session:
        return [row.model_dump() for row in session.execute(select(Shortlist)).scalars()]


def test_whoever_has_the_link_comments_and_the_owner_deletes(client: TestClient) -> None:
    add(client, 1, 2)
    path = share(client)
    owners = dict(client.cookies)
    client.cookies.clear()
    form = {"author": f"Karim {ATTACK}", "text": "Good.\r\nVery.", "expert": expert(client, 1).id, "opinion": "for"}
    answer = client.post(path, data=form)
    assert answer.status_code == 200
    assert "Good.\nVery." in answer.text
    assert "In favour" in answer.text
    assert ATTACK not in answer.text
    assert client.post("/shortlist/comments/remove", data={"comment": "x"}).status_code == 404
    client.cookies.update(owners)
    page = client.get("/shortlist").text
    comment_id = re.findall(r'name="comment" value="([^"]+)"', page)[0]
    client.cookies.clear()
    add(client, 3)
    assert client.post("/shortlist/comments/remove", data={"comment": comment_id}).status_code == 404
    client.cookies.clear()
    client.cookies.update(owners)
    assert "Good." not in client.post("/shortlist/comments/remove", data={"comment": comment_id}).text


def test_a_faulty_comment_is_shown_again_with_its_faults(client: TestClient) -> None:
    add(client, 1)
    path = share(client)
    answer = client.post(path, data={"author": " ", "text": "x" * 1_001})
    assert answer.status_code == 422
    assert "x" * 1_001 in answer.text
    assert 'id="author-fault"' in answer.text
    assert 'id="text-fault"' in answer.text


def test_comments_on_strangers_are_not_taken_and_those_on_hidden_experts_not_shown(client: TestClient) -> None:
    add(client, 1)
    path = share(client)
    form = {"author": "Karim", "text": "Hello there", "expert": expert(client, 2).id}
    assert client.post(path, data=form).status_code == 404
    client.post(path, data={**form, "expert": expert(client, 1).id})
    assert "Hello there" in client.get(path).text
    with database_of(client).writing() as session:
        experts.hide(session, "T001", at=clock.now())
    assert "Hello there" not in client.get(path).text
    assert "no longer shown" in client.get(path).text


def test_comments_come_one_by_one(client: TestClient) -> None:
    add(client, 1)
    path = share(client)
    statuses = [client.post(path, data={"author": "A", "text": "B"}).status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2


def test_links_that_were_taken_back_remade_or_ended_open_nothing(client: TestClient) -> None:
    add(client, 1)
    first = share(client)
    second = share(client)
    assert first != second
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    with database_of(client).writing() as session:
        session.execute(update(Shortlist).values(share_ends_at=clock.now() - timedelta(seconds=1)))
    assert client.get(second).status_code == 404
    assert client.post(second, data={"author": "A", "text": "B"}).status_code == 404
    third = share(client)
    client.post("/shortlist/share/end", data={})
    assert client.get(third).status_code == 404
    assert client.get("/shortlist/shared/%00").status_code == 404


def test_profiles_opened_last_are_listed_by_the_browser_alone_and_can_be_forgotten(client: TestClient) -> None:
    client.get(f"/experts/{expert(client, 1).slug}")
    assert "seen" not in client.cookies
    client.post("/seen/keep", data={"next": "/shortlist"})
    for number in (1, 2, 1):
        answer = client.get(f"/experts/{expert(client, number).slug}")
    assert "HttpOnly" in answer.headers["set-cookie"]
    with database_of(client).writing() as session:
        experts.hide(session, "T002", at=clock.now())
    page = client.get("/").text
    assert re.findall(r'class="recent__name" href="[^"]+">(Expert\d)', page) == ["Expert1"]
    assert "Recently seen" in client.get("/shortlist").text
    client.post("/seen/clear", data={"next": "/"})
    assert "Recently seen" not in client.get("/").text


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch"}])
def test_what_is_fetched_ahead_was_not_seen(client: TestClient, headers: dict[str, str]) -> None:
    client.post("/seen/keep", data={"next": "/shortlist"})
    client.get(f"/experts/{expert(client, 1).slug}", headers=headers)
    client.head(f"/experts/{expert(client, 1).slug}")
    assert client.cookies["seen"] == "."


@pytest.mark.parametrize("value", ["", "....", "<script>", "x" * 4_000, "none.none"])
def test_a_cookie_that_somebody_changed_is_no_trouble(client: TestClient, value: str) -> None:
    client.cookies.set("seen", value)
    assert client.get("/").status_code == 200


def test_only_ten_profiles_are_remembered(client: TestClient) -> None:
    client.headers["Cookie"] = "seen=" + ".".join(f"expert-{number}" for number in range(30))
    client.get(f"/experts/{expert(client, 1).slug}")
    assert len(client.cookies["seen"].split(".")) == 10


@pytest.mark.parametrize("path", ["/shortlist/add", "/shortlist/share/end", "/shortlist/nothing"])
def test_addresses_that_only_take_forms_lead_to_the_list(client: TestClient, path: str) -> None:
    answer = client.get(f"{path}?lang=fr", follow_redirects=False)
    assert answer.headers["location"] == "/shortlist?lang=fr"


def test_an_experts_account_uses_the_browsers_list(client: TestClient) -> None:
    as_new(client, AccountKind.EXPERT)
    add(client, 1)
    assert "shortlist" in client.cookies
    assert names(client) == ["Expert1"]
