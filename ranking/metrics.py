"""Measures of a ranking against judgments, each under a name that says all of it: `ndcg_linear_full@10`.

The same list scores differently by gain (`linear`: the grade; `exponential`: 2 ** grade - 1, Burges et al. 2005) and
by ideal (`full`: the best order of everything judged; `retrieved`: of the first k that were found), so that a figure
without both can't be compared. An item without a grade counts as irrelevant; `judged` tells how many there are.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Grades = Mapping[str, int]
Gain = Literal["linear", "exponential"]
Ideal = Literal["full", "retrieved"]
Measure = Literal["ndcg", "map", "mrr", "recall", "judged"]
GAINS: tuple[Gain, ...] = ("linear", "exponential")
IDEALS: tuple[Ideal, ...] = ("full", "retrieved")
MEASURES: tuple[Measure, ...] = ("ndcg", "map", "mrr", "recall", "judged")
_GAINS: dict[str, Gain] = {gain: gain for gain in GAINS}
_IDEALS: dict[str, Ideal] = {ideal: ideal for ideal in IDEALS}
_MEASURES: dict[str, Measure] = {measure: measure for measure in MEASURES}
FORMS = (
    "ndcg_GAIN_IDEAL@K (GAIN linear or exponential, IDEAL full or retrieved), map@K, mrr@K, recall@K, judged@K; "
    "map_2@K, mrr_2@K and recall_2@K count grades from 2 on as relevant"
)
DEPTH = 100
"""The largest k: how deep rankings are kept."""
_NAME = re.compile(r"(?P<measure>[a-z]+)(?P<rest>(?:_[a-z0-9]+)*)@(?P<k>\d{1,6})")


@dataclass(frozen=True, slots=True)
class Metric:
    """One measure of the first `k` of a ranking; `relevant_from` is the lowest grade that `map` and others count."""

    measure: Measure
    k: int
    gain: Gain = "linear"
    ideal: Ideal = "full"
    relevant_from: int = 1

    @property
    def name(self) -> str:
        """Return the name that `parse` reads."""
        if self.measure == "ndcg":
            return f"ndcg_{self.gain}_{self.ideal}@{self.k}"
        level = f"_{self.relevant_from}" if self.relevant_from > 1 else ""
        return f"{self.measure}{level}@{self.k}"

    def of(self, ranked: Sequence[str], grades: Grades) -> float:
        """Measure one ranking, best first, against the grades of its query."""
        if self.measure == "ndcg":
            return ndcg(ranked, grades, self.k, self.gain, self.ideal)
        if self.measure == "judged":
            return judged(ranked, grades, self.k)
        relevant = {item for item, grade in grades.items() if grade >= self.relevant_from}
        return _BY_RELEVANCE[self.measure](ranked, relevant, self.k)


def parse(name: str) -> Metric:
    """Return the metric of a name; raise ValueError that says what is wrong with it and how names are made."""
    match = _NAME.fullmatch(name.strip())
    if match is None:
        raise ValueError(f"{name!r} is no metric: write {FORMS}")
    measure, k = _MEASURES.get(match["measure"]), int(match["k"])
    if measure is None:
        raise ValueError(f"{name!r} begins with no known measure: write {FORMS}")
    if not 1 <= k <= DEPTH:
        raise ValueError(f"{name!r}: the number after @ has to be from 1 to {DEPTH}")
    words = match["rest"].split("_")[1:]
    if measure == "ndcg":
        return _parse_ndcg(name, words, k)
    if not words:
        return Metric(measure, k)
    if measure == "judged" or len(words) > 1 or words[0] not in {"1", "2", "3"}:
        raise ValueError(f"{name!r} says too much: write {FORMS}")
    return Metric(measure, k, relevant_from=int(words[0]))


def _parse_ndcg(name: str, words: list[str], k: int) -> Metric:
    if len(words) != 2:
        raise ValueError(f"{name!r} has to name gain and ideal, such as ndcg_linear_full@{k}")
    gain, ideal = _GAINS.get(words[0]), _IDEALS.get(words[1])
    if gain is None:
        raise ValueError(f"{name!r}: {words[0]!r} is no gain: linear or exponential")
    if ideal is None:
        raise ValueError(f"{name!r}: {words[1]!r} is no ideal: full or retrieved")
    return Metric("ndcg", k, gain, ideal)


def ndcg(ranked: Sequence[str], grades: Grades, k: int, gain: Gain = "linear", ideal: Ideal = "full") -> float:
    """Return normalised discounted cumulative gain at k (Järvelin and Kekäläinen 2002); 0 where nothing has a gain."""
    gained = [gain_of(grades.get(item, 0), gain) for item in ranked[:k]]
    available = gained if ideal == "retrieved" else [gain_of(grade, gain) for grade in grades.values()]
    best = discounted(sorted(available, reverse=True)[:k])
    return discounted(gained) / best if best else 0.0


def gain_of(grade: int, gain: Gain) -> float:
    """Return what finding an item of a grade is worth."""
    return float(2**grade - 1) if gain == "exponential" else float(grade)


def discounted(gains: Sequence[float]) -> float:
    """Return the sum of gains, each divided by the logarithm of its place."""
    return sum(value / math.log2(place + 2) for place, value in enumerate(gains))


def average_precision(ranked: Sequence[str], relevant: set[str], k: int) -> float:
    """Return average precision over the first k, divided by how many are relevant, as trec_eval's map_cut does."""
    hits, total = 0, 0.0
    for place, item in enumerate(ranked[:k], 1):
        if item in relevant:
            hits += 1
            total += hits / place
    return total / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: set[str], k: int) -> float:
    """Return one divided by the place of the first relevant item among the first k; 0 where there is none."""
    return next((1.0 / place for place, item in enumerate(ranked[:k], 1) if item in relevant), 0.0)


def recall(ranked: Sequence[str], relevant: set[str], k: int) -> float:
    """Return the share of relevant items that are among the first k."""
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def judged(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """Return the share of the first k that anybody has graded, 0 included; 1 where nothing was found."""
    shown = ranked[:k]
    return sum(item in grades for item in shown) / len(shown) if shown else 1.0


_BY_RELEVANCE: dict[str, Callable[[Sequence[str], set[str], int], float]] = {
    "map": average_precision,
    "mrr": reciprocal_rank,
    "recall": recall,
}
