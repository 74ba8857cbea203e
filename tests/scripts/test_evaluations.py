from pathlib import Path
from typing import Any

import orjson
import pytest

from foundation.settings import ROOT
from ranking import tuning
from ranking.profiles import FIRST
from tests.builders import REVIEW, lines, record
from tests.scripts.conftest import Outcome, Portulan

SAMPLE = ROOT / "data" / "sample" / "judgments.jsonl"
TOPICS = ["douane", "logistique", "audit", "marketing", "juridique"]
COUNTRIES = ["MA", "CN", "DE", "BR"]
NAMES = {"MA": "Maroc", "CN": "Chine", "DE": "Allemagne", "BR": "Brésil"}


def line(query: str, grades: dict[str, int], **fields: Any) -> bytes:
    return orjson.dumps({"query": query, "kind": "zone", "grades": grades, **fields}) + b"\n"


def told(outcome: Outcome) -> Any:
    assert outcome.code == 0, outcome.err
    return orjson.loads(outcome.out)


@pytest.fixture
def judged(portulan: Portulan) -> Portulan:
    """Return the command line of an installation that holds experts and judgments."""
    load(portulan)
    return portulan


def load(portulan: Portulan) -> None:
    """Import experts, and judgments by who cares for topic and country, and for both alike."""
    experts = [
        record(
            f"{topic}-{country}-{number}",
            headline=f"Consultant {topic}",
            countries=[country],
            reviews=[REVIEW] * (10 if number == 0 else 0),
        )
        for topic in TOPICS
        for country in COUNTRIES
        for number in range(4)
    ]
    assert portulan("experts", "import", "-", stdin=b"".join(lines(experts))).code == 0
    assert portulan("index", "rebuild").code == 0
    grades = b"".join(
        line(
            form.format(topic=topic, place=NAMES[country]),
            {item["ref"]: 3 for item in experts if item["countries"] == [country] and topic in item["headline"]},
        )
        for topic in TOPICS
        for country in COUNTRIES
        for form in ("{topic} {place}", "{place} : {topic}", "cherche consultant {topic} pour {place}")
    )
    assert portulan("ranking", "judgments", "import", "-", "--as", "anna", stdin=grades).code == 0


def test_judgments_go_in_and_out(portulan: Portulan, tmp_path: Path) -> None:
    outcome = portulan("ranking", "judgments", "import", str(SAMPLE), "--as", "anna")
    assert (outcome.code, outcome.out) == (0, "548 created, 0 updated, 0 unchanged.\n")
    for name in ("all.csv", "all.jsonl"):
        path = tmp_path / name
        assert portulan("ranking", "judgments", "export", str(path)).code == 0
        again = portulan("ranking", "judgments", "import", str(path), "--as", "somebody else", "--json")
        assert orjson.loads(again.out) == {"created": 0, "updated": 0, "unchanged": 548}
    assert (tmp_path / "all.csv").read_text().startswith("query,kind,expert,grade,author,source\n")
    listed = orjson.loads(portulan("ranking", "judgments", "list", "--json").out)
    assert sum(row["judgments"] for row in listed) == 548
    assert {row["author"] for row in listed} == {"anna"}
    assert "crosslingual" in portulan("ranking", "judgments", "list").out


def test_a_file_with_faults_changes_nothing(portulan: Portulan) -> None:
    text = b"query,kind,expert,grade\nvin,exact,E1,3\nvin,exact,E2,5\nvin,,E3,1\n"
    outcome = portulan("ranking", "judgments", "import", "-", stdin=text)
    assert outcome.code == 2
    assert outcome.err.splitlines() == [
        "line 3: grade: must be a whole number from 0 to 3",
        "line 4: kind: is required",
        "Nothing was taken: 2 faults.",
    ]
    assert portulan("ranking", "judgments", "list").out.startswith("There are no judgments yet")


def test_a_file_that_is_not_there_is_named(portulan: Portulan) -> None:
    outcome = portulan("ranking", "judgments", "import", "nowhere.csv")
    assert (outcome.code, outcome.err) == (2, "nowhere.csv: No such file or directory\n")


def test_evaluating_needs_an_index_and_judgments(portulan: Portulan) -> None:
    outcome = portulan("ranking", "evaluate")
    assert outcome.code == 1
    assert "run `portulan index rebuild`" in outcome.err
    portulan("index", "rebuild")
    outcome = portulan("ranking", "evaluate")
    assert outcome.code == 1
    assert "there are no graded judgments: run `portulan ranking judgments import FILE`" in outcome.err


def test_the_live_profile_is_evaluated_by_kind_with_intervals(judged: Portulan) -> None:
    outcome = judged("ranking", "evaluate")
    assert outcome.code == 0, outcome.err
    assert f"{FIRST.id}: 60 judged queries" in outcome.out
    assert "zone" in outcome.out
    found = orjson.loads(judged("ranking", "evaluate", "--json", "--metric", "recall@4").out)
    assert found["profile"] == FIRST.id
    assert found["queries"] == {"zone": 60, "all": 60}
    assert list(found["metrics"]) == ["ndcg_linear_full@10", "recall@4"]
    figure = found["metrics"]["recall@4"]["all"]
    assert 0.0 <= figure["low"] <= figure["mean"] <= figure["high"] <= 1.0
    assert set(found["conditions"]) == {"judgments", "corpus", "words", "encoder", "engine", "code", "day"}


def test_a_metric_that_says_too_little_is_refused(portulan: Portulan) -> None:
    outcome = portulan("ranking", "evaluate", "--metric", "ndcg@10", "--metric", "map@0")
    assert outcome.code == 2
    assert "--metric: 'ndcg@10' has to name gain and ideal, such as ndcg_linear_full@10" in outcome.err
    assert "--metric: 'map@0': the number after @ has to be from 1 to 100" in outcome.err


def test_judgments_of_a_file_are_taken_instead_and_not_kept(judged: Portulan, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(line("audit Chine", {"audit-CN-0": 3}))
    found = orjson.loads(judged("ranking", "evaluate", "--json", "--judgments", str(path)).out)
    assert found["queries"]["all"] == 1
    assert sum(row["queries"] for row in orjson.loads(judged("ranking", "judgments", "list", "--json").out)) == 60


def test_graded_and_traffic_are_never_mixed(judged: Portulan) -> None:
    text = line("audit Chine", {"audit-CN-0": 3}, source="traffic")
    judged("ranking", "judgments", "import", "-", stdin=text)
    for source, count in (("graded", 60), ("traffic", 1)):
        found = orjson.loads(judged("ranking", "evaluate", "--json", "--source", source).out)
        assert found["queries"]["all"] == count


def test_a_kept_evaluation_is_compared_with_and_other_conditions_are_refused(judged: Portulan) -> None:
    first = orjson.loads(judged("ranking", "evaluate", "--json").out)["evaluation"]
    again = judged("ranking", "evaluate", "--against", first)
    assert again.code == 0
    assert "no clear difference" in again.out
    judged("experts", "import", "-", stdin=b"".join(lines([record("NEW")])))
    judged("index", "rebuild")
    refused = judged("ranking", "evaluate", "--against", first)
    assert refused.code == 1
    assert "can't be compared, they differ in corpus: " in refused.err
    assert judged("ranking", "evaluate", "--against", "ev_none").code == 1


def test_profiles_are_evaluated_on_opensearch_too(portulan: Portulan, request: pytest.FixtureRequest) -> None:
    load(portulan)
    embedded = told(portulan("ranking", "evaluate", "--json"))
    request.getfixturevalue("on_opensearch")
    assert portulan("index", "rebuild").code == 0
    found = told(portulan("ranking", "evaluate", "--json", "--against", "live"))
    assert found["conditions"]["engine"] == "opensearch"
    assert found["conditions"]["corpus"] == embedded["conditions"]["corpus"]
    assert found["metrics"].keys() == embedded["metrics"].keys()
    figures = [each["metrics"]["ndcg_linear_full@10"]["all"]["mean"] for each in (found, embedded)]
    assert figures[0] == pytest.approx(figures[1], abs=0.02)
    assert found["against"]["differences"]["map@100"]["mean"] == 0.0
    refused = portulan("ranking", "evaluate", "--against", embedded["evaluation"])
    assert "they differ in engine: opensearch and embedded" in refused.err


def test_an_operator_tunes_tries_promotes_and_regrets(portulan: Portulan) -> None:
    """On OpenSearch `tests/journeys/test_ranking_story.py` does the same."""
    load(portulan)
    numbers = ("ZONE_WEIGHT=0.001", "REVIEW_COUNT_WEIGHT=0.5")
    blind = told(portulan("ranking", "set", *numbers, "--json"))["id"]
    worse = portulan("ranking", "evaluate", blind, "--against", "live")
    assert worse.code == 1
    assert "worse" in worse.out
    refused = portulan("ranking", "promote", blind)
    assert refused.code == 1
    assert f"{blind} is worse: ndcg_linear_full@10 changes by -0." in refused.err
    assert portulan("ranking", "promote", blind, "--override", "a mistake to learn from").code == 0

    tuned = told(portulan("ranking", "tune", "--json", "--as", "anna"))
    assert (tuned["start"], tuned["difference"]["verdict"]) == (blind, "better")
    assert tuned["weights"]["zone"] > 0.01
    draft = tuned["profile"]
    assert portulan("ranking", "compare", "live", draft, "--query", "audit Chine").code == 0
    assert portulan("ranking", "shadow", draft).code == 0
    assert portulan("ranking", "canary", draft, "10").code == 0
    assert portulan("ranking", "promote", draft).code == 0
    again = told(portulan("ranking", "evaluate", "--json", "--against", blind))
    assert (again["profile"], again["basis"]) == (draft, "held_out")
    assert again["against"]["differences"]["ndcg_linear_full@10"]["verdict"] == "better"
    assert portulan("ranking", "rollback").code == 0
    assert told(portulan("ranking", "show", "--json"))["id"] == blind
    moves = told(portulan("ranking", "history", "--json"))
    assert (moves[0]["action"], moves[0]["to"]) == ("rollback", blind)
    reasons = {move["to"]: move["override_reason"] for move in moves if move["action"] == "promote"}
    assert reasons == {blind: "a mistake to learn from", draft: None}


def test_tuning_keeps_a_draft_with_what_held_out_folds_reached(judged: Portulan) -> None:
    outcome = judged("ranking", "tune", "--json", "--as", "anna")
    assert outcome.code == 0, outcome.err
    found = orjson.loads(outcome.out)
    assert found["start"] == FIRST.id
    assert len(found["folds"]) == tuning.FOLDS
    assert sum(len(fold["held_out"]) for fold in found["folds"]) == 60
    assert found["held_out"]["mean"] >= found["before"]["mean"]
    assert found["training"]["mean"] >= found["before"]["mean"]
    assert all(weight >= 0 for weight in found["weights"].values())
    text = judged("ranking", "tune").out
    assert "held-out folds" in text or "No better weights" in text


def test_tuning_says_what_it_can_not_do(judged: Portulan, tmp_path: Path) -> None:
    refused = judged("ranking", "tune", "--metric", "map@10")
    assert refused.code == 1
    assert "map@10 can't be tuned for" in refused.err
    path = tmp_path / "few.jsonl"
    path.write_bytes(line("audit Chine", {"audit-CN-0": 3}))
    refused = judged("ranking", "tune", "--judgments", str(path))
    assert refused.code == 1
    assert "1 judged queries are too few" in refused.err
