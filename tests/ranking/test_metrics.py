import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking import metrics

ITEMS = [f"d{number}" for number in range(30)]
GRADES = st.dictionaries(st.sampled_from(ITEMS), st.integers(0, 3), min_size=1)
RANKED = st.lists(st.sampled_from(ITEMS), unique=True)


def reference(ranked: list[str], grades: dict[str, int], measure: str) -> float:
    """Return what trec_eval says of one run; it knows no empty run, which finds nothing."""
    if not ranked:
        return 0.0
    run = {item: float(len(ranked) - place) for place, item in enumerate(ranked)}
    evaluator = pytrec_eval.RelevanceEvaluator({"q": grades}, {measure})
    return evaluator.evaluate({"q": run})["q"][measure.replace(".", "_")]


@settings(deadline=None)
@given(RANKED, GRADES)
@pytest.mark.parametrize("k", [5, 10, 100])
def test_ndcg_is_what_trec_eval_says(k: int, ranked: list[str], grades: dict[str, int]) -> None:
    expected = reference(ranked, grades, f"ndcg_cut.{k}")
    assert metrics.ndcg(ranked, grades, k) == pytest.approx(expected)


@settings(deadline=None)
@given(RANKED, st.sets(st.sampled_from(ITEMS), min_size=1))
def test_average_precision_is_what_trec_eval_says(ranked: list[str], relevant: set[str]) -> None:
    expected = reference(ranked, dict.fromkeys(relevant, 1), "map_cut.100")
    assert metrics.average_precision(ranked, relevant, 100) == pytest.approx(expected)


def test_average_precision_within_k_is_one_when_all_that_fits_is_relevant() -> None:
    assert metrics.average_precision(["a", "b"], {"a", "b", "c", "d"}, 2) == 1.0


def test_without_anything_relevant_every_measure_is_zero() -> None:
    assert metrics.ndcg(["a"], {}, 10) == 0.0
    assert metrics.ndcg(["a"], {"a": 0}, 10) == 0.0
    assert metrics.average_precision(["a"], set(), 10) == 0.0
