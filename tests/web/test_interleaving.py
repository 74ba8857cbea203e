"""Two rankings interleaved, from a search over HTTP to the report of the command line."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from accounts.models.audiences import Impression, ResultPage, View
from accounts.models.experts import Expert
from foundation import clock
from foundation.database import Database
from ranking import changes, interleaving
from ranking.profiles import FIRST
from search_api import orders, pointers, rankings, requests
from search_api.rankings import Signature
from search_api.requests import Parameters, SearchRequest
from tests import builders, commands
from tests.builders import eventually, record

OTHER = changes.apply(FIRST, {"TEXT_WEIGHT": "0.4", "REVIEW_MEAN_WEIGHT": "0.3"})
PEOPLE = [
    record(
        f"E{number:02}",
        skills=["Douane"],
        summary=f"Dossier {number} : douane et transport. " * (1 + number % 5),
        boosted_until="2099-01-01" if number % 3 == 0 else None,
        reviews=[{"skill": "Douane", "rating": 1 + number % 5, "on": "2026-03-14"}] * (number % 4),
    )
    for number in range(25)
]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TestClient]:
    with builders.site(tmp_path, PEOPLE) as client:
        client.app.state.pointers.read_every_seconds = 0  # pyright: ignore[reportFunctionMemberAccess]
        signature = Signature("anne", clock.now())

        def work(session: rankings.Session) -> None:
            rankings.save(session, OTHER, signature)
            rankings.set_canary(session, OTHER.id, ["search"], signature, percent=50, mode="interleaved")

        database_of(client).write(work)
        yield client


def database_of(site: TestClient) -> Database:
    return site.app.state.database  # pyright: ignore[reportFunctionMemberAccess]


def request_of(query: str) -> SearchRequest:
    return requests.resolve(Parameters(q=query), builders.shared_wordlists().current())


def query_that_is(*, interleaved: bool) -> str:
    """Return a query that this week's draw gives to both rankings, or to the live one."""
    tried = (f"douane transport {number}" for number in range(100))
    return next(query for query in tried if (pointers.draw(request_of(query), clock.today()) < 50) == interleaved)


def search(site: TestClient, query: str, visitor: int, page: int = 1) -> dict[str, str]:
    """Search as one of several visitors; return the links to profiles by slug."""
    asked = {"q": query, "page": str(page)}
    answer = site.get("/experts", params=asked, headers={"user-agent": f"Mozilla/5.0 (X11; Linux) Firefox/{visitor}"})
    found = re.findall(r'href="(/experts/([^"?]+)\?[^"]*)"', answer.text)
    return {slug: unescape(link) for link, slug in found}


def all_of(site: TestClient, table: type) -> list:
    with database_of(site).reading() as session:
        return list(session.execute(select(table)).scalars())


def impressions(site: TestClient, query_id: str) -> list[Impression]:
    def kept() -> list[Impression]:
        return [item for item in all_of(site, Impression) if item.query_id == query_id]

    eventually(kept)
    return sorted(kept(), key=lambda item: item.position)


def query_id_of(links: dict[str, str]) -> str:
    named = re.search(r"search=([0-9a-f-]{36})", next(iter(links.values())))
    assert named
    return str(UUID(named[1]))


def test_who_was_shown_is_kept_with_the_team_that_brought_them(site: TestClient) -> None:
    query = query_that_is(interleaved=True)
    first = impressions(site, query_id_of(search(site, query, 1)))
    second = impressions(site, query_id_of(search(site, query, 1, page=2)))
    assert {item.expert_id for item in first}.isdisjoint(item.expert_id for item in second)
    assert len(first) + len(second) == len(PEOPLE)
    teams = [item.team for item in (*first, *second)]
    assert teams[0] == interleaving.leader(orders.draw_key(request_of(query), clock.today()))
    for place in range(0, len(teams) - 1, 2):
        assert set(teams[place : place + 2]) == {"live", "canary"}
    assert {(page.profile_id, page.canary_id, page.arm) for page in all_of(site, ResultPage)} == {
        (FIRST.id, OTHER.id, "interleaved")
    }


def test_other_searches_have_neither_teams_nor_a_canary(site: TestClient) -> None:
    shown = impressions(site, query_id_of(search(site, query_that_is(interleaved=False), 1)))
    assert {item.team for item in shown} == {None}
    assert [(page.canary_id, page.arm) for page in all_of(site, ResultPage)] == [(None, "live")]


def test_the_report_counts_what_visitors_opened_by_team(site: TestClient, tmp_path: Path) -> None:
    query = query_that_is(interleaved=True)
    with database_of(site).reading() as session:
        slugs = {one.id: one.slug for one in session.execute(select(Expert)).scalars()}
    opened = (["canary"], ["canary", "canary", "live"], ["canary"], ["live"], ["live", "canary"], [])
    for visitor, teams in enumerate(opened):
        links = search(site, query, visitor)
        shown = impressions(site, query_id_of(links))
        for team in dict.fromkeys(teams):
            brought = [item for item in shown if item.team == team][: teams.count(team)]
            for item in brought:
                agent = {"user-agent": f"Mozilla/5.0 (X11; Linux) Firefox/{visitor}"}
                assert site.get(links[slugs[item.expert_id]], headers=agent).status_code == 200
    search(site, query_that_is(interleaved=False), 9)
    eventually(lambda: len(all_of(site, View)) == sum(map(len, opened)) and len(all_of(site, ResultPage)) == 7)
    done = commands.run(tmp_path, "ranking", "interleave", "report", "--json")
    said = json.loads(done.stdout)
    assert (said["live"], said["canary"], said["searches"], said["days"]) == (FIRST.id, OTHER.id, 6, 6)
    assert (said["canary_days"], said["live_days"], said["better"]) == (3, 1, None)
    assert said["searches_needed"] > 0
