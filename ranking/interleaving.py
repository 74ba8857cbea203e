"""Two rankings compared within the same pages: team draft, and when its evidence is enough.

Team draft (Radlinski, Kurup, Joachims 2008): in rounds, one team picks its best expert who is left, then the other;
a coin says who begins each round. Whoever is opened gives a point to the team that picked them. A visitor's day goes
to the team with more points, since searches of one visitor hang together; days without a winner say nothing.

The evidence may be looked at whenever one likes. Under "neither is better" each decided day is a fair coin; the
likelihood ratio of a Beta(50, 50) mixture of preferences against it then stays below 1 / alpha for ever with
probability 1 - alpha (Ville 1939; Robbins 1970; always-valid inference: Johari, Pekelis, Walsh 2015). Preferences of
a few points are what that mixture expects, and what rankings differ by.
"""

import hashlib
import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Team = Literal["live", "canary"]
Item = TypeVar("Item", bound=Hashable)
ALPHA = 0.05
MIXTURE = 50.0
"""Both parameters of the Beta mixture: a standard deviation of 5 points around "equal"."""
MOST_DAYS = 1_000_000
"""Visitor days above which a difference is too small to wait for."""


@dataclass(frozen=True, slots=True)
class Drafted(Generic[Item]):
    """The mixed order, and which team brought each."""

    order: tuple[Item, ...]
    teams: tuple[Team, ...]


def draft(live: Sequence[Item], canary: Sequence[Item], key: str) -> Drafted[Item]:
    """Mix two orders. The coins hang on `key` alone: every page of one search is cut from the same mix.

    Any beginning of the mix takes no more than as many from the beginning of either order. So if at most k of the
    first n of each owe their place to a boost, at most 2k of the first n of the mix do.
    """
    lines: dict[Team, Sequence[Item]] = {"live": live, "canary": canary}
    at: dict[Team, int] = {"live": 0, "canary": 0}
    order: list[Item] = []
    teams: list[Team] = []
    taken: set[Item] = set()
    for number in range(len(live) + len(canary)):
        for team in _round(key, number):
            line = lines[team]
            while at[team] < len(line) and line[at[team]] in taken:
                at[team] += 1
            if at[team] < len(line):
                taken.add(line[at[team]])
                order.append(line[at[team]])
                teams.append(team)
        if all(at[team] >= len(lines[team]) for team in lines):
            break
    return Drafted(tuple(order), tuple(teams))


def leader(key: str) -> Team:
    """Return which team picks first of all."""
    return _round(key, 0)[0]


def _round(key: str, number: int) -> tuple[Team, Team]:
    """Return who picks first in a round."""
    coin = hashlib.blake2b(f"draft|{key}|{number}".encode(), digest_size=1).digest()[0] & 1
    return ("canary", "live") if coin else ("live", "canary")


@dataclass(frozen=True, slots=True)
class Day:
    """A visitor's day: the points of each team, over `searches` interleaved searches."""

    searches: int
    live: int
    canary: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the days say so far.

    `preference` is the share of decided days that the canary won, 0.5 where neither is better; `low` and `high` are
    its always-valid interval. `better` is None until the evidence is enough, whatever was looked at before.
    `searches_needed` estimates how many more interleaved searches it takes if things go on as they did; None where
    that can't be said, because nothing was decided yet or the two are too near each other.
    """

    searches: int
    days: int
    live_days: int
    canary_days: int
    preference: float | None
    low: float
    high: float
    evidence: float
    """The likelihood ratio against "neither is better"; enough from 1 / alpha on."""
    better: Team | None
    searches_needed: int | None


def judge(days: Iterable[Day], *, alpha: float = ALPHA) -> Verdict:
    """Return what some visitor days say."""
    known = list(days)
    searches = sum(day.searches for day in known)
    canary = sum(day.canary > day.live for day in known)
    live = sum(day.live > day.canary for day in known)
    decided = live + canary
    evidence = _evidence(canary, decided)
    low, high = _interval(canary, decided, alpha)
    better: Team | None = None
    if evidence >= math.log(1 / alpha):
        better = "canary" if canary > live else "live"
    return Verdict(
        searches=searches,
        days=len(known),
        live_days=live,
        canary_days=canary,
        preference=canary / decided if decided else None,
        low=low,
        high=high,
        evidence=math.exp(min(evidence, 700.0)),
        better=better,
        searches_needed=0 if better else _searches_needed(canary, decided, searches, alpha),
    )


def _evidence(won: float, decided: float, fair: float = 0.5) -> float:
    """Return the logarithm of the mixture's likelihood against a coin that falls with probability `fair`."""
    lost = decided - won
    mixed = _log_beta(MIXTURE + won, MIXTURE + lost) - _log_beta(MIXTURE, MIXTURE)
    return mixed - won * math.log(fair) - lost * math.log(1 - fair)


def _log_beta(first: float, second: float) -> float:
    return math.lgamma(first) + math.lgamma(second) - math.lgamma(first + second)


def _interval(won: int, decided: int, alpha: float) -> tuple[float, float]:
    """Return the preferences that the days do not speak against: an interval, found from its middle outwards."""
    if not decided:
        return 0.0, 1.0
    # The mixture's ratio is smallest near the share that was seen, and grows towards both ends.
    middle = min(max(won / decided, 1e-9), 1 - 1e-9)
    bounds: list[float] = []
    for end in (1e-12, 1 - 1e-12):
        inside, outside = middle, end
        if _evidence(won, decided, outside) < math.log(1 / alpha):
            bounds.append(round(end))
            continue
        for _ in range(60):
            between = (inside + outside) / 2
            if _evidence(won, decided, between) < math.log(1 / alpha):
                inside = between
            else:
                outside = between
        bounds.append(inside)
    return bounds[0], bounds[1]


def _searches_needed(won: int, decided: int, searches: int, alpha: float) -> int | None:
    """Return how many more searches it takes if the share of days won stays as it is."""
    if not decided or 2 * won == decided:
        return None
    share = won / decided

    def is_enough(days: int) -> bool:
        return _evidence(days * share, days) >= math.log(1 / alpha)

    few, many = decided, decided
    while not is_enough(many):
        few, many = many, 2 * many
        if many > MOST_DAYS:
            return None
    while many - few > 1:
        between = (few + many) // 2
        few, many = (few, between) if is_enough(between) else (between, many)
    return math.ceil((many - decided) * searches / decided)
