"""The operator's grading page: who may open it, what it shows, and what it keeps."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import AccountKind
from search_api import judgments
from search_api.judgment_records import QueryRecord, Record, Source
from tests import signed_in
from tests.builders import site
from tests.search_api.conftest import people

PAGE = "/operator/grading"
AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """Give a client of a site; boosted experts are among its results."""
    records = [{**item, "boosted_until": "2099-01-01"} for item in people()]
    with site(tmp_path, records) as found:
        found.headers["Accept-Language"] = "en"
        yield found


def sign_in(client: TestClient, name: str = "Anna") -> str:
    """Sign an operator in, and return the page."""
    client.cookies.clear()
    signed_in.as_new(client, AccountKind.OPERATOR, name)
    return client.get(PAGE).text


def add(client: TestClient, *queries: str) -> None:
    with client.app.state.database.writing() as session:  # pyright: ignore[reportAttributeAccessIssue]
        for query in queries:
            judgments.add_query(session, QueryRecord(query=query, kind="exact"))


def kept(client: TestClient) -> list[Record]:
    with client.app.state.database.reading() as session:  # pyright: ignore[reportAttributeAccessIssue]
        return list(judgments.records(session))


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of the form that grades."""
    form = page[page.index("data-grading") :]
    return dict(HIDDEN.findall(form[: form.index("</form>")]))


def test_only_operators_get_in(client: TestClient) -> None:
    assert client.get(PAGE).url.path == "/sign-in"
    for kind in set(AccountKind) - {AccountKind.OPERATOR}:
        client.cookies.clear()
        signed_in.as_new(client, kind)
        for path in (PAGE, f"{PAGE}/undo", f"{PAGE}/queries"):
            assert client.post(path, data={"grade": "3"}).status_code == 403
        assert client.get(PAGE).status_code == 403
    assert kept(client) == []


def test_a_grade_is_kept_under_the_graders_name_and_the_next_expert_comes(client: TestClient) -> None:
    add(client, "douane")
    page = sign_in(client)
    seen: dict[str, int] = {}
    while "data-grading" in page:
        wanted = fields(page)
        assert wanted["query"] == "douane"
        grade = len(seen) % 4
        seen[wanted["expert"]] = grade
        page = client.post(PAGE, data={**wanted, "grade": str(grade)}).text
    assert set(seen) == {"CUSTOMS-MA", "CUSTOMS-CN", "CUSTOMS-DE"}
    assert {item.expert: item.grade for item in kept(client)} == seen
    assert {(item.author, item.source, item.query) for item in kept(client)} == {("Anna", Source.GRADED, "douane")}
    assert "Everything that can be graded is. Thank you." in client.get(PAGE).text


def test_nothing_on_the_page_tells_rank_score_or_boost(client: TestClient) -> None:
    add(client, "douane")
    page = sign_in(client)
    results = client.get("/experts?q=douane&lang=en").text
    for mark in ("Sponsored", "Why this expert", "/experts/", 'data-testid="boosted"', "Score"):
        assert mark in results
        assert mark not in page


def test_who_grades_meets_experts_in_an_own_order_that_is_not_the_ranking(client: TestClient) -> None:
    add(client, "douane")
    orders: set[tuple[str, ...]] = set()
    for name in ("Anna", "Ben", "Cy", "Dora", "Eve", "Finn"):
        page, met = sign_in(client, name), list[str]()
        while "data-grading" in page:
            met.append(fields(page)["expert"])
            link = re.search(r'name="from" value="([^"]+)"', page)
            assert link is not None
            page = client.get(PAGE, params={"from": link[1]}).text
        assert len(met) == 3
        assert "What you skipped is still there." in page
        orders.add(tuple(met))
        client.cookies.clear()
    assert len(orders) > 1


def test_the_last_grade_can_be_taken_back_and_is_asked_for_again(client: TestClient) -> None:
    add(client, "douane")
    first = fields(sign_in(client))
    second = fields(client.post(PAGE, data={**first, "grade": "3"}).text)
    client.post(PAGE, data={**second, "grade": "1"})
    page = client.post(f"{PAGE}/undo").text
    assert fields(page)["expert"] == second["expert"]
    assert [(item.expert, item.grade) for item in kept(client)] == [(first["expert"], 3)]


def test_who_did_not_grade_takes_nothing_back(client: TestClient) -> None:
    add(client, "douane")
    first = fields(sign_in(client))
    client.post(PAGE, data={**first, "grade": "3"})
    client.cookies.clear()
    page = sign_in(client, "Ben")
    assert 'data-testid="undo"' not in page
    client.post(f"{PAGE}/undo")
    assert len(kept(client)) == 1


@pytest.mark.parametrize("grade", ["4", "-1", "", "x"])
def test_a_grade_that_is_none_is_refused(client: TestClient, grade: str) -> None:
    add(client, "douane")
    assert client.post(PAGE, data={**fields(sign_in(client)), "grade": grade}).status_code == 422
    assert kept(client) == []


def test_a_query_is_added_and_asked_about_at_once_and_a_bad_one_is_explained(client: TestClient) -> None:
    page = sign_in(client)
    assert "There is no query to grade yet" in page
    answer = client.post(f"{PAGE}/queries", data={"query": "vin", "kind": "Two Words"})
    assert answer.status_code == 422
    assert "its kind is one word of small letters" in answer.text
    assert 'value="vin"' in answer.text
    page = client.post(f"{PAGE}/queries", data={"query": " vins Japon ", "kind": "zone"}).text
    assert fields(page)["query"] == "vins Japon"


def test_a_query_with_enough_grades_is_asked_about_no_more(client: TestClient) -> None:
    add(client, "douane")
    with client.app.state.database.writing() as session:  # pyright: ignore[reportAttributeAccessIssue]
        graded = [Record(query="douane", kind="exact", expert=f"X{n}", grade=1, author="Ben") for n in range(10)]
        judgments.store(session, graded, at=AT)
    page = sign_in(client)
    assert "1 of 1 query has enough grades" in page
    assert "data-grading" not in page


def test_signing_out_ends_it(client: TestClient) -> None:
    sign_in(client)
    client.post("/sign-out")
    assert client.get(PAGE).url.path == "/sign-in"


def test_pages_of_the_operator_are_in_both_languages_and_kept_by_nobody(client: TestClient) -> None:
    sign_in(client)
    answer = client.get(f"{PAGE}?lang=fr")
    assert "Noter des résultats" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    moved = client.get(f"{PAGE}/queries?lang=en", follow_redirects=False)
    assert moved.headers["location"] == f"{PAGE}?lang=en"


def test_a_form_larger_than_any_of_ours_is_refused(client: TestClient) -> None:
    sign_in(client)
    answer = client.post(f"{PAGE}/queries", data={"query": "x" * 70_000, "kind": "exact"})
    assert answer.status_code == 413
