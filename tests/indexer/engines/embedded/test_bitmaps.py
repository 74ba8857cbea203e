import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.embedded import bitmaps

SIZE = 150
slots = st.sets(st.integers(0, SIZE - 1))


def flagged(members: set[int]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.isin(np.arange(SIZE), sorted(members))


@given(slots)
def test_bits_hold_what_was_flagged(members: set[int]) -> None:
    bits = bitmaps.of_flags(flagged(members))
    assert set(np.flatnonzero(bitmaps.flags(bits, SIZE)).tolist()) == members
    assert bitmaps.count(bits) == len(members)


@given(st.lists(slots, min_size=1, max_size=5))
def test_at_least_counts_in_how_many_sets_each_slot_is(sets: list[set[int]]) -> None:
    found = bitmaps.at_least([bitmaps.of_flags(flagged(members)) for members in sets])
    times = [sum(slot in members for members in sets) for slot in range(SIZE)]
    assert len(found) == len(sets)
    for least, bits in enumerate(found, 1):
        assert bitmaps.flags(bits, SIZE).tolist() == [count >= least for count in times]
