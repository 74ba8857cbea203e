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


def gather(listed: Sequence[Sequence[str]], mentioned: Sequence[Sequence[str]]) -> HeldSkills:
    """Gather the skills that each candidate lists and those that its text mentions; who does both lists it."""
    numbers: dict[str, int] = {}
    rows = [
        (numbers.setdefault(key, len(numbers)), holder, key in lists)
        for holder, (lists, mentions) in enumerate(zip(listed, mentioned, strict=True))
        for key in dict.fromkeys([*mentions, *lists])
    ]
    codes, holders, is_listed = np.array(rows, dtype=np.intp).reshape(-1, 3).T
    return HeldSkills(list(numbers), codes, holders, is_listed.astype(np.bool_), len(listed))
