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
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar, get_args

from ranking.policies import Move

Team = Literal["live", "canary"]
TEAMS: tuple[Team, ...] = get_args(Team)
Item = TypeVar("Item", bound=Hashable)
ALPHA = 0.05
MIXTURE = 50.0
"""Both parameters of the Beta mixture: a standard deviation of 5 points around "equal"."""
MOST_DAYS = 1_000_000
"""Visitor days above which a difference is too small to wait for."""


@dataclass(frozen=True, slots=True)
class Pick(Generic[Item]):
    """Somebody in the order of one ranking, and what that ranking's policy did to the place.

    `decisive` is the score that decided the place: with the boost where it counted.
    """

    item: Item
    base: float
    decisive: float
    text: int
    moved: Move | None = None


@dataclass(frozen=True, slots=True)
class Drafted(Generic[Item]):
    """The mixed order, which team brought each, and what mixing did to the place of some."""

    order: tuple[Item, ...]
    teams: tuple[Team, ...]
    moves: dict[Item, Move]


def shares(cap: int, key: str) -> dict[Team, int]:
    """Return how many places of each page the boosts of a team may bring: the first to pick has the larger half."""
    first = leader(key)
    return {team: (cap + 1) // 2 if team == first else cap // 2 for team in TEAMS}


def draft(
    live: Sequence[Pick[Item]], canary: Sequence[Pick[Item]], key: str, *, top: int, boosted: Mapping[Team, int]
) -> Drafted[Item]:
    """Mix two orders. The coins hang on `key` alone: every page of one search is cut from the same mix.

    Of each `top` places of the mix, a team gives no more than its number in `boosted` to who owes a place to a boost:
    who comes too late goes on with the base score. Of who say the same, one stands in the first `top`.
    """
    mix = _Mix({"live": list(live), "canary": list(canary)}, top, boosted)
    number = 0
    while any(mix.lines.values()):
        has_picked = [mix.pick(team) for team in _round(key, number)]
        mix.has_only_repetitions |= not any(has_picked)
        number += 1
    return Drafted(tuple(mix.order), tuple(mix.teams), mix.moves)


@dataclass(slots=True)
class _Mix(Generic[Item]):
    """A mix that grows; `lines` are who is left of each order."""

    lines: dict[Team, list[Pick[Item]]]
    top: int
    boosted: Mapping[Team, int]
    order: list[Item] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    moves: dict[Item, Move] = field(default_factory=dict)
    has_only_repetitions: bool = False
    _taken: set[Item] = field(default_factory=set)
    _texts: set[int] = field(default_factory=set)
    _owed: Counter[tuple[Team, int]] = field(default_factory=Counter)

    def pick(self, team: Team) -> bool:
        """Give the next place to the best who is left of a team; tell whether there is anybody."""
        line, place = self.lines[team], len(self.order)
        account = (team, place // self.top)
        at = 0
        while at < len(line):
            best = line[at]
            if best.item in self._taken:
                del line[at]
            elif place < self.top and best.text in self._texts and not self.has_only_repetitions:
                self.moves[best.item] = "duplicate"
                at += 1
            elif best.moved == "boost" and self._owed[account] == self.boosted[team]:
                del line[at]
                _put_back(line, best)
                at = 0
            else:
                self._owed[account] += best.moved == "boost"
                self._take(line.pop(at), team)
                return True
        return False

    def _take(self, best: Pick[Item], team: Team) -> None:
        self.order.append(best.item)
        self.teams.append(team)
        self._taken.add(best.item)
        self._texts.add(best.text)
        if best.moved is not None:
            self.moves.setdefault(best.item, best.moved)


def _put_back(line: list[Pick[Item]], pick: Pick[Item]) -> None:
    """Give somebody the place in a line that the base score earns; who was seated or gave way has no say in it."""
    better = [
        at
        for at, other in enumerate(line)
        if other.decisive > pick.base and other.moved not in {"newcomer", "duplicate"}
    ]
    line.insert(better[-1] + 1 if better else 0, replace(pick, decisive=pick.base, moved="boost_capped"))


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
