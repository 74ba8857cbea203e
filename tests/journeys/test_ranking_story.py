"""An operator judges, measures, tunes, tries, promotes and regrets beside a serving site, on both engines."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from foundation.settings import ROOT
from ranking.profiles import FIRST
from tests import commands
from tests.builders import eventually
from tests.live import sample_site

pytestmark = pytest.mark.alone

JUDGMENTS = ROOT / "data" / "sample" / "judgments.jsonl"
QUERIES = [json.loads(line)["query"] for line in JUDGMENTS.read_text().splitlines()][:40]
Ranking = Callable[..., Any]
RankedBy = Callable[[], set[str]]


@pytest.fixture(params=["embedded", "opensearch"])
def story(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Ranking, RankedBy]]:
    """Give a way to run `portulan ranking … --json`, and one to tell which profiles a site ranks by."""
    settings: dict[str, str] = {}
    if request.param == "opensearch":
        address: str = request.getfixturevalue("opensearch_address")
        settings = {"PORTULAN_OPENSEARCH_URL": address, "PORTULAN_OPENSEARCH_PREFIX": f"story-{uuid4().hex[:12]}"}

    def ranking(*arguments: str, code: int = 0) -> Any:
        outcome = commands.run(tmp_path, "ranking", *arguments, "--json", **settings)
        assert outcome.returncode == code, outcome.stderr
        return json.loads(outcome.stdout) if code == 0 else outcome.stderr

    with sample_site(tmp_path, **settings) as site:

        def ranked_by() -> set[str]:
            found = [httpx2.get(f"{site.address}/api/v1/experts", params={"q": query, "size": 1}) for query in QUERIES]
            return {answer.json()["ranking_profile"] for answer in found}

        yield ranking, ranked_by
    if settings:
        httpx2.delete(f"{settings['PORTULAN_OPENSEARCH_URL']}/{settings['PORTULAN_OPENSEARCH_PREFIX']}-*")


def test_judge_measure_tune_try_promote_regret(story: tuple[Ranking, RankedBy]) -> None:
    ranking, ranked_by = story
    assert ranking("judgments", "import", str(JUDGMENTS), "--as", "anna")["created"] > 500
    assert ranking("evaluate")["profile"] == FIRST.id

    odd = ranking("set", "ZONE_WEIGHT=0.001", "SHARED_SKILLS_WEIGHT=0.001", "REVIEW_COUNT_WEIGHT=0.5")["id"]
    assert f"evaluate {odd} --against" in ranking("promote", odd, code=1)
    ranking("promote", odd, "--override", "to have something to tune", "--as", "anna")
    eventually(lambda: ranked_by() == {odd})

    tuned = ranking("tune", "--as", "anna")
    draft = tuned["profile"]
    assert tuned["start"] == odd
    assert tuned["held_out"]["mean"] > tuned["before"]["mean"]
    assert ranking("compare", "live", draft, "--query", QUERIES[0])
    ranking("shadow", draft)
    eventually(lambda: bool(ranked_by() and ranking("shadow", "report")), seconds=30)
    ranking("canary", draft, "50")
    eventually(lambda: ranked_by() == {odd, draft})

    ranking("promote", draft, "--note", "better on held-out folds")
    eventually(lambda: ranked_by() == {draft})
    ranking("rollback", "--note", "a customer complained")
    eventually(lambda: ranked_by() == {odd})
    told = [(move["action"], move["to"], move["override_reason"]) for move in ranking("history")]
    assert told[0][:2] == ("rollback", odd)
    assert ("promote", draft, None) in told
    assert ("promote", odd, "to have something to tune") in told
