import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking import significance

VALUES = st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=40)
SMALL = st.lists(st.integers(-8, 8).map(lambda eighths: eighths / 8), min_size=1, max_size=8)


@given(VALUES)
def test_an_interval_holds_the_mean_and_stays_within_the_values(values: list[float]) -> None:
    interval = significance.bootstrap(values, resamples=500)
    assert interval.mean == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9


def test_an_interval_is_the_same_each_time_and_narrower_at_a_lower_level() -> None:
    values = np.random.default_rng(1).random(50)
    assert significance.bootstrap(values) == significance.bootstrap(values)
    wide, narrow = significance.bootstrap(values, level=0.99), significance.bootstrap(values, level=0.5)
    assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    draws = np.random.default_rng(2)
    covered = 0
    for _ in range(300):
        interval = significance.bootstrap(draws.normal(0.3, 0.2, 60), level=0.9, resamples=400)
        covered += interval.low <= 0.3 <= interval.high
    assert 0.84 <= covered / 300 <= 0.95


def test_without_queries_there_is_no_interval_and_no_difference() -> None:
    assert np.isnan(significance.bootstrap([]).mean)
    assert significance.randomization([]) == 1.0
    assert significance.randomization([0.0, 0.0]) == 1.0


@given(SMALL)
def test_few_queries_are_tested_exactly(differences: list[float]) -> None:
    observed = abs(sum(differences))
    ways = [abs(sum(way)) for way in itertools.product(*((value, -value) for value in differences))]
    expected = sum(value >= observed for value in ways) / len(ways)
    assert significance.randomization(differences) == pytest.approx(expected)


def test_many_queries_are_drawn_and_agree_with_all_ways() -> None:
    differences = np.random.default_rng(3).normal(0.05, 0.1, significance.EXACT_UP_TO)
    exact = significance.randomization(differences)
    # One more query that hardly differs changes nothing but the way of counting.
    drawn = significance.randomization([*differences, 1e-9])
    assert 0.001 < exact < 0.5
    assert drawn == pytest.approx(exact, abs=0.01)


def test_a_clear_difference_among_many_queries_is_never_impossible() -> None:
    assert significance.randomization(np.full(60, 0.1)) == 1 / (1 + significance.FLIPS)


def test_alarms_are_as_rare_as_the_level_says_where_nothing_differs() -> None:
    draws = np.random.default_rng(4)
    alarms = sum(significance.randomization(draws.normal(0, 0.1, 30), flips=500) < 0.05 for _ in range(400))
    assert 0.02 <= alarms / 400 <= 0.09


def test_holm_is_as_its_paper_has_it() -> None:
    assert significance.holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    )


@given(st.dictionaries(st.integers(), st.floats(0, 1), max_size=8))
def test_holm_lowers_no_p_value_and_keeps_their_order(p_values: dict[int, float]) -> None:
    corrected = significance.holm(p_values)
    assert list(corrected) == list(p_values)
    for key, p_value in p_values.items():
        assert p_value <= corrected[key] <= min(1.0, p_value * len(p_values) + 1e-12)
    for one, other in itertools.combinations(p_values, 2):
        if p_values[one] < p_values[other]:
            assert corrected[one] <= corrected[other]


@pytest.mark.parametrize("values", [[[0.1, 0.2]], [float("nan")], [float("inf")]])
def test_values_that_are_no_values_are_refused(values: list[float]) -> None:
    for use in (significance.bootstrap, significance.randomization):
        with pytest.raises(ValueError, match="one finite value a query"):
            use(values)
