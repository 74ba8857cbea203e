from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foundation.database import Database
from foundation.errors import Conflict, NotFound
from ranking import metrics, tuning
from ranking.profiles import FIRST, Profile
from search_api import evaluations, evidence, rankings, tunings
from search_api.evidence import METRIC, Basis, Conditions
from search_api.judgments import Judged, JudgedSet
from search_api.models import Evaluation
from search_api.rankings import Signature
from search_api.searches import Searcher
from tests.builders import Directory, directory, record
from tests.search_api.conftest import people

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
METRICS = [metrics.parse(name) for name in (METRIC, "map@10", "judged@10")]
JUDGED = JudgedSet(
    (
        Judged("douane Maroc", "zone", {"CUSTOMS-MA": 3, "CUSTOMS-DE": 1}),
        Judged("vin", "exact", {"WINE": 3, "GONE": 3}),
        Judged("licornes roses", "exact", {"WINE": 2}),
    )
)


def weighing(**weights: float) -> Profile:
    """Return the first profile with other weights."""
    features = tuple(replace(feature, weight=weights.get(feature.source, feature.weight)) for feature in FIRST.features)
    return replace(FIRST, features=features)


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Directory]:
    with directory(tmp_path, people()) as found:
        yield found


def searched(searcher: Searcher, judged: JudgedSet = JUDGED, basis: Basis = Basis.SEARCHED) -> Evaluation:
    ranked = evaluations.rank(searcher, [item.query for item in judged.queries])
    given = evaluations.conditions(searcher, judged, "embedded")
    figures = evaluations.measure(judged, ranked, METRICS)
    return evaluations.evaluation(searcher.profile.id, judged, figures, given, basis=basis, author="anna", at=AT)


def test_a_profile_is_measured_by_what_a_search_shows(few: Directory) -> None:
    row = searched(few.searcher())
    shown = {item.query: few.refs(q=item.query, size=100) for item in JUDGED.queries}
    for item in JUDGED.queries:
        assert row.figures[METRIC][item.query] == metrics.ndcg(shown[item.query], item.grades, 10)
    assert row.figures[METRIC]["vin"] < 1.0  # an expert who is gone counts in the ideal
    assert row.kinds == {"douane Maroc": "zone", "vin": "exact", "licornes roses": "exact"}
    assert row.profile_id == FIRST.id
    by_kind = evaluations.by_kind(row, METRIC)
    assert list(by_kind) == ["exact", "zone", "all"]
    assert by_kind["all"].mean == pytest.approx(evaluations.mean(row.figures[METRIC]))


def test_near_matches_count_where_nothing_is_found(few: Directory) -> None:
    ranked = evaluations.rank(few.searcher(), ["licornes roses extraterrestres"])
    found = few.find(q="licornes roses extraterrestres")
    assert ranked["licornes roses extraterrestres"] == [item.document.ref for item in (*found.results, *found.near)]


def test_conditions_name_what_changed_and_nothing_else(changing: Directory) -> None:
    before = evaluations.conditions(changing.searcher(), JUDGED, "embedded")
    assert before.differing(evaluations.conditions(changing.searcher(), JUDGED, "embedded")) == []
    changing.load([record("NEW")])
    after = evaluations.conditions(changing.searcher(), JUDGED, "embedded")
    assert [said.split(":")[0] for said in before.differing(after)] == ["corpus"]
    fewer = JudgedSet(JUDGED.queries[:2])
    other = evaluations.conditions(changing.searcher(), fewer, "opensearch")
    assert [said.split(":")[0] for said in after.differing(other)] == ["judgments", "engine"]


def test_the_corpus_is_named_by_ids_and_versions() -> None:
    assert evaluations.corpus({"a": 1, "b": 2}) == evaluations.corpus({"b": 2, "a": 1})
    assert len({evaluations.corpus(held) for held in ({"a": 1}, {"a": 2}, {"b": 1}, {}, {"a": 1, "b": 1})}) == 5


def test_evaluations_under_different_conditions_are_not_compared(few: Directory) -> None:
    one, other = searched(few.searcher()), searched(few.searcher(), JudgedSet(JUDGED.queries[:2]))
    with pytest.raises(Conflict, match=r"they differ in judgments: \w{16} and \w{16}$"):
        evaluations.compare(one, other)


def test_a_comparison_is_by_query_and_leaves_out_what_is_no_quality(few: Directory) -> None:
    best = searched(few.searcher())
    worst = searched(few.searcher(weighing(text=0.0, skill=0.0, language=0.6, review_mean=0.6)))
    compared = evaluations.compare(best, worst)
    assert list(compared) == [METRIC, "map@10"]
    for name, item in compared.items():
        expected = evaluations.mean(best.figures[name]) - evaluations.mean(worst.figures[name])
        assert item.interval.mean == pytest.approx(expected)
        assert item.p_value <= item.corrected_p_value <= 1.0
        assert not item.is_significant  # of three queries nothing is


def test_evaluations_without_a_metric_in_common_are_not_compared(few: Directory) -> None:
    one, other = searched(few.searcher()), searched(few.searcher())
    other.figures = {"mrr@10": {}}
    with pytest.raises(Conflict, match="no metric of quality in common"):
        evaluations.compare(one, other)


def test_rows_are_kept_and_speak_for_a_profile(changing: Directory) -> None:
    candidate = weighing(text=0.2)
    with changing.database.writing() as session:
        for profile in (FIRST, candidate):
            session.add(searched(changing.searcher(profile)))
    with changing.database.reading() as session:
        found = evaluations.evidence(session, [candidate.id, FIRST.id])
        assert [item.profile_id for item in found] == [candidate.id, FIRST.id]
        assert found[0].conditions == found[1].conditions
        assert set(found[0].values) == {item.query for item in JUDGED.queries}
        assert found[0].at == AT
        said = evaluations.refusal(session, candidate.id, FIRST.id)
        assert said == evidence.refusal(candidate.id, FIRST.id, found)
        assert said is not None
        assert said.startswith("3 judged queries are too few")
        with pytest.raises(NotFound, match="no evaluation 'ev_none'"):
            evaluations.get(session, "ev_none")


def test_what_a_profile_was_tuned_on_is_known_from_then_on(changing: Directory) -> None:
    row = searched(changing.searcher(), basis=Basis.HELD_OUT)
    with changing.database.writing() as session:
        session.add(searched(changing.searcher()))
        assert evaluations.tuning_of(session, FIRST.id, JUDGED.sha) is None
        session.add(row)
    with changing.database.reading() as session:
        found = evaluations.tuning_of(session, FIRST.id, JUDGED.sha)
        assert found is not None
        assert found.id == row.id
        assert evaluations.tuning_of(session, FIRST.id, "other") is None
        assert evaluations.tuning_of(session, "rp_other", JUDGED.sha) is None


MANY = JudgedSet(tuple(Judged(f"q{number}", "exact", {"WINE": 3}) for number in range(60)))


def measured(profile: Profile, value: float, basis: Basis = Basis.SEARCHED) -> Evaluation:
    """Return the row of a profile that reached the same on each of many queries."""
    given = Conditions(MANY.sha, "c", "w", "e", "embedded", "x", "2026-11-25")
    figures = {METRIC: {item.query: value for item in MANY.queries}}
    return evaluations.evaluation(profile.id, MANY, figures, given, basis=basis, author="anna", at=AT)


def test_only_evidence_makes_a_profile_live_unless_somebody_says_why_not(database: Database) -> None:
    better, worse = weighing(text=0.2), weighing(text=0.3)
    anna = Signature("anna", AT)

    def promote(profile: Profile, reason: str | None = None) -> None:
        with database.writing() as session:
            rankings.promote(session, profile.id, ["search"], anna, refusal=evaluations.refusal, override_reason=reason)

    with database.writing() as session:
        for profile in (better, worse):
            rankings.save(session, profile, anna)
    with pytest.raises(Conflict, match=f"{better.id} has not been evaluated: run .* To promote it all the same"):
        promote(better)
    with database.writing() as session:
        session.add_all([measured(FIRST, 0.5), measured(better, 0.6, Basis.IN_SAMPLE), measured(worse, 0.45)])
    with pytest.raises(Conflict, match="except by searches on the very judgments that it was tuned on"):
        promote(better)
    with pytest.raises(Conflict, match=f"{worse.id} is worse: {METRIC} changes by -0.0500"):
        promote(worse)
    with database.writing() as session:
        session.add(measured(better, 0.55, Basis.HELD_OUT))
    promote(better)
    promote(worse, "the boss wants it")
    with database.reading() as session:
        moves = rankings.history(session, "search", "live")
    assert [(move.to_id, move.override_reason) for move in moves] == [
        (better.id, None),
        (worse.id, "the boss wants it"),
    ]


QUERIES = ["douane", "logistique", "audit", "marketing", "fiscalité", "juridique", "qualité"]
PLACES = ["Maroc", "Chine", "Allemagne"]


def crowd_judged(crowd: Directory) -> JudgedSet:
    """Return judgments by which whoever works where it is asked is right, be the words as they may."""
    judged: list[Judged] = []
    for topic in QUERIES:
        for place, code in zip(PLACES, ["MA", "CN", "DE"], strict=True):
            found = crowd.find(q=f"{topic} {place}", size=100).results
            grades = {item.document.ref: 3 if code in item.document.countries else 0 for item in found[::-1]}
            judged.append(Judged(f"{topic} {place}", "zone", grades))
    return JudgedSet(tuple(judged))


def test_tuning_extracts_what_searches_rank_by_and_is_measured_on_held_out_searches(crowd: Directory) -> None:
    start = weighing(zone=0.01, review_mean=0.5)
    judged = crowd_judged(crowd)
    metric = metrics.parse(METRIC)
    searcher = crowd.searcher(start)
    windows = [tunings.window(searcher, item) for item in judged.queries]
    heard: list[int] = []
    found = tunings.run(searcher, judged, metric, seed=1, progress=heard.append)
    assert sum(heard) == tunings.steps(judged)
    assert found.tuned == tuning.tune(start, windows, metric, seed=1)
    assert set(found.ranked) == {item.query for item in judged.queries}
    fold = found.tuned.folds[0]
    query = judged.queries[fold.held_out[0]].query
    assert list(found.ranked[query]) == evaluations.rank(crowd.searcher(fold.profile), [query])[query]
    before = evaluations.measure(judged, evaluations.rank(searcher, list(found.ranked)), [metric])[METRIC]
    after = evaluations.measure(judged, found.ranked, [metric])[METRIC]
    assert evaluations.mean(after) > evaluations.mean(before) + 0.05
    rows = tunings.folds(found, judged, metric)
    assert sorted(query for row in rows for query in row["held_out"]) == sorted(found.ranked)
    weighted = sum(len(row["held_out"]) * row["searched"] for row in rows) / len(judged.queries)
    assert weighted == pytest.approx(evaluations.mean(after))
    # What is kept of the folds is enough to search so again, on another day or with other code.
    assert tunings.rank_held_out(crowd.searcher(found.tuned.profile), rows) == found.ranked


def test_conditions_round_trip_through_a_row(few: Directory) -> None:
    row = searched(few.searcher())
    assert Conditions(**row.conditions) == evaluations.conditions(few.searcher(), JUDGED, "embedded")
