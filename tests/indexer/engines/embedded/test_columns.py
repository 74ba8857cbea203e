from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.embedded.columns import WIDEST, Ragged

VALUES = 6


@given(st.lists(st.tuples(st.lists(st.integers(0, VALUES - 1), max_size=WIDEST + 4), st.booleans()), max_size=12))
def test_a_table_counts_the_values_of_flagged_rows_long_ones_too(rows: list[tuple[list[int], bool]]) -> None:
    ragged = Ragged(
        np.array([value for values, _ in rows for value in values], dtype=np.int32),
        np.cumsum([0, *(len(values) for values, _ in rows)]).astype(np.int64),
    )
    wanted = np.array([is_wanted for _, is_wanted in rows], dtype=np.bool_)
    expected = Counter(value for values, is_wanted in rows if is_wanted for value in values)
    assert ragged.table().counts(np.flatnonzero(wanted), VALUES).tolist() == [
        expected[value] for value in range(VALUES)
    ]
