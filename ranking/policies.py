"""What policy does to the order after scoring: boost cap, newcomer's slot, one place for one text.

What is guaranteed (mission row B2): nobody is passed by a boosted expert whose base score is less than 1 / (1 + boost)
of theirs, and of each `top` places (the first ten, the next ten, and so on) at most `boosted_at_top` are owed to a
boost. Two rules move experts whatever anybody paid, and are outside of the guarantee: the seated newcomer may pass
who is better, by the newcomer's rule, and whoever repeats a text gives way to all of the first places.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ranking.profiles import Policy
from ranking.scoring import Flags, Floats

Move = Literal["boost", "boost_capped", "boost_held_out", "newcomer", "duplicate"]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Ordered:
    """Candidates best first, and what policy did to the place of some."""

    order: Places
    moves: dict[int, Move]


def order(
    policy: Policy,
    base: Floats,
    added: Floats,
    *,
    ties: NDArray[np.int64],
    held_out: Flags,
    newcomers: Flags,
    texts: NDArray[np.int64],
) -> Ordered:
    """Order candidates by base * (1 + added), then apply the policy.

    `ties` breaks equal scores the same way each time; `texts` are equal where two profiles say the same. Who repeats
    the text of a better one can't buy a way past it.
    """
    repeated = _repeated(_ranked(base, ties), texts)
    candidates = _Field(policy, base, np.where(repeated, 0.0, added), ties, repeated)
    lined = candidates.line_up(None)
    newcomer = _newcomer(policy, lined.order, base, newcomers & ~repeated)
    if newcomer is not None:
        lined = candidates.line_up(newcomer)
    moves: dict[int, Move] = {int(place): "boost_held_out" for place in np.flatnonzero(held_out)}
    moves.update(dict.fromkeys(lined.capped, "boost_capped"))
    moves.update({int(place): "boost_capped" for place in np.flatnonzero(repeated & (added > 0))})
    moves.update(dict.fromkeys(lined.owing, "boost"))
    moves.update(dict.fromkeys(lined.sunk, "duplicate"))
    if newcomer is not None:
        moves[newcomer] = "newcomer"
    return Ordered(np.array(lined.order, dtype=np.intp), moves)


@dataclass(slots=True)
class _Lined:
    """Candidates in their places, and who lost a boost, owes a place to one, or gave way as a repetition."""

    order: list[int] = field(default_factory=list)
    capped: list[int] = field(default_factory=list)
    owing: list[int] = field(default_factory=list)
    sunk: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Field:
    """Candidates and what decides their places."""

    policy: Policy
    base: Floats
    added: Floats
    ties: NDArray[np.int64]
    repeated: Flags

    def line_up(self, newcomer: int | None) -> _Lined:
        """Fill places from the first to the last; a newcomer, if any, has the seat whatever the score."""
        unboosted = self._fill(newcomer, self.base, None)
        if not self.added.any():
            return unboosted
        without = np.empty(len(self.base), dtype=np.intp)
        without[unboosted.order] = np.arange(len(self.base))
        return self._fill(newcomer, self.base * (1.0 + self.added), without.tolist())

    def _fill(self, newcomer: int | None, scores: Floats, without: list[int] | None) -> _Lined:
        """Give each place to the best who is left, unless too many near it owe theirs to a boost.

        `without` says where each would stand without any boost. A place is final once it is given, so that who comes
        too late for the boosts of its page goes on with the base score, and nobody before it moves.
        """
        found = _Lined()
        top, seat = self.policy.top, _seat(self.policy)
        line = _Line(_ranked(scores, self.ties).tolist(), scores, self.base, self.ties)
        owed: Counter[int] = Counter()
        is_repeated = self.repeated.tolist()
        held_back: list[int] = []
        for candidate in line.drawn(newcomer):
            if newcomer is not None and len(found.order) == seat:
                found.order.append(newcomer)
            place = len(found.order)
            if place < top and is_repeated[candidate]:
                held_back.append(candidate)
                continue
            if held_back and place >= top:
                found.order.extend(held_back)
                found.sunk, held_back = held_back, []
                place = len(found.order)
            if without is not None and self.added[candidate] > 0 and not line.is_deprived(candidate):
                page = place // top
                if without[candidate] > place and owed[page] == self.policy.boosted_at_top:
                    found.capped.append(candidate)
                    line.deprive(candidate)
                    continue
                if without[candidate] > place:
                    owed[page] += 1
                    found.owing.append(candidate)
            found.order.append(candidate)
        found.order.extend(held_back)
        found.sunk.extend(held_back)
        if newcomer is not None and newcomer not in found.order[seat : seat + 1]:
            found.order.insert(seat, newcomer)
        return found


class _Line:
    """Who is left, best first; who is deprived of a boost comes again with the base score."""

    def __init__(self, ranked: list[int], scores: Floats, base: Floats, ties: NDArray[np.int64]) -> None:
        self._ranked, self._scores, self._base, self._ties = ranked, scores, base, ties
        self._deprived: list[tuple[float, int, int]] = []
        self._were_deprived: set[int] = set()

    def drawn(self, left_out: int | None) -> Iterator[int]:
        """Yield everybody once, and who was deprived a second time."""
        for candidate in self._ranked:
            if candidate != left_out:
                while self._deprived and self._deprived[0][:2] < (-self._scores[candidate], self._ties[candidate]):
                    yield heapq.heappop(self._deprived)[2]
                yield candidate
        while self._deprived:
            yield heapq.heappop(self._deprived)[2]

    def deprive(self, candidate: int) -> None:
        """Have a candidate come again, with the base score."""
        self._were_deprived.add(candidate)
        heapq.heappush(self._deprived, (-float(self._base[candidate]), int(self._ties[candidate]), candidate))

    def is_deprived(self, candidate: int) -> bool:
        """Tell whether a candidate has lost its boost."""
        return candidate in self._were_deprived


def _ranked(scores: Floats, ties: NDArray[np.int64]) -> Places:
    return np.lexsort((ties, -scores))


def _repeated(unboosted: Places, texts: NDArray[np.int64]) -> Flags:
    """Tell who repeats the text of somebody with a better base score."""
    repeated = np.ones(len(texts), dtype=np.bool_)
    repeated[unboosted[np.unique(texts[unboosted], return_index=True)[1]]] = False
    return repeated


def _seat(policy: Policy) -> int:
    return min(policy.newcomer_position, policy.top) - 1


def _newcomer(policy: Policy, best_first: list[int], base: Floats, newcomers: Flags) -> int | None:
    """Return the newcomer who is nearly as good as who has the seat, unless one has a place that people see."""
    if len(best_first) <= policy.top or newcomers[best_first[: policy.top]].any():
        return None
    needed = policy.newcomer_reach * base[best_first[_seat(policy)]]
    return next((one for one in best_first[policy.top :] if newcomers[one] and base[one] >= needed), None)
