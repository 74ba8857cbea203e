"""The commands that look at ranking profiles, make drafts and move pointers."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from foundation import clock
from foundation.database import Database
from ranking import profiles
from ranking.profiles import FIRST, Inputs
from search_api import empties, rankings
from search_api.empties import EmptySearch
from search_api.rankings import Signature
from tests.builders import lines, record, settings_in
from tests.scripts.conftest import Outcome, Portulan
from web import app


def told(outcome: Outcome) -> Any:
    assert outcome.code == 0, outcome.err
    return orjson.loads(outcome.out)


def ranking(portulan: Portulan, *arguments: str) -> Any:
    return told(portulan("ranking", *arguments, "--json"))


def draft(portulan: Portulan, *numbers: str) -> str:
    return ranking(portulan, "set", *numbers)["id"]


def live(portulan: Portulan) -> str:
    return ranking(portulan, "show", "live")["id"]


def test_a_new_installation_lists_the_first_profile_as_live(portulan: Portulan) -> None:
    (only,) = ranking(portulan, "list")
    assert (only["id"], only["roles"], only["changed"]) == (FIRST.id, ["live on search", "live on browse"], [])
    table = portulan("ranking", "list").out
    assert FIRST.id in table
    assert "live on search" in table


def test_showing_a_profile_tells_every_number(portulan: Portulan) -> None:
    shown = ranking(portulan, "show")
    assert shown["id"] == FIRST.id
    assert (
        profiles.load(orjson.dumps({name: shown[name] for name in ("features", "policy", "inputs")}).decode()) == FIRST
    )
    table = portulan("ranking", "show").out
    for word in ("nearest_skill", "saturation: pivot 0.3", "NEWCOMER_REACH", "0.85"):
        assert word in table


def test_a_draft_starts_from_the_live_profile_and_ranks_nobody(portulan: Portulan) -> None:
    made = ranking(portulan, "set", "TEXT_WEIGHT=0.4", "BOOST=0.05", "--as", "anne", "--note", "more words")
    assert made["parent"] == FIRST.id
    numbers = {item["name"]: (item["before"], item["after"]) for item in made["differences"]}
    assert numbers.pop("TEXT_WEIGHT") == (0.16, 0.4)
    assert numbers.pop("BOOST") == (0.1, 0.05)
    assert numbers.keys() == {"TAXONOMY", "SYNONYMS", "ZONES"}
    listed = {item["id"]: item for item in ranking(portulan, "list")}
    assert (listed[made["id"]]["author"], listed[made["id"]]["note"]) == ("anne", "more words")
    assert (listed[made["id"]]["roles"], live(portulan)) == ([], FIRST.id)


def test_the_same_numbers_make_the_same_draft(portulan: Portulan) -> None:
    one, other = draft(portulan, "TEXT_WEIGHT=0.4", "BOOST=0.05"), draft(portulan, "BOOST=0.05", "TEXT_WEIGHT=0.40")
    assert one == other
    assert len(ranking(portulan, "list")) == 2


def test_a_draft_can_start_from_another(portulan: Portulan) -> None:
    one = draft(portulan, "TEXT_WEIGHT=0.4")
    other = ranking(portulan, "set", "ZONE_WEIGHT=0.2", "--from", one[:9])
    assert [item["name"] for item in other["differences"]] == ["ZONE_WEIGHT"]
    assert [item["name"] for item in ranking(portulan, "diff", one, other["id"])] == ["ZONE_WEIGHT"]
    assert "ZONE_WEIGHT" in portulan("ranking", "diff", one, other["id"]).out
    assert portulan("ranking", "diff", one, one).out == "They are the same.\n"


def test_words_that_changed_since_are_told_and_a_draft_names_those_of_now(
    portulan: Portulan, database: Database
) -> None:
    made = replace(FIRST, inputs=Inputs(synonyms="0123456789ab"))
    signature = Signature("anne", clock.now())
    database.write(lambda session: rankings.save(session, made, signature, parent_id=FIRST.id))
    assert ranking(portulan, "show", made.id)["changed"] == ["synonyms"]
    assert "synonyms is another now" in portulan("ranking", "show", made.id).out
    assert {item["id"]: item["changed"] for item in ranking(portulan, "list")}[made.id] == ["synonyms"]
    renewed = ranking(portulan, "set", "--from", made.id)
    assert [item["name"] for item in renewed["differences"]] == ["TAXONOMY", "SYNONYMS", "ZONES"]
    assert ranking(portulan, "show", renewed["id"])["changed"] == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("TEXT_WEIGTH=0.4", "TEXT_WEIGTH: there is no number TEXT_WEIGTH; did you mean TEXT_WEIGHT?"),
        ("WINE_WEIGHT=0.4", "WINE_WEIGHT: there is no number WINE_WEIGHT"),
        ("TEXT_WEIGHT=-1", "TEXT_WEIGHT: TEXT_WEIGHT has to be a number from 0 to 10, not -1.0"),
        ("TEXT_WEIGHT=nan", "TEXT_WEIGHT: TEXT_WEIGHT has to be a number from 0 to 10, not nan"),
        ("TEXT_WEIGHT=much", "TEXT_WEIGHT: TEXT_WEIGHT has to be a number, not “much”"),
        ("BOOST=0.26", "BOOST: BOOST has to be a number from 0 to 0.25, not 0.26"),
        ("BOOSTED_AT_TOP=3", "BOOSTED_AT_TOP: BOOSTED_AT_TOP has to be a number from 0 to 2, not 3"),
        ("TEXT_LOW=1", "TEXT_HIGH: TEXT_HIGH has to be above TEXT_LOW"),
        ("TEXT_WEIGHT", "TEXT_WEIGHT: “TEXT_WEIGHT” has to be written NAME=VALUE"),
    ],
)
def test_a_number_that_can_not_be_set_is_named(portulan: Portulan, number: str, said: str) -> None:
    outcome = portulan("ranking", "set", number)
    assert outcome.code == 2
    assert said in outcome.err
    assert len(ranking(portulan, "list")) == 1


def test_a_profile_that_is_not_there_is_named(portulan: Portulan) -> None:
    outcome = portulan("ranking", "show", "rp_000000000000")
    assert (outcome.code, outcome.err.startswith("there is no ranking profile rp_000000000000")) == (1, True)


def test_promoting_without_evidence_is_refused_unless_a_reason_is_given(portulan: Portulan) -> None:
    made = draft(portulan, "TEXT_WEIGHT=0.4")
    refused = portulan("ranking", "promote", made)
    assert (refused.code, live(portulan)) == (1, FIRST.id)
    assert "--override" in refused.err
    assert portulan("ranking", "promote", made, "--override", " ").code == 1
    assert ranking(portulan, "promote", made, "--override", "judged by hand", "--as", "anne")["live"] == made
    assert live(portulan) == made
    last = ranking(portulan, "history")[0]
    assert (last["author"], last["action"], last["override_reason"]) == ("anne", "promote", "judged by hand")


def test_a_regretted_promotion_is_rolled_back(portulan: Portulan) -> None:
    made = draft(portulan, "TEXT_WEIGHT=0.4")
    portulan("ranking", "promote", made, "--override", "x")
    assert ranking(portulan, "rollback", "--note", "regret") == {"search": FIRST.id, "browse": FIRST.id}
    assert live(portulan) == FIRST.id
    again = portulan("ranking", "rollback")
    assert (again.code, "nothing to roll back to" in again.err) == (1, True)
    table = portulan("ranking", "history").out
    assert table.index("rollback") < table.index("promote")
    assert "regret" in table


def test_a_canary_and_a_shadow_come_and_go(portulan: Portulan) -> None:
    made = draft(portulan, "TEXT_WEIGHT=0.4")
    assert portulan("ranking", "canary", made, "5", "--surface", "search").code == 0
    assert portulan("ranking", "shadow", made).code == 0
    roles = {item["id"]: item["roles"] for item in ranking(portulan, "list")}
    assert roles[made] == ["canary on search 5 %", "shadow on search", "shadow on browse"]
    assert "none" not in portulan("ranking", "shadow", "report").out
    assert ranking(portulan, "shadow") == []
    assert portulan("ranking", "canary", "--off").code == 0
    assert portulan("ranking", "shadow", "--off").code == 0
    assert {item["id"]: item["roles"] for item in ranking(portulan, "list")}[made] == []
    assert [item["action"] for item in ranking(portulan, "history", "--surface", "browse")] == ["shadow", "shadow"]


def test_a_canary_is_interleaved_when_asked_to(portulan: Portulan) -> None:
    made = draft(portulan, "TEXT_WEIGHT=0.4")
    said = ranking(portulan, "canary", made, "20", "--interleave", "--surface", "search")
    assert said == {"canary": made, "surfaces": ["search"], "percent": 20, "mode": "interleaved"}
    roles = {item["id"]: item["roles"] for item in ranking(portulan, "list")}
    assert roles[made] == ["canary on search 20 % interleaved"]
    assert "canary on search 20 % interleaved" in portulan("ranking", "list").out
    assert (
        "for 30 % of searches, mixed with the live profile"
        in portulan("ranking", "canary", made, "30", "--interleave").out
    )
    assert ranking(portulan, "canary", made, "20")["mode"] == "answers"
    moves = ranking(portulan, "history", "--surface", "search")
    assert [item["mode"] for item in moves] == ["answers", "interleaved", "interleaved"]
    table = portulan("ranking", "history", "--surface", "search").out
    assert "canary 20 % interleaved" in table


@pytest.mark.parametrize("arguments", [(), ("first",), ("first", "0"), ("first", "100")])
def test_a_canary_needs_a_profile_and_a_share(portulan: Portulan, arguments: tuple[str, ...]) -> None:
    assert portulan("ranking", "canary", *arguments).code == 2


# Over an index


@pytest.fixture
def directory(portulan: Portulan) -> Portulan:
    """Return the command line over a few indexed experts."""
    return with_experts(portulan)


@pytest.fixture(params=["embedded", "opensearch"])
def anywhere(request: pytest.FixtureRequest, portulan: Portulan) -> Portulan:
    """Return the same on each engine."""
    if request.param == "opensearch":
        request.getfixturevalue("on_opensearch")
    return with_experts(portulan)


def with_experts(portulan: Portulan) -> Portulan:
    people = [
        record("CUSTOMS", headline="Experte douane Maroc", skills=["Douane"], countries=["MA"], languages=["fr"]),
        record("AUDIT", headline="Audit douane", skills=["Audit interne"], countries=["CN"],
               day_rate={"amount": 900, "currency": "EUR"}),
        record("STARS", headline="Conseil douane", summary="Douane.", reviews=[
            {"skill": "Douane", "rating": 5, "on": "2026-03-14"}] * 9),
        record("WINE", headline="Vente de vins", skills=["Négociation commerciale"], countries=["JP"]),
        record("HIDDEN", headline="Douane", visible=False),
        record("BUSY", headline="Douane", available=False),
    ]  # fmt: skip
    portulan("experts", "import", "-", stdin=b"".join(lines(people)))
    assert portulan("index", "rebuild").code == 0
    return portulan


def explained(directory: Portulan, *arguments: str) -> Any:
    outcome = directory("ranking", "explain", *arguments, "--json")
    answer = orjson.loads(outcome.out)
    assert outcome.code == (0 if answer["standing"] else 1)
    return answer


def test_an_explanation_gives_each_feature_and_sums_to_the_score(anywhere: Portulan) -> None:
    standing = explained(anywhere, "--query", "douane Maroc", "--expert", "CUSTOMS")["standing"]
    assert (standing["rank"], standing["total"]) == (1, 3)
    assert sum(reason["points"] for reason in standing["reasons"]) + standing["boost"] == pytest.approx(
        standing["score"]
    )
    text = next(reason for reason in standing["reasons"] if reason["source"] == "text")
    assert 0.5 < text["raw"] < 0.8
    assert text["value"] == pytest.approx(text["raw"] / 0.8)
    assert text["points"] == pytest.approx(text["weight"] * text["value"])
    days = next(reason for reason in standing["reasons"] if reason["source"] == "days_until_available")
    assert (days["raw"], days["value"]) == (None, 0.5)


def test_an_explanation_tells_what_it_takes_to_reach_a_rank(anywhere: Portulan) -> None:
    answer = explained(anywhere, "--query", "douane Maroc", "--expert", "AUDIT", "--rank", "1")
    target = answer["standing"]["target"]
    assert (target["expert"], target["gap"]) == (
        "CUSTOMS",
        pytest.approx(target["score"] - answer["standing"]["score"]),
    )
    points = {reason["source"]: reason for reason in answer["standing"]["reasons"]}
    for step in target["steps"]:
        if step["needed_value"] is not None:
            gained = (step["needed_value"] - step["value"]) * points[step["source"]]["weight"]
            assert gained == pytest.approx(target["gap"])
            most = {"review_mean": 5.0, "review_count": math.inf, "days_until_available": math.inf}
            assert step["needed_raw"] <= most.get(step["source"], 1.0)
    assert any(step["needed_value"] is None for step in target["steps"])
    table = anywhere("ranking", "explain", "--query", "douane Maroc", "--expert", "AUDIT", "--rank", "1").out
    assert "Rank 1 is CUSTOMS" in table
    assert "points are wanting" in table


def test_what_an_explanation_asks_for_is_enough(directory: Portulan) -> None:
    """A step of a stored number, taken, leads to the rank."""
    answer = explained(directory, "--query", "conseil", "--expert", "STARS", "--rank", "1")
    assert answer["standing"]["rank"] == 1
    assert answer["standing"]["target"]["steps"] == []


@pytest.mark.parametrize(
    ("expert", "arguments", "codes"),
    [
        ("HIDDEN", (), ["not_visible"]),
        ("BUSY", (), ["not_available"]),
        ("CUSTOMS", ("--filters", "country=CN"), ["filter_country"]),
        ("CUSTOMS", ("--filters", "zone=asean&language=de"), ["filter_zone", "filter_language"]),
        ("CUSTOMS", ("--filters", "skill=Audit interne&sector=Vin"), ["filter_skill", "filter_sector"]),
        ("CUSTOMS", ("--filters", "max_day_rate=500"), ["filter_max_day_rate"]),
        ("AUDIT", ("--filters", "max_day_rate=500"), ["filter_max_day_rate"]),
        ("WINE", (), ["words"]),
    ],
)
def test_who_is_not_found_is_told_why(
    directory: Portulan, expert: str, arguments: tuple[str, ...], codes: list[str]
) -> None:
    answer = explained(directory, "--query", "douane", "--expert", expert, *arguments)
    assert [reason["code"] for reason in answer["not_found"]] == codes
    outcome = directory("ranking", "explain", "--query", "douane", "--expert", expert, *arguments)
    assert (outcome.code, outcome.out.count("\n- ")) == (1, len(codes))


def test_the_words_that_are_wanting_are_named(anywhere: Portulan) -> None:
    answer = explained(anywhere, "--query", "vins logistique entreposage", "--expert", "WINE")
    assert answer["not_found"] == [] or "logistique" in answer["not_found"][0]["message"]
    far = explained(anywhere, "--query", "logistique entreposage", "--expert", "WINE")["not_found"][0]["message"]
    assert "holds 0 of 2 words, 2 are needed" in far
    assert far.endswith("wanting: logistique, entreposage")


def test_who_is_not_indexed_yet_is_told_so(directory: Portulan) -> None:
    directory("experts", "import", "-", stdin=b"".join(lines([record("NEW", headline="Douane")])))
    answer = explained(directory, "--query", "douane", "--expert", "NEW")
    assert [reason["code"] for reason in answer["not_found"]] == ["not_indexed"]


def test_an_expert_that_does_not_exist_is_an_error(directory: Portulan) -> None:
    outcome = directory("ranking", "explain", "--query", "douane", "--expert", "NOBODY")
    assert (outcome.code, "NOBODY" in outcome.err) == (1, True)


def test_two_profiles_are_compared_side_by_side(anywhere: Portulan, tmp_path: Path) -> None:
    stars = draft(anywhere, "REVIEW_COUNT_WEIGHT=5", "REVIEW_MEAN_WEIGHT=5")
    (compared,) = ranking(anywhere, "compare", "live", stars, "--query", "douane Maroc")
    assert (compared["before"][0], compared["after"][0]) == ("CUSTOMS", "STARS")
    assert (compared["overlap"], compared["rank_biased_overlap"] < 1) == (1, True)
    assert re.search(
        r"1\s+│ CUSTOMS\s+│ STARS\s+│ ↑", anywhere("ranking", "compare", "live", stars, "--query", "douane Maroc").out
    )
    file = tmp_path / "queries.jsonl"
    file.write_text('{"query": "douane", "grades": {}}\n\naudit\n')
    assert [item["query"] for item in ranking(anywhere, "compare", "live", stars, "--queries", str(file))] == [
        "douane",
        "audit",
    ]
    file.write_text('{"question": "douane"}\n')
    outcome = anywhere("ranking", "compare", "live", stars, "--queries", str(file))
    assert (outcome.code, "line 1" in outcome.err) == (2, True)
    assert anywhere("ranking", "compare", "live", stars).code == 2


def test_looking_needs_an_index(portulan: Portulan) -> None:
    outcome = portulan("ranking", "compare", "live", "first", "--query", "douane")
    assert (outcome.code, "portulan index rebuild" in outcome.err) == (1, True)


def test_looking_goes_on_beside_the_process_that_serves(directory: Portulan, tmp_path: Path) -> None:
    with TestClient(app.create(settings_in(tmp_path))) as site:
        assert site.get("/readyz").status_code == 200
        assert explained(directory, "--query", "douane", "--expert", "CUSTOMS")["standing"]["rank"] >= 1
        assert site.get("/api/v1/experts?q=douane").json()["total"] == 3


@pytest.fixture
def emptied(directory: Portulan, database: Database) -> Portulan:
    """Return the command line of a site where some searches found nobody."""
    searches = [
        EmptySearch("zzyzx", ""),
        EmptySearch("douane", "country=PE"),
        EmptySearch("douane", "country=PE"),
        EmptySearch("audit", ""),
    ]
    database.write(lambda session: empties.add(session, searches, clock.today()))
    return directory


def test_emptied_searches_are_listed_with_what_to_do(emptied: Portulan) -> None:
    found = {(item["query"], item["filters"]): item for item in ranking(emptied, "empty")}
    assert [item["count"] for item in found.values()] == [2, 1, 1]
    assert found["douane", "country=PE"]["to_do"] == "look for experts: without the filter country it finds 3"
    assert found["douane", "country=PE"]["understood"] == ["skill Customs"]
    assert found["zzyzx", ""]["unknown"] == {"zzyzx": None}
    assert "add “zzyzx” as a synonym" in found["zzyzx", ""]["to_do"]
    assert found["audit", ""]["to_do"] == "nothing: it finds 1 now"
    table = emptied("ranking", "empty").out
    assert "country=PE" in table


def test_nothing_emptied_is_said(directory: Portulan) -> None:
    assert directory("ranking", "empty", "--days", "7").out == "Every search of the last 7 days found somebody.\n"
