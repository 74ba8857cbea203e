"""Which skills candidates hold, in flat arrays: quicker to count and to weigh than a list a candidate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class HeldSkills:
    """The skills that `size` candidates list, or that only their texts mention; none twice for one candidate.

    `codes` (an index into `keys`), `holders` (the candidate's row) and `is_listed` have one row a skill held.
    """

    keys: Sequence[str]
    codes: NDArray[np.intp]
    holders: NDArray[np.intp]
    is_listed: NDArray[np.bool_]
    size: int


@dataclass(frozen=True, slots=True)
class Skillset:
    """The skills of one candidate: keys, none twice, and which of them the profile lists."""

    keys: tuple[str, ...]
    is_listed: NDArray[np.bool_]


def skillset(listed: Sequence[str], mentioned: Sequence[str]) -> Skillset:
    """Return the skills that a candidate lists and those that its text mentions; who does both lists it."""
    keys = tuple(dict.fromkeys([*mentioned, *listed]))
    return Skillset(keys, np.array([key in listed for key in keys], dtype=np.bool_))


def join(each: Sequence[Skillset]) -> HeldSkills:
    """Put candidates' skills side by side."""
    flat = [key for held in each for key in held.keys]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(flat))}
    return HeldSkills(
        keys=list(numbers),
        codes=np.fromiter(map(numbers.__getitem__, flat), dtype=np.intp, count=len(flat)),
        holders=np.repeat(np.arange(len(each)), [len(held.keys) for held in each]),
        is_listed=np.concatenate([np.empty(0, dtype=np.bool_), *(held.is_listed for held in each)]),
        size=len(each),
    )
