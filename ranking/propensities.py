"""Grades made from what visitors opened, set right for where it stood.

A profile further down is opened less because fewer people look there. How much less is estimated from our own pages:
the same expert for the same query stands in different places (weeks' draws, rankings that change, interleaving), and
the rate of opening is taken as the product of how often a position is looked at and how much the pair attracts
(examination hypothesis; Craswell et al. 2008; estimated without an intrusive experiment as by Agarwal et al. 2019).
Both factors have gamma priors: positions start from 1 / position (Joachims, Swaminathan, Schnabel 2017), so that an
installation with little traffic believes that, and pairs from the mean of all pairs, so that one lucky view is not
much. The ratio of views to what an average pair would have got in the same places is COEC, clicks over expected clicks
(Zhang and Jones 2007), shrunken.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

POSITIONS = 100
"""Positions that are told apart; whatever stands lower counts as the last of them."""
PRIOR_VIEWS = 50.0
"""Views that the first guess about a position weighs."""
PAIR_VIEWS = 2.0
"""Expected views that the guess "as attractive as the mean" weighs for a pair."""
FEWEST_EXPECTED = 3.0
"""Expected views below which a pair is not graded at all."""
ROUNDS = 50
_GRADES = ((1.6, 3), (1.0, 2), (0.5, 1))
"""From which shrunken ratio on a pair is graded how, a convention; below all it is 0. 1 is what a mean pair gets."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How often an expert was shown for a query in one position, and opened from there."""

    query: str
    expert: str
    position: int
    impressions: int
    views: float


@dataclass(frozen=True, slots=True)
class TrafficJudgment:
    """Grades of a query, made from traffic: `source` says so wherever they go."""

    query: str
    grades: Mapping[str, int]
    source: Literal["traffic"] = "traffic"


def examined(position: int) -> float:
    """Return the first guess of how often a position is looked at, against the first one."""
    return 1.0 / min(position, POSITIONS)


def estimate(traffic: Iterable[Traffic]) -> dict[int, float]:
    """Return how often each position that occurs is looked at, against the first one (1 where nothing says else)."""
    rows = [row for row in traffic if row.impressions > 0]
    looked_at = {_place(row): examined(_place(row)) for row in rows}
    looked_at.setdefault(1, 1.0)
    for _ in range(ROUNDS):
        attraction = _attraction(rows, looked_at)
        mean = _mean_rate(rows, looked_at)
        views: dict[int, float] = dict.fromkeys(looked_at, 0.0)
        expected: dict[int, float] = dict.fromkeys(looked_at, 0.0)
        for row in rows:
            views[_place(row)] += row.views
            expected[_place(row)] += row.impressions * mean * attraction[row.query, row.expert]
        looked_at = {
            place: (views[place] + PRIOR_VIEWS * examined(place)) / (expected[place] + PRIOR_VIEWS)
            for place in looked_at
        }
        first = looked_at[1]
        looked_at = {place: value / first for place, value in looked_at.items()}
    return looked_at


def grade(traffic: Iterable[Traffic]) -> list[TrafficJudgment]:
    """Return grades from 0 to 3 of the pairs that were shown often enough, by query."""
    rows = [row for row in traffic if row.impressions > 0]
    looked_at = estimate(rows)
    mean = _mean_rate(rows, looked_at)
    expected: dict[tuple[str, str], float] = {}
    for row in rows:
        pair = (row.query, row.expert)
        expected[pair] = expected.get(pair, 0.0) + row.impressions * mean * looked_at[_place(row)]
    found: dict[str, dict[str, int]] = {}
    for (query, expert), ratio in _attraction(rows, looked_at).items():
        if expected[query, expert] >= FEWEST_EXPECTED:
            found.setdefault(query, {})[expert] = next((given for least, given in _GRADES if ratio >= least), 0)
    return [TrafficJudgment(query, grades) for query, grades in sorted(found.items())]


def _attraction(rows: list[Traffic], looked_at: Mapping[int, float]) -> dict[tuple[str, str], float]:
    """Return each pair's views over those that a mean pair would have got, drawn towards 1 (shrunken COEC)."""
    mean = _mean_rate(rows, looked_at)
    views: dict[tuple[str, str], float] = {}
    expected: dict[tuple[str, str], float] = {}
    for row in rows:
        pair = (row.query, row.expert)
        views[pair] = views.get(pair, 0.0) + row.views
        expected[pair] = expected.get(pair, 0.0) + row.impressions * mean * looked_at[_place(row)]
    return {pair: (views[pair] + PAIR_VIEWS) / (expected[pair] + PAIR_VIEWS) for pair in views}


def _mean_rate(rows: list[Traffic], looked_at: Mapping[int, float]) -> float:
    """Return how often the first position of a mean pair is opened."""
    looks = sum(row.impressions * looked_at[_place(row)] for row in rows)
    return sum(row.views for row in rows) / looks if looks else 0.0


def _place(row: Traffic) -> int:
    return min(row.position, POSITIONS)
