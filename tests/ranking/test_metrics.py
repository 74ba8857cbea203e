import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from ranking import metrics
from ranking.metrics import GAINS, IDEALS, Gain, Ideal, Metric

ITEMS = [f"d{number}" for number in range(30)]
GRADES = st.dictionaries(st.sampled_from(ITEMS), st.integers(0, 3), min_size=1)
RANKED = st.lists(st.sampled_from(ITEMS), unique=True)
KS = st.sampled_from([1, 5, 10, 100])


def reference(ranked: list[str], grades: dict[str, int], measure: str, relevant_from: int = 1) -> float:
    """Return what trec_eval says of one run; it knows no empty run, which finds nothing."""
    if not ranked or not grades:
        return 0.0
    run = {item: float(len(ranked) - place) for place, item in enumerate(ranked)}
    evaluator = pytrec_eval.RelevanceEvaluator({"q": grades}, {measure}, relevance_level=relevant_from)
    return evaluator.evaluate({"q": run})["q"][measure.replace(".", "_")]


@given(RANKED, GRADES, KS)
@pytest.mark.parametrize("gain", GAINS)
@pytest.mark.parametrize("ideal", IDEALS)
def test_ndcg_is_what_trec_eval_says(
    gain: Gain, ideal: Ideal, ranked: list[str], grades: dict[str, int], k: int
) -> None:
    # trec_eval's gain is the grade, and its ideal all that is judged: both can be had by what it is given.
    gains = {item: 2**grade - 1 if gain == "exponential" else grade for item, grade in grades.items()}
    if ideal == "retrieved":
        gains = {item: value for item, value in gains.items() if item in ranked[:k]}
    expected = reference(ranked, gains, f"ndcg_cut.{k}")
    assert Metric("ndcg", k, gain, ideal).of(ranked, grades) == pytest.approx(expected)


@given(RANKED, GRADES, KS, st.integers(1, 3))
@pytest.mark.parametrize(("measure", "theirs"), [("map", "map_cut"), ("recall", "recall")])
def test_map_and_recall_are_what_trec_eval_says(
    measure: metrics.Measure, theirs: str, ranked: list[str], grades: dict[str, int], k: int, relevant_from: int
) -> None:
    expected = reference(ranked, grades, f"{theirs}.{k}", relevant_from)
    assert Metric(measure, k, relevant_from=relevant_from).of(ranked, grades) == pytest.approx(expected)


@given(RANKED, GRADES, KS, st.integers(1, 3))
def test_mrr_is_what_trec_eval_says_of_the_first_k(
    ranked: list[str], grades: dict[str, int], k: int, relevant_from: int
) -> None:
    expected = reference(ranked[:k], grades, "recip_rank", relevant_from)
    assert Metric("mrr", k, relevant_from=relevant_from).of(ranked, grades) == pytest.approx(expected)


@given(RANKED, GRADES, KS)
def test_judged_is_the_share_with_a_grade_and_grade_zero_is_one(
    ranked: list[str], grades: dict[str, int], k: int
) -> None:
    judged = metrics.parse(f"judged@{k}").of(ranked, grades)
    shown = ranked[:k]
    assert judged == (len([item for item in shown if item in grades]) / len(shown) if shown else 1.0)


def test_without_anything_relevant_every_measure_is_zero() -> None:
    names = ["ndcg_linear_full@10", "ndcg_exponential_retrieved@10", "map@10", "mrr@10", "recall@10"]
    for name in names:
        assert metrics.parse(name).of(["a"], {}) == 0.0
        assert metrics.parse(name).of(["a"], {"a": 0}) == 0.0
        assert metrics.parse(name).of([], {"a": 3}) == 0.0


def test_gain_and_ideal_make_different_figures_of_one_list() -> None:
    grades = {"a": 1, "b": 3, "c": 2, "d": 3}
    figures = {Metric("ndcg", 3, gain, ideal).of(["a", "b", "x"], grades) for gain in GAINS for ideal in IDEALS}
    assert len(figures) == 4


METRICS = st.one_of(
    st.builds(
        Metric,
        st.just("ndcg"),
        st.integers(1, metrics.DEPTH),
        st.sampled_from(GAINS),
        st.sampled_from(IDEALS),
    ),
    st.builds(
        Metric,
        st.sampled_from(["map", "mrr", "recall"]),
        st.integers(1, metrics.DEPTH),
        relevant_from=st.integers(1, 3),
    ),
    st.builds(Metric, st.just("judged"), st.integers(1, metrics.DEPTH)),
)


@given(METRICS)
def test_every_metric_is_read_back_from_its_name(metric: Metric) -> None:
    assert metrics.parse(metric.name) == metric


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ndcg@10", "has to name gain and ideal, such as ndcg_linear_full@10"),
        ("ndcg_linear@10", "has to name gain and ideal"),
        ("ndcg_log_full@10", "'log' is no gain: linear or exponential"),
        ("ndcg_linear_trimmed@10", "'trimmed' is no ideal: full or retrieved"),
        ("map", "is no metric"),
        ("map@ten", "is no metric"),
        ("map@0", "from 1 to 100"),
        ("recall@101", "from 1 to 100"),
        ("err@10", "no known measure"),
        ("judged_2@10", "says too much"),
        ("map_4@10", "says too much"),
        ("map_2_3@10", "says too much"),
    ],
)
def test_a_name_that_says_too_little_or_too_much_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        metrics.parse(name)
    assert repr(name) in str(refused.value)
