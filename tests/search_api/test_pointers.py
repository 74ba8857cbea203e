import subprocess
import sys
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from foundation.database import Database
from foundation.settings import ROOT
from ranking import changes
from ranking.profiles import FIRST
from search_api import pointers, rankings
from search_api.pointers import LivePointers, Pointers
from search_api.requests import SearchRequest
from tests.builders import Directory
from tests.search_api.test_rankings import ANNE, BOTH, allowed

TODAY = date(2026, 11, 25)
OTHER = changes.apply(FIRST, {"TEXT_WEIGHT": "0.4"})
TRYING = Pointers(canary=OTHER, canary_percent=20)


def arm(request: SearchRequest, on: date = TODAY, found: Pointers = TRYING) -> str:
    choice = pointers.choose(found, request, on)
    assert choice.profile is (OTHER if choice.arm == "canary" else FIRST)
    return choice.arm


def test_without_a_canary_every_search_is_ranked_by_the_live_profile(few: Directory) -> None:
    assert {arm(few.request(q=f"mot {number}"), found=Pointers()) for number in range(100)} == {"live"}


def test_about_the_share_of_searches_that_was_asked_for_goes_to_the_canary(few: Directory) -> None:
    drawn = [arm(few.request(q=f"douane {number}")) for number in range(2_000)]
    # Four standard deviations of a share of 20 % of 2,000.
    assert drawn.count("canary") / len(drawn) == pytest.approx(0.20, abs=0.036)


def test_every_page_of_a_search_is_ranked_alike_however_it_is_written(few: Directory) -> None:
    for number in range(50):
        typed = [
            few.request(q=f"Douane {number}", country=["MA", "TN"]),
            few.request(q=f"  douane   {number} ", country=["TN", "MA"], page=2),
            few.request(q=f"douane {number}", country=["MA", "TN"], size=50, explain=True, lang="en"),
        ]
        assert len({arm(request) for request in typed}) == 1


def test_other_filters_make_another_search(few: Directory) -> None:
    countries = ["MA", "TN", "DZ", "FR", "DE", "IT", "ES", "CN", "JP", "US", "BR", "IN", "VN", "SN", "PL"]
    assert {arm(few.request(q="douane", country=[code])) for code in countries} == {"live", "canary"}


def test_arms_are_drawn_anew_each_week(few: Directory) -> None:
    request = few.request(q="douane")
    monday = date.fromordinal(TODAY.toordinal() // 7 * 7)
    assert len({arm(request, monday + timedelta(days=day)) for day in range(7)}) == 1
    assert {arm(request, monday + timedelta(weeks=week)) for week in range(60)} == {"live", "canary"}


def test_every_process_draws_alike(few: Directory) -> None:
    command = (
        "from datetime import date; from search_api import pointers, requests; from taxonomy import wordlists; "
        "r = requests.resolve(requests.Parameters(q='x', country=['MA', 'TN', 'FR'], language=['fr', 'en']), "
        "wordlists.read()); print(pointers.draw(r, date(2026, 11, 25)))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", command], env={"PYTHONHASHSEED": seed}, cwd=ROOT, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    here = pointers.draw(few.request(q="x", country=["MA", "TN", "FR"], language=["fr", "en"]), TODAY)
    assert printed == {f"{here}\n".encode()}


def test_a_surface_is_whether_something_was_typed(few: Directory) -> None:
    assert [pointers.surface_of(few.request(q=query)) for query in ("douane", "", "   ")] == [
        "search",
        "browse",
        "browse",
    ]


def test_a_move_is_seen_within_two_seconds_and_not_looked_for_at_each_search(database: Database) -> None:
    live = LivePointers(database, read_every_seconds=60)
    live.current()
    database.write(lambda session: rankings.save(session, OTHER, ANNE))
    database.write(lambda session: rankings.promote(session, OTHER.id, BOTH, ANNE, refusal=allowed))
    assert live.current()["search"].live == FIRST
    live.read_every_seconds = 0
    assert live.current()["search"].live == OTHER
    assert LivePointers(database).read_every_seconds <= 2


def test_what_was_known_last_goes_on_while_the_database_is_away(database: Database) -> None:
    live = LivePointers(database, read_every_seconds=0)
    database.write(lambda session: rankings.save(session, OTHER, ANNE))
    database.write(lambda session: rankings.promote(session, OTHER.id, BOTH, ANNE, refusal=allowed))
    assert live.current()["search"].live == OTHER
    with database.writing() as session:
        session.execute(text("ALTER TABLE ranking_pointers RENAME TO away"))
    assert live.current()["search"].live == OTHER
    assert LivePointers(database).current()["search"].live == FIRST
    with database.writing() as session:
        session.execute(text("ALTER TABLE away RENAME TO ranking_pointers"))
    database.write(lambda session: rankings.roll_back(session, BOTH, ANNE))
    assert live.current()["search"].live == FIRST
