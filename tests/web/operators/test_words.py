"""Empty searches with what would help, and free skills that operators see to."""

import pytest
from fastapi.testclient import TestClient

from foundation import audits, clock
from foundation.database import Database
from search_api import empties
from search_api.empties import EmptySearch
from taxonomy import decisions

SKILL = "Dressage de licornes"


@pytest.mark.usefixtures("operator")
def test_empty_searches_say_what_would_help_each(client: TestClient, database: Database) -> None:
    assert "Every search found somebody." in client.get("/operator/searches").text
    searches = [
        EmptySearch("qwrtzplk", ""),
        EmptySearch("douane", "country=NP"),
        EmptySearch("douane", ""),
        EmptySearch("x", "zone=atlantis"),
    ]
    with database.writing() as session:
        empties.add(session, searches, clock.today())
    page = client.get("/operator/searches").text
    assert "add “qwrtzplk” to the synonyms" in page
    assert "without the filter “country" in page or "without its filters it finds" in page
    assert "It finds 1 expert by now" in page
    assert "This search can’t be made any more." in page
    assert "/experts?q=douane&amp;country=NP" in page
    assert "4" in client.get("/operator").text


@pytest.mark.usefixtures("operator")
def test_a_free_skill_is_named_merged_left_and_each_is_taken_back(client: TestClient, database: Database) -> None:
    page = client.get("/operator/skills").text
    assert page.count('data-testid="free-skill"') == 1
    assert SKILL in page
    refused = client.post("/operator/skills/merge", data={"skill": SKILL, "concept": "no such thing"})
    assert refused.status_code == 422
    assert "This is no known skill." in refused.text
    assert "no such thing" in refused.text
    assert client.post("/operator/skills/name", data={"skill": SKILL, "fr": "", "en": "Unicorns"}).status_code == 422
    for action, form in (
        ("ignore", {}),
        ("merge", {"concept": "Douane"}),
        ("name", {"fr": "Licornes", "en": "Unicorns"}),
    ):
        page = client.post(f"/operator/skills/{action}", data={"skill": SKILL, **form}).text
        assert "No skill waits." in page, action
        again = client.post("/operator/skills/ignore", data={"skill": SKILL}).text
        assert "Somebody was quicker" in again
        assert "Taken back." in client.post("/operator/skills/undo", data={"skill": SKILL}).text
    with database.reading() as session:
        assert decisions.decisions(session) == {}
        assert {item.author for item in decisions.history(session)} == {"Olga"}
        found = [entry.action for entry in audits.entries(session, object_kind="skill")]
    undone = "skill_decision_undone"
    assert found == [undone, "skill_named", undone, "skill_merged", undone, "skill_ignored"]
    assert client.post("/operator/skills/undo", data={"skill": "never seen"}).status_code == 404
