"""Grades made from what visitors opened and whom clients approached, set right for where it stood.

A profile further down is opened less because fewer people look there. How much less is estimated from our own pages:
the same expert for the same query stands in different places (weeks' draws, rankings that change, interleaving), and
the rate of opening is taken as the product of how often a position is looked at and how much the pair attracts
(examination hypothesis; Craswell et al. 2008; estimated without an intrusive experiment as by Agarwal et al. 2019).
Both factors have gamma priors: positions start from 1 / position (Joachims, Swaminathan, Schnabel 2017), so that an
installation with little traffic believes that, and pairs from the mean of all pairs, so that one lucky view is not
much. The ratio of views to what an average pair would have got in the same places is COEC, clicks over expected clicks
(Zhang and Jones 2007), shrunken.

Some who open a profile go on to approach the expert: they propose a mission, or write. That is rarer and says more,
so an approach counts as some views more (`APPROACH_VIEWS`), on both sides of the ratio: the mean pair stays at 1.
How often a position is looked at is still estimated from views alone. It is opening that a position brings about;
whoever has opened a profile decides by what stands in it, often days later, and no longer sees the place. Approaches
have the position's bias because their view has it, so the same factor takes it out. In the estimate they would add
noise: a handful, weighed several times, at the places of the few whom clients happened to choose.
"""

from collections.abc import Callable, Iterable, Mapping
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
APPROACH_VIEWS = 2.5
"""Views that an approach counts for, beside the one that it came from.

The most at which one approach alone lifts a pair by no more than one grade: the shortest step between grades, 0.5,
times what weighs against it where a pair is graded at all, `FEWEST_EXPECTED + PAIR_VIEWS`. Nobody's friend makes a 3.
"""
ROUNDS = 50
_GRADES = ((1.6, 3), (1.0, 2), (0.5, 1))
"""From which shrunken ratio on a pair is graded how, a convention; below all it is 0. 1 is what a mean pair gets."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How often an expert was shown for a query in one position, opened from there, and approached afterwards."""

    query: str
    expert: str
    position: int
    impressions: int
    views: float
    approaches: int = 0


@dataclass(frozen=True, slots=True)
class TrafficJudgment:
    """Grades of a query, made from traffic: `source` says so wherever they go."""

    query: str
    grades: Mapping[str, int]
    source: Literal["traffic"] = "traffic"


Worth = Callable[[Traffic], float]
"""What is counted of a row."""


def examined(position: int) -> float:
    """Return the first guess of how often a position is looked at, against the first one."""
    return 1.0 / min(position, POSITIONS)


def estimate(traffic: Iterable[Traffic]) -> dict[int, float]:
    """Return how often each position that occurs is looked at, against the first one (1 where nothing says else)."""
    rows = [row for row in traffic if row.impressions > 0]
    looked_at = {_place(row): examined(_place(row)) for row in rows}
    looked_at.setdefault(1, 1.0)
    for _ in range(ROUNDS):
        attraction = _attraction(rows, looked_at, _views)
        mean = _mean_rate(rows, looked_at, _views)
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
    # Whether a pair was seen often enough is asked of views alone: approaches make nobody better known.
    mean = _mean_rate(rows, looked_at, _views)
    expected: dict[tuple[str, str], float] = {}
    for row in rows:
        pair = (row.query, row.expert)
        expected[pair] = expected.get(pair, 0.0) + row.impressions * mean * looked_at[_place(row)]
    found: dict[str, dict[str, int]] = {}
    for (query, expert), ratio in _attraction(rows, looked_at, _worth).items():
        if expected[query, expert] >= FEWEST_EXPECTED:
            found.setdefault(query, {})[expert] = _graded(ratio)
    return [TrafficJudgment(query, grades) for query, grades in sorted(found.items())]


def _graded(ratio: float) -> int:
    # What is 1 but for the rounding of sums is 1.
    return next((given for least, given in _GRADES if round(ratio, 9) >= least), 0)


def _attraction(rows: list[Traffic], looked_at: Mapping[int, float], worth: Worth) -> dict[tuple[str, str], float]:
    """Return what each pair got over what a mean pair would have got, drawn towards 1 (shrunken COEC)."""
    mean = _mean_rate(rows, looked_at, worth)
    got: dict[tuple[str, str], float] = {}
    expected: dict[tuple[str, str], float] = {}
    for row in rows:
        pair = (row.query, row.expert)
        got[pair] = got.get(pair, 0.0) + worth(row)
        expected[pair] = expected.get(pair, 0.0) + row.impressions * mean * looked_at[_place(row)]
    return {pair: (got[pair] + PAIR_VIEWS) / (expected[pair] + PAIR_VIEWS) for pair in got}


def _mean_rate(rows: list[Traffic], looked_at: Mapping[int, float], worth: Worth) -> float:
    """Return what a mean pair gets from each impression in the first position."""
    looks = sum(row.impressions * looked_at[_place(row)] for row in rows)
    return sum(worth(row) for row in rows) / looks if looks else 0.0


def _views(row: Traffic) -> float:
    return row.views


def _worth(row: Traffic) -> float:
    """Return the views, and what approaches count for."""
    return row.views + APPROACH_VIEWS * row.approaches


def _place(row: Traffic) -> int:
    return min(row.position, POSITIONS)
