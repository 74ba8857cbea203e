"""What policy does to the order after scoring: boost cap, newcomer's slot, one place for one text."""

from dataclasses import dataclass
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

    `ties` breaks equal scores the same way each time; `texts` are equal where two profiles say the same.
    """
    unboosted = _ranked(base, ties)
    added, capped = _cap(policy, base, added, ties, unboosted)
    best_first = _ranked(base * (1.0 + added), ties)
    moves: dict[int, Move] = {int(place): "boost_held_out" for place in np.flatnonzero(held_out)}
    moves.update(dict.fromkeys(capped, "boost_capped"))
    moves.update(dict.fromkeys(_owing(policy, best_first, unboosted, added), "boost"))
    best_first = _sink_duplicates(policy, best_first, texts, moves)
    best_first = _seat_newcomer(policy, best_first, base, newcomers, moves)
    return Ordered(best_first, moves)


def _ranked(scores: Floats, ties: NDArray[np.int64]) -> Places:
    return np.lexsort((ties, -scores))


def _owing(policy: Policy, boosted: Places, unboosted: Places, added: Floats) -> list[int]:
    """Return who of the first `top` stands higher than without any boost, best first."""
    without = np.empty(len(unboosted), dtype=np.intp)
    without[unboosted] = np.arange(len(unboosted))
    return [
        int(candidate)
        for place, candidate in enumerate(boosted[: policy.top])
        if added[candidate] > 0 and without[candidate] > place
    ]


def _cap(
    policy: Policy, base: Floats, added: Floats, ties: NDArray[np.int64], unboosted: Places
) -> tuple[Floats, list[int]]:
    """Take the boost from the lowest of those who owe their place to it, until few enough do."""
    added = added.copy()
    capped: list[int] = []
    while True:
        owing = _owing(policy, _ranked(base * (1.0 + added), ties), unboosted, added)
        if len(owing) <= policy.boosted_at_top:
            return added, capped
        capped.append(owing[-1])
        added[owing[-1]] = 0.0


def _sink_duplicates(policy: Policy, best_first: Places, texts: NDArray[np.int64], moves: dict[int, Move]) -> Places:
    """Let a text stand once in the first `top`: its repetitions follow right after them."""
    head: list[int] = []
    repeated: list[int] = []
    seen: set[int] = set()
    position = 0
    while position < len(best_first) and len(head) < policy.top:
        candidate = int(best_first[position])
        text = int(texts[candidate])
        if text in seen:
            repeated.append(candidate)
            moves[candidate] = "duplicate"
        else:
            seen.add(text)
            head.append(candidate)
        position += 1
    return np.concatenate([np.array(head + repeated, dtype=np.intp), best_first[position:]])


def _seat_newcomer(
    policy: Policy, best_first: Places, base: Floats, newcomers: Flags, moves: dict[int, Move]
) -> Places:
    """Give one newcomer who is nearly as good a place that people see, unless one has such a place."""
    seat = min(policy.newcomer_position, policy.top) - 1
    if len(best_first) <= policy.top or newcomers[best_first[: policy.top]].any():
        return best_first
    needed = policy.newcomer_reach * base[best_first[seat]]
    for place in range(policy.top, len(best_first)):
        candidate = int(best_first[place])
        if newcomers[candidate] and base[candidate] >= needed:
            moves[candidate] = "newcomer"
            return np.insert(np.delete(best_first, place), seat, candidate)
    return best_first
