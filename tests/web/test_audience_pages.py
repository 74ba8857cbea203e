"""An expert's own figures, over HTTP."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from sqlalchemy import select

from accounts import audiences, sign_ins
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.accounts import Account, AccountKind
from accounts.models.audiences import VisitorKind
from accounts.models.experts import Expert
from billing import last_months
from billing.revenues import Month, Revenue
from foundation import clock
from foundation.database import Database
from foundation.settings import Settings
from tests import signed_in
from tests.builders import record, site
from web import sign_ins as cookies
from web.pages import dashboards
from web.pages.dashboards import Quotes
from web.rendering import render

PEOPLE = [
    record("A", name="Anne", skills=["Douane"], boosted_until="2099-01-01"),
    *(record(f"B{number:02}", skills=["Douane"]) for number in range(10)),
    record("C", skills=["Vin"]),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("site"), PEOPLE) as found:
        yield found


@pytest.fixture(scope="module")
def database(client: TestClient) -> Iterator[Database]:
    settings: Settings = client.app.state.settings  # pyright: ignore[reportAttributeAccessIssue]
    found = Database(settings.database_address)
    yield found
    found.close()


def id_of(database: Database, ref: str) -> str:
    with database.reading() as session:
        return session.execute(select(Expert.id).where(Expert.ref == ref)).scalar_one()


def cookie(database: Database, kind: AccountKind, **columns: Any) -> dict[str, str]:
    """Return the headers of a new account that is signed in."""
    account = signed_in.make(database, kind, **columns)
    token = database.write(lambda session: sign_ins.open_for(session, account, "", at=clock.now()))
    return {"cookie": f"{cookies.COOKIE}={token}", "accept-language": "en"}


@pytest.fixture(scope="module")
def anne(database: Database) -> dict[str, str]:
    """Return the header of an expert whom three visitors found, and one opened."""
    expert_id, at = id_of(database, "A"), clock.now() - timedelta(days=2)
    pages = tuple(
        Showing(
            query_id=f"page {visitor}", shown_at=at, query="Douane Maroc", draw_key="k", profile_id="rp", arm="live",
            holdout_percent=4, visitor_kind=VisitorKind.COMPANY, visitor_key=visitor,
            experts=(Shown(expert_id, 3, 0.5, 0.6, "boosted"),), places=("MA", "maghreb"),
        )
        for visitor in ("u", "v", "w")
    )  # fmt: skip
    secret = Showing(
        query_id="secret", shown_at=at, query="=cmd Dupont", draw_key="k", profile_id="rp", arm="live",
        holdout_percent=4, visitor_kind=VisitorKind.ANONYMOUS, visitor_key="x",
        experts=(Shown(expert_id, 1, 0.5, 0.5),),
    )  # fmt: skip
    view = Viewing("view", expert_id, at, "page u", VisitorKind.COMPANY, "u")
    database.write(lambda session: audiences.record(session, Audience((*pages, secret), (view,))))
    return cookie(database, AccountKind.EXPERT, expert_id=expert_id)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_an_expert_sees_figures_sources_boost_and_similar_experts(client: TestClient, anne: dict[str, str]) -> None:
    answer = client.get("/my/audience", headers=anne)
    text = text_of(answer.text)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "Impressions 4" in text
    assert "Views 1" in text
    assert "25.0% of impressions" in text
    assert "douane maroc 3 1 3" in text
    assert "Morocco 3 1 3" in text
    assert "Maghreb 3 1 3" in text
    assert "Boosted 3 3.0 1 33.3% Not boosted 1 1.0 0 0.0%" in text
    assert "not enough searches yet to say what the boost brings" in text
    assert "half were shown between 0 and 5 times in this period; you 4 times" in text


def test_the_page_of_a_boost_has_the_same_figures(client: TestClient, anne: dict[str, str]) -> None:
    text = text_of(client.get("/my/boost", headers=anne).text)
    assert "Shown in results 4 Among the first 10 4 Profile opened from there 1" in text
    assert "The operator grants you a boost until January 1, 2099, free of charge." in text
    assert "not enough searches yet to say what the boost brings" in text


def test_what_one_visitor_typed_is_not_told(client: TestClient, anne: dict[str, str]) -> None:
    assert "Dupont" not in client.get("/my/audience", headers=anne).text


@pytest.mark.parametrize("parameters", ["", "?days=90", "?days=365", "?days=90&by=week", "?days=365&by=day&lang=fr"])
def test_charts_need_no_style_and_have_a_title_a_text_and_a_table(
    client: TestClient, anne: dict[str, str], parameters: str
) -> None:
    page = client.get(f"/my/audience{parameters}", headers=anne).text
    assert " style=" not in page
    assert page.count('role="img"') == 2
    for name in re.findall(r'aria-labelledby="(impressions-\w+ [^"]*|views-[^"]*)"', page):
        assert all(f'id="{part}"' in page for part in name.split())
    table = page[page.index('class="more"') :]
    days, step = (
        re.search(r"days=(\d+)", parameters),
        "week" if "week" in parameters or parameters == "?days=365" else "day",
    )
    rows = table[: table.index("</details>")].count("<tr>") - 2
    length = int(days[1]) if days else 30
    assert rows == length if step == "day" else length / 7 <= rows <= length / 7 + 2


def test_the_figures_can_be_taken_along(client: TestClient, anne: dict[str, str]) -> None:
    answer = client.get("/my/audience.csv", headers=anne)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 30
    assert sum(int(row["Impressions, companies"]) for row in rows) == 3
    assert sum(int(row["Views, companies"]) for row in rows) == 1
    weeks = client.get("/my/audience.csv?days=90&by=week&lang=fr", headers=anne).content.decode("utf-8-sig")
    assert weeks.splitlines()[0].startswith("Premier jour;Dernier jour;")


def test_a_new_expert_is_told_what_to_do_next(client: TestClient, database: Database) -> None:
    new = cookie(database, AccountKind.EXPERT, expert_id=id_of(database, "C"))
    text = text_of(client.get("/my/audience", headers=new).text)
    assert "Nobody has come across your profile in this period" in text
    assert "name each skill, country and sector" in text


def test_few_similar_experts_are_not_compared_with(client: TestClient, database: Database) -> None:
    expert_id = id_of(database, "B00")
    seen = Showing(
        query_id="other", shown_at=clock.now(), query="", draw_key="k", profile_id="rp", arm="live", holdout_percent=4,
        visitor_kind=VisitorKind.ANONYMOUS, visitor_key="y", experts=(Shown(expert_id, 1, 0.5, 0.5),),
    )  # fmt: skip
    database.write(lambda session: audiences.record(session, Audience((seen,))))
    with database.writing() as session:
        session.execute(select(Expert).where(Expert.ref == "B01")).scalar_one().is_visible = False
    text = text_of(client.get("/my/audience", headers=cookie(database, AccountKind.EXPERT, expert_id=expert_id)).text)
    assert "Fewer than ten experts share a skill or a sector with you" in text
    assert "You have no Visibility Boost" in text
    with database.writing() as session:
        session.execute(select(Expert).where(Expert.ref == "B01")).scalar_one().is_visible = True


@pytest.mark.parametrize("parameters", ["days=31", "days=-1", "days=x%00", "by=year", f"days={'9' * 2_000}"])
@pytest.mark.parametrize("path", ["/my/audience", "/my/audience.csv"])
def test_a_period_that_does_not_exist_is_refused(
    client: TestClient, anne: dict[str, str], path: str, parameters: str
) -> None:
    answer = client.get(f"{path}?{parameters}", headers=anne)
    assert answer.status_code == 422
    assert "Possible values" in answer.text


@pytest.mark.parametrize("path", ["/my/audience", "/my/audience.csv", "/my/dashboard"])
def test_figures_are_for_the_expert_alone(client: TestClient, database: Database, path: str) -> None:
    nobody = client.get(path, follow_redirects=False)
    assert (nobody.status_code, nobody.headers["location"].split("?")[0]) == (303, "/sign-in")
    assert client.get(path, headers=cookie(database, AccountKind.COMPANY)).status_code == 403
    without = signed_in.make(database, AccountKind.EXPERT)
    token = database.write(lambda session: sign_ins.open_for(session, without, "", at=clock.now()))
    with database.writing() as session:
        session.get_one(Account, without.id).expert_id = None
    assert client.get(path, headers={"cookie": f"{cookies.COOKIE}={token}"}).status_code == 404


def test_the_dashboard_has_figures_and_says_what_is_not_there_yet(client: TestClient, anne: dict[str, str]) -> None:
    page = client.get("/my/dashboard", headers=anne).text
    text = text_of(page)
    assert "Impressions 4 In the last 30 days; 0 in those before." in text
    assert "Views 1" in text
    assert "You have no mission paid through Portulan yet" in text
    assert "No quote is under study" in text
    assert " style=" not in page
    assert client.get("/my/dashboard?lang=fr", headers=anne).status_code == 200


def test_money_that_comes_in_is_cumulated_and_quotes_are_counted(client: TestClient, database: Database) -> None:
    amounts = [100_000, 0, 0, 250_000, 0, 0, 0, 0, 0, 0, 0, 50_000]
    firsts = last_months.until(date(2026, 2, 10))
    months = tuple(
        Month(first, cents, 10_050 * (first == firsts[-1])) for first, cents in zip(firsts, amounts, strict=True)
    )
    with database.reading() as session:
        expert = session.get_one(Expert, id_of(database, "A"))
        found = dashboards.read(session, expert, datetime(2026, 2, 10, tzinfo=UTC))
    assert found.revenues == []
    shown = replace(found, revenues=[Revenue("EUR", months, 30_000)], quotes=Quotes(2, 1))
    context = dashboards.context(shown, "en")
    assert [said for _, said in context["revenues"][0]["labels"]][::3] == ["Mar 2025", "Feb 2026"]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "app": client.app}
    page = bytes(
        render(Request({**scope, "server": ("x", 80), "scheme": "http"}), "dashboard.html", "en", context).body
    )
    text = text_of(page.decode())
    assert "cumulated €4,000 Received. Released by clients and not paid out to you yet: €300." in text
    assert "Jun 2025 €2,500 €3,500 €0" in text
    assert "Feb 2026 €500 €4,000 €100.50" in text
    assert "They count as received on the day on which they were sent to your bank." in text
    assert "Under study 2 Accepted quotes 1" in text
