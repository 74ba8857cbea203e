from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking import judged_windows, likeness, metrics, scoring, tuning
from ranking.held_skills import join, skillset
from ranking.judged_windows import JudgedWindow
from ranking.profiles import FIRST, Feature, Profile, Source, Transform

METRIC = metrics.parse("ndcg_linear_full@10")
ASKED: tuple[Source, ...] = ("text", "semantic", "zone")


def window(draws: np.random.Generator, number: int, *, truth: Source, size: int = 30) -> JudgedWindow:
    """Return the window of a query whose best candidates are those with the highest raw value of `truth`."""
    raw = {feature.source: draws.random(size) for feature in FIRST.features if feature.source != "shared_skills"}
    raw["review_mean"] = 1 + 4 * draws.random(size)
    grades = np.zeros(size, dtype=int)
    best = np.argsort(-raw[truth])
    grades[best[:2]], grades[best[2:6]] = 3, 1
    lists = [[f"s{key}" for key in draws.integers(0, 20, 4)] for _ in range(size)]
    return JudgedWindow(
        query=f"q{number}",
        raw=raw,
        held=join([skillset(listed, []) for listed in lists]),
        asked=frozenset({*ASKED, "shared_skills"}),
        ties=draws.permutation(size),
        grades=grades.tolist(),
        judged=grades.tolist(),
    )


def windows(count: int, *, truth: Source = "zone", seed: int = 1) -> list[JudgedWindow]:
    draws = np.random.default_rng(seed)
    return [window(draws, number, truth=truth) for number in range(count)]


def ranked_by(profile: Profile, found: JudgedWindow) -> list[int]:
    """Return candidates as a search orders them before policy: scores with what the best share, then ties."""
    size = len(found.ties)
    first = scoring.score(profile, found.raw, found.asked - {"shared_skills"}, size).base
    raw = {**found.raw, "shared_skills": likeness.learn(first, found.held).of(found.held)}
    base = scoring.score(profile, raw, found.asked, size).base
    return np.lexsort((found.ties, -base)).tolist()


def weights(profile: Profile) -> dict[Source, float]:
    return {feature.source: feature.weight for feature in profile.features}


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 0.6), min_size=13, max_size=13))
def test_the_figures_are_those_of_the_order_that_a_search_makes(seed: int, drawn: list[float]) -> None:
    features = tuple(replace(feature, weight=weight) for feature, weight in zip(FIRST.features, drawn, strict=True))
    profile = replace(FIRST, features=features)
    found = windows(4, seed=seed)
    expected = [
        METRIC.of(
            [str(item) for item in ranked_by(profile, item)], {str(at): grade for at, grade in enumerate(item.grades)}
        )
        for item in found
    ]
    assert tuning.values(profile, found, METRIC) == pytest.approx(expected)


def test_experts_outside_the_window_count_in_the_ideal() -> None:
    (found,) = windows(1)
    more = replace(found, judged=[*found.judged, 3, 3])
    assert tuning.values(FIRST, [more], METRIC)[0] < tuning.values(FIRST, [found], METRIC)[0]


def test_what_tells_good_from_bad_gains_weight_and_queries_held_out_rank_better() -> None:
    tuned = tuning.tune(FIRST, windows(40), METRIC, seed=3)
    assert tuned.training > tuned.start + 0.2
    assert weights(tuned.profile)["zone"] > 2 * weights(FIRST)["zone"]
    for fold in tuned.folds:
        assert fold.testing > tuned.start + 0.15
        assert fold.profile != FIRST
    assert tuned.profile.policy == FIRST.policy


def test_each_query_is_held_out_once_by_a_profile_that_did_not_learn_from_it() -> None:
    found = windows(23)
    tuned = tuning.tune(FIRST, found, METRIC, seed=5)
    assert sorted(place for fold in tuned.folds for place in fold.held_out) == list(range(23))
    sizes = [len(fold.held_out) for fold in tuned.folds]
    assert max(sizes) - min(sizes) <= 1
    fold = tuned.folds[0]
    others = [item for place, item in enumerate(found) if place not in fold.held_out]
    assert tuning.fit(FIRST, others, METRIC, seed=5) == (fold.profile, fold.training)


def test_the_same_seed_gives_the_same_profile() -> None:
    found = windows(20)
    steps: list[int] = []
    tuned = tuning.tune(FIRST, found, METRIC, seed=7, progress=steps.append)
    assert tuned == tuning.tune(FIRST, found, METRIC, seed=7)
    assert sum(steps) == tuning.FOLDS + 1


def test_a_profile_that_nothing_betters_stays_as_it_is() -> None:
    nobody = [replace(item, grades=[0] * 30, judged=[3]) for item in windows(10)]
    assert tuning.tune(FIRST, nobody, METRIC, seed=1).profile == FIRST


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from(["text", "zone", "review_mean"]))
def test_no_weight_falls_below_its_floor_and_a_better_review_never_lowers_a_score(seed: int, truth: Source) -> None:
    found = windows(10, truth=truth, seed=seed)
    if truth == "review_mean":
        # Judges who prefer bad reviews: the floor holds against them too.
        worst = [{**item.raw, "review_mean": 6 - item.raw["review_mean"]} for item in found]
        found = [replace(item, raw=raw) for item, raw in zip(found, worst, strict=True)]
    tuned, _ = tuning.fit(FIRST, found, METRIC, seed=seed)
    total = sum(weights(tuned).values())
    assert total == pytest.approx(sum(weights(FIRST).values()), rel=0.02)
    assert min(weights(tuned).values()) >= 0.0
    for source, share in judged_windows.FLOORS.items():
        assert weights(tuned)[source] >= 0.97 * share * total
    assert [feature.transform for feature in tuned.features] == [feature.transform for feature in FIRST.features]
    raw = {source: column[:1] for source, column in found[0].raw.items()}
    scores = [
        scoring.score(tuned, {**raw, "review_mean": np.array([mean])}, found[0].asked, 1).base[0]
        for mean in (1.0, 2.5, 4.0, 5.0)
    ]
    assert scores == sorted(set(scores))


def test_a_floor_lifts_a_weight_that_stood_below_it() -> None:
    low = tuple(replace(item, weight=0.0) if item.source == "review_mean" else item for item in FIRST.features)
    tuned, _ = tuning.fit(replace(FIRST, features=low), windows(10), METRIC, seed=1)
    assert weights(tuned)["review_mean"] > 0.0


def test_a_profile_without_shared_skills_is_tuned_too() -> None:
    features = (Feature("text", 0.9, Transform("linear")), Feature("zone", 0.1, Transform("linear")))
    tuned = tuning.tune(replace(FIRST, features=features), windows(20), METRIC, seed=1)
    assert tuned.training > tuned.start


@pytest.mark.parametrize("name", ["map@10", "ndcg_linear_retrieved@10"])
def test_only_a_measure_with_a_fixed_ideal_is_tuned_for(name: str) -> None:
    with pytest.raises(ValueError, match="can't be tuned for"):
        tuning.tune(FIRST, windows(20), metrics.parse(name), seed=1)


def test_too_few_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="9 judged queries are too few"):
        tuning.tune(FIRST, windows(9), METRIC, seed=1)
