from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking import propensities
from ranking.propensities import APPROACH_VIEWS, FEWEST_EXPECTED, PAIR_VIEWS, POSITIONS, Traffic

LOOKED_AT = np.array([1.0, 0.7, 0.5, 0.4, 0.35, 0.3, 0.28, 0.25, 0.22, 0.2])


def visits(seed: int = 3) -> list[Traffic]:
    """Return what visitors do whose looks fall off as planted; better experts stand higher, not always the same."""
    drawn = np.random.default_rng(seed)
    found: list[Traffic] = []
    for query in range(40):
        attraction = np.sort(drawn.uniform(0.05, 0.6, 10))[::-1]
        for _ in range(3):
            order = np.argsort(-attraction + drawn.normal(0, 0.15, 10))
            found.extend(
                Traffic(f"q{query}", f"e{expert}", place + 1, 60, int(drawn.binomial(60, looked * attraction[expert])))
                for place, (expert, looked) in enumerate(zip(order, LOOKED_AT, strict=True))
            )
    return found


def test_without_traffic_the_first_guess_is_believed() -> None:
    assert propensities.estimate([]) == {1: 1.0}
    found = propensities.estimate([Traffic("q", "a", 4, 3, 0)])
    assert found[4] == pytest.approx(0.25, abs=0.01)


def test_how_much_positions_are_looked_at_is_found_in_traffic() -> None:
    found = propensities.estimate(visits())
    estimated = np.array([found[place] for place in range(1, 11)])
    assert np.abs(estimated - LOOKED_AT).max() < 0.08


def test_that_better_experts_stand_higher_is_not_taken_for_position_bias() -> None:
    rows = visits()
    rates = [
        sum(row.views for row in rows if row.position == place) / sum(60 for row in rows if row.position == place)
        for place in range(1, 11)
    ]
    found = propensities.estimate(rows)
    naive = np.array(rates) / rates[0]
    estimated = np.array([found[place] for place in range(1, 11)])
    assert np.abs(estimated - LOOKED_AT).sum() < 0.5 * np.abs(naive - LOOKED_AT).sum()


def test_who_is_opened_often_far_down_is_graded_above_who_is_opened_a_little_more_at_the_top() -> None:
    rows = [
        *visits(),
        Traffic("wine", "top", 1, 400, 40),
        Traffic("wine", "deep", 8, 400, 60),
    ]
    (judged,) = (item for item in propensities.grade(rows) if item.query == "wine")
    assert judged.grades["deep"] == 3
    assert judged.grades["top"] <= 1
    assert judged.source == "traffic"


def test_who_was_hardly_seen_is_not_graded() -> None:
    rows = [*visits(), Traffic("wine", "seen", 1, 400, 100), Traffic("wine", "hardly", 9, 5, 1)]
    (judged,) = (item for item in propensities.grade(rows) if item.query == "wine")
    assert set(judged.grades) == {"seen"}


def test_one_lucky_view_is_not_much() -> None:
    rows = [*visits(), Traffic("wine", "lucky", 1, 12, 6)]
    grades = [item.grades["lucky"] for item in propensities.grade(rows) if "lucky" in item.grades]
    assert grades == [2]


def test_grades_are_whole_numbers_from_0_to_3_and_all_occur() -> None:
    grades = {grade for item in propensities.grade(visits()) for grade in item.grades.values()}
    assert grades == {0, 1, 2, 3}


def test_what_was_never_shown_changes_nothing() -> None:
    assert propensities.grade([*visits(), Traffic("q0", "e0", 1, 0, 5)]) == propensities.grade(visits())


def test_whatever_stands_very_low_counts_as_the_last_position() -> None:
    found = propensities.estimate([Traffic("q", "a", 5_000, 10, 0)])
    assert set(found) == {1, POSITIONS}


def graded(rows: list[Traffic]) -> dict[tuple[str, str], int]:
    return {(item.query, expert): grade for item in propensities.grade(rows) for expert, grade in item.grades.items()}


def test_of_two_who_are_opened_alike_the_one_whom_clients_approach_is_graded_higher() -> None:
    rows = [
        *visits(),
        Traffic("wine", "approached", 6, 400, 25, approaches=8),
        Traffic("wine", "looked at", 6, 400, 25),
    ]
    found = graded(rows)
    assert found["wine", "approached"] > found["wine", "looked at"]


def test_approaches_far_down_are_worth_more_than_as_many_at_the_top() -> None:
    rows = [
        *visits(),
        Traffic("wine", "deep", 9, 400, 24, approaches=6),
        Traffic("wine", "top", 1, 400, 24, approaches=6),
    ]
    found = graded(rows)
    assert found["wine", "deep"] > found["wine", "top"]


def test_how_much_positions_are_looked_at_is_estimated_from_views_alone() -> None:
    rows = visits()
    approached = [replace(row, approaches=row.position) for row in rows]
    assert propensities.estimate(approached) == propensities.estimate(rows)


def test_an_approach_makes_nobody_seen_often_enough() -> None:
    rows = [*visits(), Traffic("wine", "hardly", 9, 5, 1, approaches=4)]
    assert ("wine", "hardly") not in graded(rows)


def test_where_all_are_approached_alike_nobody_is_graded_differently() -> None:
    # With a share of the views that is the same for all, the ratio stays, but for less shrinking.
    before = graded(visits())
    after = graded([replace(row, approaches=int(row.views)) for row in visits()])
    assert all(abs(after[pair] - grade) <= 1 for pair, grade in before.items())
    assert sum(after[pair] == grade for pair, grade in before.items()) > 0.8 * len(before)


traffics = st.lists(
    st.builds(
        Traffic,
        st.sampled_from(["q", "r"]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(1, 12),
        st.integers(1, 80),
        st.integers(0, 6),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(traffics, st.data())
def test_one_more_approach_lowers_nobody_s_own_grade_and_lifts_it_by_one_at_the_most(
    rows: list[Traffic], data: st.DataObject
) -> None:
    which = data.draw(st.integers(0, len(rows) - 1))
    pair = (rows[which].query, rows[which].expert)
    more = [replace(row, approaches=row.approaches + (at == which)) for at, row in enumerate(rows)]
    before, after = graded(rows), graded(more)
    assert before.keys() == after.keys()
    if pair in before:
        assert before[pair] <= after[pair] <= before[pair] + 1


def test_what_an_approach_is_worth_is_what_lifts_by_one_grade_where_a_pair_is_graded_at_all() -> None:
    assert pytest.approx(0.5) == APPROACH_VIEWS / (FEWEST_EXPECTED + PAIR_VIEWS)
