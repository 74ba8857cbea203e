"""What a boost brings: boosted showings against those whose boost was withheld by chance.

Each pair of a search (query, filters, week) and an expert is drawn once: with a known chance p it is held out. What a
result page did not show leaves no row, so the number of draws is unknown; the chance is not. Each held-out event
therefore stands for 1 / p of them and each boosted one for 1 / (1 - p) (Horvitz and Thompson 1952), and the ratio of
the two sums estimates how many times more often the boosted were shown or opened.

Events of one draw hang together (many people may search the same in a week), so a draw and not an event is the unit:
the variance of a sum over independent draws is about the sum of their squares, and the logarithm of the ratio of two
such sums has the variance sum(t²) / sum(t)² + sum(h²) / sum(h)² (delta method; 1/n + 1/m where a draw has one event).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

FEWEST_DRAWS = 20
"""Draws with an event that either side needs before a ratio is said: fewer make an interval that says nothing."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What came of one draw: how often the expert was among the first, and how often the page was opened from there."""

    is_held_out: bool
    chance: float
    """The chance to be held out, between 0 and 1 without both."""
    firsts: int
    views: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as often something happened with the boost as without, and the interval of it.

    `ratio`, `low` and `high` are None while there is not enough to say; `boosted` and `held_out` count events.
    """

    boosted: int
    held_out: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_enough(self) -> bool:
        """Tell whether there is enough to say a ratio."""
        return self.ratio is not None


@dataclass(frozen=True, slots=True)
class Lift:
    """What boosts brought: places among the first, and pages opened."""

    firsts: Ratio
    views: Ratio


def measure(draws: Iterable[Draw], *, confidence: float = 0.95) -> Lift:
    """Return the lift over some draws, of one expert or of all."""
    known = list(draws)
    return Lift(
        _ratio([(draw, draw.firsts) for draw in known], confidence),
        _ratio([(draw, draw.views) for draw in known], confidence),
    )


def _ratio(events: list[tuple[Draw, int]], confidence: float) -> Ratio:
    boosted = [(draw.chance, count) for draw, count in events if not draw.is_held_out and count]
    held_out = [(draw.chance, count) for draw, count in events if draw.is_held_out and count]
    counts = (sum(count for _, count in boosted), sum(count for _, count in held_out))
    if min(len(boosted), len(held_out)) < FEWEST_DRAWS:
        return Ratio(*counts)
    with_boost = [count / (1 - chance) for chance, count in boosted]
    without = [count / chance for chance, count in held_out]
    ratio = sum(with_boost) / sum(without)
    deviation = math.sqrt(_relative_variance(with_boost) + _relative_variance(without))
    factor = math.exp(NormalDist().inv_cdf(0.5 + confidence / 2) * deviation)
    return Ratio(*counts, ratio, ratio / factor, ratio * factor)


def _relative_variance(weights: list[float]) -> float:
    return math.fsum(weight**2 for weight in weights) / math.fsum(weights) ** 2
