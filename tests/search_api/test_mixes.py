import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from accounts import imports
from foundation import clock
from foundation.settings import ROOT
from indexer.engines import checks
from ranking import changes, interleaving
from ranking.profiles import FIRST, Profile
from search_api import orders, pointers
from search_api.pointers import Pointers
from search_api.requests import SearchRequest
from search_api.searches import Found, Ranked, Searcher
from tests.builders import Directory, database_of, directory, lines, record, settings_in
from tests.search_api.conftest import CROWD


def small(profile: Profile, window: int, **policy: Any) -> Profile:
    """Return a profile that looks at a small window, so that pages lead beyond it."""
    return replace(profile, policy=replace(profile.policy, window=window, **policy))


OTHER = changes.apply(FIRST, {"TEXT_WEIGHT": "0.4", "REVIEW_MEAN_WEIGHT": "0.3", "REVIEW_COUNT_WEIGHT": "0.2"})
LIVE, CANARY = small(FIRST, 40), small(OTHER, 60)
QUERIES = ("douane", "gestion de projet", "audit interne Chine", "négociation", "logistique Maroc", "")


def mixing(found: Directory, live: Profile = LIVE, canary: Profile = CANARY) -> Searcher:
    return replace(found.searcher(live), arm="interleaved", canary=canary)


def pages(searcher: Searcher, found: Directory, **asked: Any) -> Iterator[Found]:
    number, last = 1, 1
    while number <= last:
        page = searcher.find(found.request(page=number, **asked))
        last = -(-page.total // asked["size"])
        yield page
        number += 1


def everybody(searcher: Searcher, found: Directory, **asked: Any) -> list[Ranked]:
    return [item for page in pages(searcher, found, **asked) for item in page.results]


@pytest.mark.parametrize("query", QUERIES)
def test_every_page_continues_one_list_that_names_everybody_once(crowd: Directory, query: str) -> None:
    whole = everybody(mixing(crowd), crowd, q=query, size=50)
    small_pages = everybody(mixing(crowd), crowd, q=query, size=20)
    refs = [item.document.ref for item in whole]
    assert [(item.document.ref, item.team) for item in small_pages] == [
        (item.document.ref, item.team) for item in whole
    ]
    assert len(refs) == len(set(refs)) == mixing(crowd).find(crowd.request(q=query)).total
    assert set(refs) == {item.document.ref for item in everybody(crowd.searcher(LIVE), crowd, q=query, size=50)}


def test_who_follows_both_windows_follows_as_in_the_live_ranking(crowd: Directory) -> None:
    mixed = everybody(mixing(crowd), crowd, q="", size=50)
    teams = [item.team for item in mixed]
    brought = teams.index(None)
    assert 60 <= brought <= 100
    assert set(teams[brought:]) == {None}
    placed = {item.document.id for item in mixed[:brought]}
    alone = everybody(crowd.searcher(LIVE), crowd, q="", size=50)
    expected = [item for item in alone[40:] if item.document.id not in placed]
    assert len(mixed) == CROWD
    assert [(item.document.id, item.score) for item in mixed[brought:]] == [
        (item.document.id, item.score) for item in expected
    ]


@pytest.mark.parametrize("query", QUERIES)
def test_each_result_is_scored_and_explained_by_the_ranking_of_its_team(crowd: Directory, query: str) -> None:
    alone = {
        team: {
            item.document.id: item
            for page in (1, 2)
            for item in crowd.searcher(profile).find(crowd.request(q=query, size=50, page=page)).results
        }
        for team, profile in (("live", small(FIRST, 100)), ("canary", small(OTHER, 100)))
    }
    found = mixing(crowd, small(FIRST, 100), small(OTHER, 100)).find(crowd.request(q=query))
    assert (found.profile, found.arm, found.canary) == (small(FIRST, 100), "interleaved", small(OTHER, 100))
    assert {item.team for item in found.results} == {"live", "canary"}
    for item in found.results:
        assert item.team is not None
        own = alone[item.team].get(item.document.id)
        if own is not None:
            assert (item.base, item.score, item.parts) == (own.base, own.score, own.parts)


def test_places_owed_to_boosts_are_shared_by_the_teams(crowd: Directory) -> None:
    owed_anywhere = 0
    for query in QUERIES:
        request = crowd.request(q=query)
        boosted = interleaving.shares(2, orders.draw_key(request, clock.today()))
        mixed = everybody(mixing(crowd), crowd, q=query, size=50)
        owed = Counter((place // 10, item.team) for place, item in enumerate(mixed) if item.moved == "boost")
        owed_anywhere += owed.total()
        assert all(team and count <= boosted[team] for (_, team), count in owed.items())
    assert owed_anywhere


def test_who_lost_a_boost_in_the_ranking_of_the_own_team_has_none_in_the_mix(crowd: Directory) -> None:
    lost = 0
    for query in QUERIES:
        boosted = interleaving.shares(2, orders.draw_key(crowd.request(q=query), clock.today()))
        mixed = everybody(mixing(crowd), crowd, q=query, size=50)
        for team, window, profile in (("live", 40, FIRST), ("canary", 60, OTHER)):
            alone = crowd.searcher(small(profile, window, boosted_at_top=boosted[team]))
            capped = {
                item.document.id
                for item in everybody(alone, crowd, q=query, size=50)[:window]
                if item.moved == "boost_capped"
            }
            brought = [item for item in mixed if item.team == team and item.document.id in capped]
            lost += len(brought)
            assert "boost" not in {item.moved for item in brought}
    assert lost


def test_the_one_newcomer_who_is_seated_is_of_the_team_that_leads(tmp_path: Path) -> None:
    letters = "alpha bêta gamma delta epsilon zêta êta thêta"

    def person(ref: str, words: str, *ratings: int) -> dict[str, Any]:
        reviews = [{"skill": "Douane", "rating": rating, "on": "2026-03-14"} for rating in ratings]
        return record(ref, summary=f"Dossier {ref} : {words}, {letters}.", skills=["Douane"], reviews=reviews)

    longer_ago = clock.now() - timedelta(days=FIRST.policy.newcomer_days + 30)
    database = database_of(settings_in(tmp_path))
    known = [person(f"N{number:02}", "douane", 5, 5) for number in range(15)]
    assert imports.run(database, lines(known), at=longer_ago).is_published
    database.close()
    canary = changes.apply(FIRST, {"REVIEW_MEAN_WEIGHT": "0.4"})
    with directory(tmp_path, [person("WORDS", "douane", 3), person("PRAISED", "transport", 5)]) as found:
        found.index.rebuild()
        asked = [found.request(q=f"douane {one} {other}") for one, other in combinations(letters.split(), 2)]
        led = {interleaving.leader(orders.draw_key(request, clock.today())): request for request in asked}
        for leader, best in (("live", "WORDS"), ("canary", "PRAISED")):
            results = mixing(found, FIRST, canary).find(led[leader]).results
            seated = [(item.document.ref, item.team) for item in results if item.moved == "newcomer"]
            assert seated == [(best, leader)]


def test_a_cap_of_none_on_either_side_lets_no_boost_bring_anybody(crowd: Directory) -> None:
    capped = small(OTHER, 60, boosted_at_top=0)
    for query in QUERIES:
        assert "boost" not in {item.moved for item in everybody(mixing(crowd, LIVE, capped), crowd, q=query, size=50)}


def test_both_teams_hold_out_the_same_boosts(crowd: Directory) -> None:
    never, always = small(FIRST, 60, holdout_percent=0), small(OTHER, 60, holdout_percent=5)
    assert "held_out" not in {
        item.treatment for query in QUERIES for item in everybody(mixing(crowd, never, always), crowd, q=query, size=50)
    }


def test_who_leads_is_drawn_by_search_and_week(crowd: Directory) -> None:
    def leader(request: SearchRequest, days: int = 0) -> str:
        return interleaving.leader(orders.draw_key(request, clock.today() + timedelta(days=days)))

    request = crowd.request(q="douane")
    first = mixing(crowd).find(request).results[0]
    assert first.team == leader(request) == leader(crowd.request(q=" Douane ", page=3, size=10))
    assert {leader(request, 7 * week) for week in range(40)} == {"live", "canary"}
    assert {leader(crowd.request(q=f"mot {number}")) for number in range(40)} == {"live", "canary"}


def test_every_process_drafts_alike() -> None:
    command = (
        "from ranking import interleaving as i; "
        "o = [[i.Pick(str(n * k % 101), -n, -n, n * k % 101) for n in range(1, 100)] for k in (1, 7)]; "
        "d = i.draft(*o, 'key', top=10, boosted={'live': 1, 'canary': 1}); print(d.order, d.teams)"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", command], env={"PYTHONHASHSEED": seed}, cwd=ROOT, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1


def test_where_the_first_phase_is_the_same_one_window_does_for_both() -> None:
    policy = replace(FIRST, policy=replace(FIRST.policy, boost=0.05, newcomer_position=4))
    assert checks.look_alike(FIRST, policy)
    assert checks.look_alike(FIRST, changes.apply(FIRST, {"SEMANTIC_WEIGHT": "0.5"}))
    assert not checks.look_alike(FIRST, OTHER)
    assert not checks.look_alike(FIRST, small(FIRST, 40))


def test_each_team_brings_its_own_in_its_own_order(crowd: Directory) -> None:
    # Without boosts nothing comes between a ranking and its order, whether one window does for both or not.
    for canary in (changes.apply(FIRST, {"SHARED_SKILLS_WEIGHT": "0.4"}), OTHER):
        asked = crowd.request(q="douane", size=50, boost=False)
        found = mixing(crowd, FIRST, canary).find(asked)
        for team, profile in (("live", FIRST), ("canary", canary)):
            alone = [item.document.id for item in crowd.searcher(profile).find(asked).results]
            brought = [item.document.id for item in found.results if item.team == team]
            assert len(brought) == 25
            assert brought == sorted(brought, key=alone.index)


def test_a_search_that_finds_nobody_gives_advice_as_ever(few: Directory) -> None:
    found = mixing(few).find(few.request(q="licornes", country=["PE"]))
    assert (found.total, found.results, bool(found.near)) == (0, (), True)
    assert {item.team for item in found.near} == {None}


def test_a_canary_that_is_interleaved_is_mixed_with_the_live_profile(few: Directory) -> None:
    trying = Pointers(canary=OTHER, canary_percent=30, canary_mode="interleaved")
    today = clock.today()
    drawn = [few.request(q=f"douane {number}") for number in range(200)]
    chosen = [pointers.choose(trying, request, today) for request in drawn]
    assert {(choice.arm, choice.profile, choice.canary) for choice in chosen} == {
        ("live", FIRST, None),
        ("interleaved", FIRST, OTHER),
    }
    answering = replace(trying, canary_mode="answers")
    assert [choice.arm == "interleaved" for choice in chosen] == [
        pointers.choose(answering, request, today).arm == "canary" for request in drawn
    ]
