import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from accounts import approaches, audiences
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.accounts import Client
from accounts.models.audiences import VisitorKind
from accounts.models.experts import Expert
from accounts.models.findings import Finding
from foundation import clock
from tests import commands
from tests.builders import database_of, import_all, record, settings_in


@pytest.fixture
def visited(tmp_path: Path) -> Path:
    """Return an installation whose boosted expert was seen by many, and opened twice as often with the boost."""
    database = database_of(settings_in(tmp_path))
    import_all(database, [record("A", boosted_until="2099-01-01"), record("B")])
    with database.reading() as session:
        first, second = session.execute(select(Expert.id).order_by(Expert.ref)).scalars()
    at, kind = clock.now() - timedelta(days=1), VisitorKind.ANONYMOUS
    pages: list[Showing] = []
    views: list[Viewing] = []
    for number in range(200):
        is_held_out, visitor = number % 2 == 0, f"v{number}"
        experts = (
            Shown(first, 1, 0.5, 0.5, "held_out" if is_held_out else "boosted", "canary"),
            Shown(second, 2, 0.4, 0.4, None, "live"),
        )
        page = Showing(
            str(uuid4()), at, "douane", f"k{number}", "rp_a", "interleaved", 50, kind, visitor, experts, "rp_b"
        )
        pages.append(page)
        if not is_held_out or number % 4 == 0:
            views.append(Viewing(str(uuid4()), first, at, page.query_id, kind, visitor))
    database.write(lambda session: audiences.record(session, Audience(tuple(pages), tuple(views))))
    database.close()
    return tmp_path


def test_the_lift_of_all_boosts_is_told(visited: Path) -> None:
    done = commands.run(visited, "ranking", "lift", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["firsts"]["ratio"], said["views"]["ratio"]) == (0, 1.0, 2.0)
    assert said["views"]["low"] < 2 < said["views"]["high"]
    table = commands.run(visited, "ranking", "lift").stdout
    assert "2.00" in table


def test_an_expert_without_boost_has_not_enough_to_tell(visited: Path) -> None:
    said = json.loads(commands.run(visited, "ranking", "lift", "--expert", "B", "--json").stdout)
    assert said["firsts"] == {"boosted": 0, "held_out": 0, "ratio": None, "low": None, "high": None}
    assert "not enough yet" in commands.run(visited, "ranking", "lift", "--expert", "B").stdout


def test_an_unknown_expert_is_said(visited: Path) -> None:
    done = commands.run(visited, "ranking", "lift", "--expert", "nobody")
    assert (done.returncode, "nobody" in done.stderr) == (1, True)


def test_the_report_says_whom_visitors_prefer(visited: Path) -> None:
    done = commands.run(visited, "ranking", "interleave", "report", "--json")
    said = json.loads(done.stdout)
    assert (said["live"], said["canary"], said["better"], said["canary_days"]) == ("rp_a", "rp_b", "canary", 150)
    assert "enough evidence" in commands.run(visited, "ranking", "interleave", "report").stdout


def test_without_interleaving_there_is_no_report(tmp_path: Path) -> None:
    done = commands.run(tmp_path, "ranking", "interleave", "report")
    assert (done.returncode, "no search was interleaved" in done.stderr) == (1, True)


def test_grades_from_traffic_say_that_they_are(visited: Path) -> None:
    (line,) = map(json.loads, commands.run(visited, "ranking", "traffic").stdout.splitlines())
    assert (line["query"], line["source"]) == ("douane", "traffic")
    assert line["grades"]["A"] > line["grades"]["B"]


def test_what_clients_did_is_told_beside_the_grades_and_counts_in_them(visited: Path) -> None:
    before = commands.run(visited, "ranking", "traffic")
    assert "400 impressions, 150 views, 0 approaches in 90 days" in before.stderr
    database, yesterday = database_of(settings_in(visited)), (clock.now() - timedelta(days=1)).date()
    with database.writing() as session:
        second = session.execute(select(Expert.id).where(col(Expert.ref) == "B")).scalar_one()
        for number in range(40):
            session.add(Client(id=f"c{number}", is_person=False, name="c", created_at=clock.now()))
            session.flush()
            approaches.note(session, f"c{number}", second, Finding("douane", 2, yesterday))
    database.close()
    after = commands.run(visited, "ranking", "traffic")
    assert "400 impressions, 150 views, 40 approaches in 90 days" in after.stderr
    grades = [json.loads(done.stdout)["grades"]["B"] for done in (before, after)]
    assert grades[0] < grades[1]
