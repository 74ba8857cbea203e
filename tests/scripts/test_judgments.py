"""The judged collections that `scripts/bench relevance` measures on are what they say they are."""

from collections import Counter

import orjson
import pytest

from foundation.settings import ROOT

KINDS = {"exact", "synonym", "typo", "crosslingual", "zone", "demonym", "acronym", "brief"}


@pytest.mark.parametrize("folder", ["sample", "held_out"])
def test_judgments_grade_findable_experts_for_queries_of_every_kind(folder: str) -> None:
    experts = [orjson.loads(line) for line in (ROOT / "data" / folder / "experts.jsonl").read_bytes().splitlines()]
    judged = [orjson.loads(line) for line in (ROOT / "data" / folder / "judgments.jsonl").read_bytes().splitlines()]
    findable = {item["ref"] for item in experts if item.get("visible", True) and item.get("available", True)}
    assert len(judged) >= 60
    assert len({item["query"] for item in judged}) == len(judged)
    assert min(Counter(item["kind"] for item in judged).values()) >= 8
    assert {item["kind"] for item in judged} == KINDS
    for item in judged:
        assert set(item["grades"]) <= findable, item["query"]
        assert set(item["grades"].values()) <= {1, 2, 3}
        assert max(item["grades"].values()) >= 2
