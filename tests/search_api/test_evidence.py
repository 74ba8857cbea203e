from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api import evidence
from search_api.evidence import Basis, Conditions, Evidence

CANDIDATE, LIVE = "rp_new", "rp_live"
CONDITIONS = Conditions("j1", "c1", "w1", "e1", "embedded", "x1", "2026-11-25")
AT = datetime(2026, 11, 25, 9, tzinfo=UTC)


def queries(values: list[float]) -> dict[str, float]:
    return {f"q{number}": value for number, value in enumerate(values)}


def of(profile_id: str, values: list[float], **changed: object) -> Evidence:
    return replace(Evidence(profile_id, CONDITIONS, Basis.SEARCHED, AT, queries(values)), **changed)  # pyright: ignore[reportArgumentType]


def refusal(*found: Evidence) -> str | None:
    return evidence.refusal(CANDIDATE, LIVE, found)


GOOD = [0.5 + 0.004 * (number % 5) for number in range(60)]
BASE = [0.5] * 60


def test_a_profile_that_is_not_worse_may_go_live() -> None:
    assert refusal(of(CANDIDATE, GOOD), of(LIVE, BASE)) is None
    assert refusal(of(CANDIDATE, BASE), of(LIVE, BASE)) is None


def test_without_an_evaluation_of_both_nothing_goes_live() -> None:
    command = f"portulan ranking evaluate {CANDIDATE} --against {LIVE}"
    for found in ([], [of(LIVE, BASE)], [of(CANDIDATE, GOOD)]):
        said = refusal(*found)
        assert said is not None
        assert "has not been evaluated" in said
        assert command in said


def test_what_it_was_tuned_on_is_no_evidence_for_a_profile_but_held_out_folds_are() -> None:
    said = refusal(of(CANDIDATE, GOOD, basis=Basis.IN_SAMPLE), of(LIVE, BASE))
    assert said is not None
    assert "except by searches on the very judgments that it was tuned on" in said
    assert refusal(of(CANDIDATE, GOOD, basis=Basis.HELD_OUT), of(LIVE, BASE)) is None
    # The live profile may have been tuned on them: that only makes it harder to be better.
    assert refusal(of(CANDIDATE, GOOD), of(LIVE, BASE, basis=Basis.IN_SAMPLE)) is None


@pytest.mark.parametrize("name", [item.name for item in fields(Conditions)])
def test_evaluations_under_different_conditions_are_not_compared_and_the_difference_is_named(name: str) -> None:
    other = replace(CONDITIONS, **{name: "other"})
    said = refusal(of(CANDIDATE, GOOD), of(LIVE, BASE, conditions=other))
    assert said is not None
    assert f"({name}: {getattr(CONDITIONS, name)} and other)" in said


def test_conditions_that_change_meanwhile_are_those_of_one_run_alone() -> None:
    moved = CONDITIONS.until(replace(CONDITIONS, corpus="c2"))
    assert moved == replace(CONDITIONS, corpus="c1..c2")
    assert CONDITIONS.until(CONDITIONS) == CONDITIONS
    assert refusal(of(CANDIDATE, GOOD, conditions=moved), of(LIVE, BASE, conditions=moved)) is None
    assert refusal(of(CANDIDATE, GOOD, conditions=moved), of(LIVE, BASE)) is not None


def test_the_latest_evaluations_under_the_same_conditions_count() -> None:
    older, other = AT - timedelta(days=1), replace(CONDITIONS, corpus="c0")
    bad = [0.3] * 60
    assert refusal(of(CANDIDATE, GOOD), of(LIVE, BASE), of(CANDIDATE, bad, at=older, conditions=other)) is None
    assert refusal(of(CANDIDATE, bad), of(LIVE, BASE), of(CANDIDATE, GOOD, at=older)) is not None
    # The newest one of the live profile has no like: the pair before it does.
    assert refusal(of(CANDIDATE, GOOD, at=older), of(LIVE, BASE, at=older), of(LIVE, BASE, conditions=other)) is None


def test_few_queries_tell_nothing_however_good_they_look() -> None:
    said = refusal(of(CANDIDATE, [0.9] * 49), of(LIVE, [0.1] * 49))
    assert said is not None
    assert said.startswith("49 judged queries are too few")


def test_a_worse_profile_is_refused_with_the_figures() -> None:
    said = refusal(of(CANDIDATE, [0.45] * 60), of(LIVE, BASE))
    assert said is not None
    assert said.startswith(f"{CANDIDATE} is worse: ndcg_linear_full@10 changes by -0.0500")


def test_a_profile_that_may_be_worse_is_refused_and_more_grades_are_asked_for() -> None:
    noisy = (0.5 + np.random.default_rng(1).normal(0, 0.2, 60)).tolist()
    noisy = [value - float(np.mean(noisy)) + 0.502 for value in noisy]
    said = refusal(of(CANDIDATE, noisy), of(LIVE, BASE))
    assert said is not None
    assert "may be worse by more than 0.01" in said
    assert "grade more" in said


@given(st.lists(st.floats(-0.5, 0.5), min_size=50, max_size=80), st.floats(0.0, 0.2))
def test_a_loss_beyond_the_margin_never_goes_live_and_a_gain_everywhere_always_does(
    drawn: list[float], gain: float
) -> None:
    centred = [value - float(np.mean(drawn)) - evidence.MARGIN - 1e-6 for value in drawn]
    assert refusal(of(CANDIDATE, centred), of(LIVE, [0.0] * len(drawn))) is not None
    better = [value + gain for value in drawn]
    assert refusal(of(CANDIDATE, better), of(LIVE, drawn)) is None
