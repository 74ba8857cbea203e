"""Both engines answer alike: same experts in, same sets out, scores within `CLOSE`.

Frequencies are whole thousandths on OpenSearch and scores are single-precision there.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from sqlalchemy import select

from accounts import experts
from accounts.models.experts import Expert
from foundation import clock
from foundation.settings import ROOT
from indexer.engines.embedded.engine import EmbeddedEngine
from indexer.engines.generations import GenerationEngine
from indexer.engines.interface import FACETS, Candidates, FacetCount, Filters, Plan, Retrieved
from indexer.engines.opensearch.generations import OpenSearchGenerations
from ranking import metrics, profiles, reviews
from search_api import understanding
from taxonomy import texts
from tests.builders import Directory, import_all
from tests.indexer.engines.conftest import Pair, origin, pair_in
from tests.indexer.engines.embedded.test_engine import DIMENSION, ORIGIN, document, hits, vector
from tests.indexer.engines.embedded.test_engine import plan as plan_of_word

CLOSE = 5e-4
CUT = 50
QUERIES = (
    "",
    "douane",
    "dédouanement export",
    "consultant export maroc",
    "logistique vin allemagne anglais",
    "expert en incoterms pour l'Asie",
    "compliance export control sanctions chine",
    "C++",
    "Maghreb",
    "clients allemands",
    "market study for a food company in Japan",
    "recherche d'un agent commercial au Vietnam pour une PME de l'agroalimentaire qui veut exporter du vin",
    "zzz qqq",
)
FILTERS: tuple[dict[str, Any], ...] = (
    {"country": ["FR"]},
    {"country": ["MA", "CN"], "language": ["en"]},
    {"skill": ["customs"]},
    {"zone": ["maghreb"]},
    {"max_day_rate": "700"},
    {"available_by": "2026-12-31"},
)


def plan(found: Directory, q: str, **filters: Any) -> Plan:
    request = found.request(q=q, **filters)
    searcher = found.searcher()
    understood = understanding.read(q, searcher.wordlists, searcher.engine) if q else understanding.Understanding("")
    return searcher.plan(request, understood, clock.today())


def answer(found: Directory, asked: Plan) -> Retrieved:
    return found.index.engine.retrieve(asked)


def counts(found: list[FacetCount]) -> tuple[dict[str, int], list[int]]:
    """Return what a facet surely shows, and all counts: where it is cut, equal counts may stand for others."""
    least = found[-1].count if len(found) == CUT else 0
    return {item.value: item.count for item in found if item.count > least}, [item.count for item in found]


def skills_of(found: Candidates) -> dict[str, set[tuple[str, bool]]]:
    """Return each candidate's skills, and whether the profile lists them."""
    skills: dict[str, set[tuple[str, bool]]] = {expert_id: set() for expert_id in found.ids}
    for code, holder, is_listed in zip(found.held.codes, found.held.holders, found.held.is_listed, strict=True):
        skills[found.ids[holder]].add((found.held.keys[code], bool(is_listed)))
    return skills


SEARCHES = [(q, {}) for q in QUERIES] + [(q, filters) for q in QUERIES[:5] for filters in FILTERS]


@pytest.mark.parametrize(("q", "filters"), SEARCHES, ids=lambda item: item if isinstance(item, str) else "-".join(item))
def test_a_search_finds_the_same_experts_with_the_same_values(pair: Pair, q: str, filters: dict[str, Any]) -> None:
    asked = plan(pair.embedded, q, **filters)
    ours, theirs = answer(pair.embedded, asked), answer(pair.opensearch, asked)
    assert (theirs.total, theirs.lexical_total) == (ours.total, ours.lexical_total)
    assert set(theirs.candidates.ids) == set(ours.candidates.ids)
    assert len(theirs.rest) == len(ours.rest)
    for name in FACETS:
        assert counts(theirs.facets[name]) == counts(ours.facets[name]), name
    place = {expert_id: at for at, expert_id in enumerate(theirs.candidates.ids)}
    order = [place[expert_id] for expert_id in ours.candidates.ids]
    for source, values in ours.candidates.raw.items():
        np.testing.assert_allclose(theirs.candidates.raw[source][order], values, atol=CLOSE, err_msg=source)
    for name in ("boosted", "created", "ties", "texts"):
        np.testing.assert_array_equal(getattr(theirs.candidates, name)[order], getattr(ours.candidates, name))
    told = skills_of(ours.candidates)
    assert {expert_id: skills_of(theirs.candidates)[expert_id] for expert_id in told} == told


@pytest.mark.parametrize("q", QUERIES)
def test_a_page_shows_the_same_order_and_explains_it_alike(pair: Pair, q: str) -> None:
    ours, theirs = pair.embedded.find(q=q), pair.opensearch.find(q=q)
    assert [item.document for item in theirs.results] == [item.document for item in ours.results]
    for mine, other in zip(ours.results, theirs.results, strict=True):
        assert [part.source for part in other.parts] == [part.source for part in mine.parts]
        np.testing.assert_allclose([part.value for part in other.parts], [part.value for part in mine.parts], atol=2e-3)
        assert other.score == pytest.approx(sum(part.points for part in other.parts))
        assert other.score == pytest.approx(mine.score, abs=CLOSE)
    assert theirs.understood == ours.understood


def narrow(asked: Plan, window: int) -> Plan:
    policy = replace(asked.profile.policy, window=window, neighbours=5)
    return replace(asked, profile=replace(asked.profile, policy=policy))


@pytest.mark.parametrize("q", QUERIES)
def test_a_window_holds_whom_the_first_phase_puts_first(pair: Pair, q: str) -> None:
    """OpenSearch chooses by an estimate: a window must leave it room, and the best half of it is the same."""
    ours, theirs = (
        answer(pair.embedded, narrow(plan(pair.embedded, q), 10)),
        answer(pair.opensearch, narrow(plan(pair.opensearch, q), 20)),
    )
    assert set(ours.candidates.ids[: min(10, ours.lexical_total)]) <= set(theirs.candidates.ids)


def test_pages_beyond_the_window_go_on_by_the_first_phase_and_show_everybody_once(pair: Pair) -> None:
    asked = narrow(plan(pair.embedded, "consultant export"), 10)
    everybody = answer(pair.embedded, narrow(asked, 1_000)).candidates.ids
    for theirs in (answer(pair.embedded, asked), answer(pair.opensearch, asked)):
        assert len(theirs.rest) > 20
        rest = list(theirs.rest[: len(theirs.rest)])
        window = set(theirs.candidates.ids)
        assert [expert_id for expert_id in rest if expert_id not in window] == [
            expert_id for expert_id in everybody if expert_id not in window
        ]
        assert theirs.rest[7] == rest[7]
        assert list(theirs.rest[10_000:]) == []
    beyond = list(answer(pair.opensearch, asked).rest[:20])
    described = pair.opensearch.index.engine.describe(asked, [*beyond, "nobody"])
    assert list(described.ids) == beyond


def test_suggestions_are_the_same(pair: Pair) -> None:
    ours, theirs = pair.embedded.index.engine, pair.opensearch.index.engine
    for prefix in ("a", "ma", "le", "É", "zz"):
        found = [{item.id for item in engine.names_like(prefix, 500)} for engine in (ours, theirs)]
        assert found[0] == found[1], prefix
    assert len(theirs.names_like("a", 3)) == 3
    for name in FACETS:
        assert counts(theirs.common_values(name, CUT)) == counts(ours.common_values(name, CUT))
    for word in ("douanne", "logistiqe", "expot", "incotrems", "douane", "qqqqqq", "abc", "vin2"):
        assert theirs.correct(word) == ours.correct(word), word
    words = [*map(texts.stems, ("douane", "export", "vin", "nothing"))]
    assert theirs.holders(words) == ours.holders(words)


def test_what_is_held_is_the_same(pair: Pair) -> None:
    ours, theirs = pair.embedded.index.engine, pair.opensearch.index.engine
    assert theirs.versions() == ours.versions()
    assert (theirs.count(), theirs.count_vectors()) == (ours.count(), ours.count_vectors())
    ids = [*ours.versions()][:20]
    assert theirs.documents([*ids, "nobody"]) == ours.documents([*ids, "nobody"])
    assert theirs.documents([]) == {}


def test_both_engines_rank_the_judged_queries_as_well(pair: Pair) -> None:
    judged = [orjson.loads(line) for line in (ROOT / "data/sample/judgments.jsonl").read_bytes().splitlines()]
    ours, theirs = (
        np.mean([metrics.ndcg(found.refs(q=item["query"], size=10), item["grades"], 10) for item in judged])
        for found in (pair.embedded, pair.opensearch)
    )
    assert ours > 0.5
    assert abs(ours - theirs) <= 0.02


def test_who_is_hidden_leaves_and_comes_back(tmp_path: Path, opensearch_address: str) -> None:
    with pair_in(tmp_path, opensearch_address) as pair:
        ref = pair.embedded.refs(q="douane")[0]
        with pair.embedded.database.reading() as session:
            expert_id = session.execute(select(Expert.id).where(Expert.ref == ref)).scalar_one()
        everybody = pair.opensearch.index.engine.versions()
        with pair.embedded.database.writing() as session:
            experts.hide(session, ref, at=clock.now())
        assert ref not in pair.opensearch.refs(q="douane")
        pair.deliver([expert_id])
        for found in (pair.embedded, pair.opensearch):
            assert found.index.engine.versions().keys() == everybody.keys() - {expert_id}
            assert expert_id not in answer(found, plan(found, "douane")).candidates.ids
            assert expert_id not in answer(found, plan(found, "")).candidates.ids
        with pair.embedded.database.writing() as session:
            experts.show(session, ref, at=clock.now())
        pair.deliver([expert_id])
        assert pair.opensearch.index.engine.versions() == pair.embedded.index.engine.versions()
        with pair.embedded.database.writing() as session:
            experts.remove(session, [ref])
        import_all(pair.embedded.database, [{"ref": pair.embedded.refs(q="vin")[0], "headline": "Apiculture"}])
        pair.deliver([*everybody])
        assert pair.opensearch.index.engine.versions() == pair.embedded.index.engine.versions()
        assert pair.opensearch.refs(q="apiculture") == pair.embedded.refs(q="apiculture")


# Writing


@pytest.fixture(params=["embedded", "opensearch"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, generations: OpenSearchGenerations
) -> Iterator[GenerationEngine]:
    """Return an empty engine of either kind."""
    if request.param == "embedded":
        found = EmbeddedEngine(tmp_path / "generation.db", ORIGIN)
        yield found
        found.close()
    else:
        properties = {"encoder": "test", "dimension": str(DIMENSION)}
        yield generations.begin(origin(DIMENSION), properties, list).engine


def found_by(engine: GenerationEngine, word: str) -> set[str]:
    engine.refresh()
    return set(hits(engine, word))


def test_newer_versions_win_in_any_order(engine: GenerationEngine) -> None:
    engine.put([document("a", 2, "douane")], {}, {})
    engine.put([document("a", 1, "vin"), document("b", 7, "vin")], {}, {})
    assert (found_by(engine, "douane"), found_by(engine, "vin")) == ({"a"}, {"b"})
    engine.put([document("b", 8, "douane")], {}, {})
    assert (found_by(engine, "douane"), found_by(engine, "vin")) == ({"a", "b"}, set())
    assert engine.versions() == {"a": 2, "b": 8}


def test_the_same_write_twice_changes_nothing(engine: GenerationEngine) -> None:
    for _ in range(2):
        engine.put([document("a", 1, "douane")], {"b": 3}, {})
    assert (found_by(engine, "douane"), engine.count()) == ({"a"}, 1)


def test_who_is_removed_is_gone_until_a_newer_version_comes(engine: GenerationEngine) -> None:
    engine.put([document("a", 1, "douane", name="Zoe"), document("b", 1, "douane")], {}, {})
    engine.put([], {"a": 2}, {})
    assert found_by(engine, "douane") == {"b"}
    assert (engine.count(), engine.versions(), engine.documents(["a"])) == (1, {"b": 1}, {})
    assert engine.names_like("zo", 5) == []
    assert engine.holders([texts.stems("douane")])[texts.stems("douane")] in {1, 2}  # about
    engine.put([document("a", 3, "douane")], {}, {})
    assert found_by(engine, "douane") == {"a", "b"}


def test_a_vector_may_come_after_its_document(engine: GenerationEngine) -> None:
    one = document("a", 1, "douane", text_hash="x")
    engine.put([one], {}, {})
    engine.refresh()
    assert engine.count_vectors() == 0
    engine.put([one], {}, {"x": vector("x")})
    engine.refresh()
    assert engine.count_vectors() == 1
    engine.put([one], {}, {})
    engine.refresh()
    assert engine.count_vectors() == 1
    asked = replace(
        plan_of_meaning(), profile=replace(profiles.FIRST, policy=replace(profiles.FIRST.policy, neighbours=5))
    )
    retrieved = engine.retrieve(asked)
    assert (list(retrieved.candidates.ids), retrieved.lexical_total) == (["a"], 0)
    assert retrieved.candidates.raw["semantic"][0] == pytest.approx(1.0, abs=1e-3)


def test_reviews_count_by_the_skill_that_is_asked_for(engine: GenerationEngine) -> None:
    both = {"review_sum": 40.0, "review_weight": 10.0, "review_prior": 3.5}
    engine.put(
        [
            document("a", **both, reviewed_skills={"customs": [25.0, 5.0], "~vin bio": [15.0, 5.0]}),
            document("b", **both, reviewed_skills={"~vin bio": [25.0, 5.0], "customs": [15.0, 5.0]}),
            document("c", review_prior=4.5),
        ],
        {},
        {},
    )
    engine.refresh()

    def values(asked: Plan) -> dict[str, float]:
        found = engine.retrieve(asked).candidates
        described = engine.describe(asked, list(found.ids))
        np.testing.assert_allclose(described.raw["review_mean"], found.raw["review_mean"])
        return dict(zip(found.ids, found.raw["review_mean"].tolist(), strict=True))

    asked = plan_of_word("douane")
    faded = reviews.fading(asked.today)
    alike = (4 * 3.5 + faded * 40) / (4 + faded * 10)
    assert values(asked) == pytest.approx({"a": alike, "b": alike, "c": 4.5})
    own, other = (
        (4 * 3.5 + faded * (0.3 * 40 + 0.7 * total)) / (4 + faded * (0.3 * 10 + 0.7 * 5)) for total in (25, 15)
    )
    expected = pytest.approx({"a": own, "b": other, "c": 4.5})
    assert values(replace(asked, skills={"customs": 1.0})) == expected
    mentioned = replace(asked, filters=Filters(skill=frozenset({"customs"})))
    assert mentioned.reviewed_skills == {"customs"}
    described = engine.describe(mentioned, ["a", "b", "c"])
    assert dict(zip(described.ids, described.raw["review_mean"].tolist(), strict=True)) == expected
    nobody = replace(asked, skills={"logistics": 1.0})
    assert values(nobody)["a"] == pytest.approx((4 * 3.5 + faded * 12) / (4 + faded * 3))


def plan_of_meaning() -> Plan:
    return replace(plan_of_word("nothing"), asked=frozenset({"semantic"}), vector=vector("x"))


def test_an_older_document_does_not_bring_back_who_is_gone(generations: OpenSearchGenerations) -> None:
    """Several processes write OpenSearch, so a late one may come with what is no longer so."""
    engine = generations.begin(origin(DIMENSION), {}, list).engine
    engine.put([document("a", 1, "douane")], {}, {})
    engine.put([], {"a": 3}, {})
    engine.put([document("a", 2, "douane", text_hash="x")], {}, {"x": vector("x")})
    assert (found_by(engine, "douane"), engine.count()) == (set(), 0)
