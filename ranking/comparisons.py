"""How far two orders of the same things differ."""

from collections.abc import Sequence

PERSISTENCE = 0.9
"""How likely a reader is to look at one more result: 86 % of the measure then lies in the first ten."""


def overlap(one: Sequence[str], other: Sequence[str], k: int) -> float:
    """Return which share of the first k two orders have in common; 1 where both are empty."""
    size = min(k, max(len(one), len(other)))
    return len(set(one[:k]) & set(other[:k])) / size if size else 1.0


def rank_biased_overlap(one: Sequence[str], other: Sequence[str], persistence: float = PERSISTENCE) -> float:
    """Return rank-biased overlap, extrapolated (Webber, Moffat and Zobel 2010, eq. 32), of orders cut at one depth.

    1 for the same order, 0 for nothing in common; the top weighs most.
    """
    depth = min(len(one), len(other))
    if not depth:
        return 1.0 if len(one) == len(other) else 0.0
    seen_one: set[str] = set()
    seen_other: set[str] = set()
    total, common = 0.0, 0
    for place in range(depth):
        seen_one.add(one[place])
        seen_other.add(other[place])
        common = len(seen_one & seen_other)
        total += common / (place + 1) * persistence ** (place + 1)
    return common / depth * persistence**depth + (1 - persistence) / persistence * total
