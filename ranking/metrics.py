"""Measures of a ranking against judgments. Gain is linear and the ideal is the full set of judgments."""

import math
from collections.abc import Mapping, Sequence


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return normalised discounted cumulative gain at k (Järvelin and Kekäläinen 2002), linear gain."""
    gain = sum(grades.get(item, 0) / math.log2(place + 2) for place, item in enumerate(ranked[:k]))
    best = sorted(grades.values(), reverse=True)[:k]
    ideal = sum(grade / math.log2(place + 2) for place, grade in enumerate(best))
    return gain / ideal if ideal else 0.0


def average_precision(ranked: Sequence[str], relevant: set[str], k: int) -> float:
    """Return average precision over the first k, divided by what was there to be found within k."""
    hits, total = 0, 0.0
    for place, item in enumerate(ranked[:k], 1):
        if item in relevant:
            hits += 1
            total += hits / place
    return total / min(len(relevant), k) if relevant else 0.0
