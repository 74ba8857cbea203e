"""The audit log on its page and as a file."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import Account
from foundation import audits, spreadsheets
from foundation.audits import Actor, ActorKind
from foundation.database import Database
from web.operator_desk import PAGE

AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
ANNE = Actor(ActorKind.COMMAND, name="=anne")


def note(database: Database, actor: Actor, action: str, object_id: str, times: int = 1, **details: str) -> None:
    with database.writing() as session:
        for _ in range(times):
            audits.record(session, actor, action, "thing", object_id, at=AT, **details)


def test_entries_are_filtered_named_linked_and_told_in_the_time_of_paris(
    client: TestClient, database: Database, operator: Account
) -> None:
    note(database, ANNE, "experts_imported", "x", created="3")
    note(database, Actor(ActorKind.ACCOUNT, operator.id), "looked", "y")
    page = client.get("/operator/audit").text
    assert page.count('data-testid="entry"') == 2
    assert "12:30:00" in page  # half past midnight of the next day
    assert "Jul 2, 2026" in page
    assert f'<a href="/operator/people/{operator.id}">Olga</a>' in page
    assert "created: 3" in page
    for asked, count in (
        ({"who": operator.email}, 1),
        ({"who": operator.id}, 1),
        ({"who": "=anne"}, 1),
        ({"who": "nobody@example.org"}, 0),
        ({"kind": "thing", "object": "x"}, 1),
        ({"action": "looked"}, 1),
        ({"before": "1"}, 0),
    ):
        assert client.get("/operator/audit", params=asked).text.count('data-testid="entry"') == count, asked


@pytest.mark.usefixtures("operator")
def test_a_long_log_is_walked_through_by_id(client: TestClient, database: Database) -> None:
    note(database, ANNE, "done", "x", times=PAGE + 3)
    page = client.get("/operator/audit", params={"action": "done"}).text
    (link,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert client.get(link.replace("&amp;", "&")).text.count('data-testid="entry"') == 3


@pytest.mark.usefixtures("operator")
def test_the_file_holds_no_formula_and_its_download_is_an_entry(client: TestClient, database: Database) -> None:
    note(database, ANNE, "done", "+1+cmd|' /C calc'!A0", reason="=1+1")
    answer = client.get("/operator/audit/entries.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    header, row = csv.reader(io.StringIO(answer.text))
    found = dict(zip(header, row, strict=True))
    assert found["when"] == "2026-07-02T00:30:00+02:00"
    assert (found["name"], found["object_id"]) == ("'=anne", "'+1+cmd|' /C calc'!A0")
    with database.reading() as session:
        assert [entry.details for entry in audits.entries(session, action="downloaded")] == [{"entries": 1}]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    assert spreadsheets.safe(cell) == f"'{cell}"
    assert spreadsheets.safe(f"x{cell}") == f"x{cell}"
