from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.embedded.columns import WIDEST, Codes, Columns, Ragged
from indexer.engines.interface import FACETS
from tests.indexer.engines.embedded.test_engine import document

VALUES = 6
NAMES = ["customs", "audit", "wine", "law", "tax"]
numbers = st.sampled_from(range(len(NAMES)))


def ragged(lists: list[list[int]]) -> Ragged:
    nothing = Ragged(np.empty(0, dtype=np.int32), np.zeros(1, dtype=np.int64))
    return nothing.extended(lists)


@given(st.lists(st.tuples(st.lists(st.integers(0, VALUES - 1), max_size=WIDEST + 4), st.booleans()), max_size=12))
def test_a_table_counts_the_values_of_flagged_rows_long_ones_too(rows: list[tuple[list[int], bool]]) -> None:
    wanted = np.array([is_wanted for _, is_wanted in rows], dtype=np.bool_)
    expected = Counter(value for values, is_wanted in rows if is_wanted for value in values)
    assert ragged([values for values, _ in rows]).table().counts(np.flatnonzero(wanted), VALUES).tolist() == [
        expected[value] for value in range(VALUES)
    ]


@given(st.lists(st.dictionaries(numbers, st.booleans()), min_size=1), st.data())
def test_each_row_holds_the_skills_that_it_lists_or_mentions(
    skills: list[dict[int, bool]], draw: st.DataObject
) -> None:
    listed = [[number for number, is_listed in own.items() if is_listed] for own in skills]
    mentioned = [[number for number, is_listed in own.items() if not is_listed] for own in skills]
    facets = {name: ragged(listed if name == "skill" else []) for name in FACETS}
    rows = draw.draw(st.lists(st.sampled_from(range(len(skills)))))
    held = Columns([], facets=facets, mentions=ragged(mentioned)).held_skills(np.array(rows, dtype=np.int64), NAMES)
    found = zip(
        held.holders.tolist(), [held.keys[int(code)] for code in held.codes], held.is_listed.tolist(), strict=True
    )
    expected = [
        (holder, NAMES[number], is_listed)
        for holder, row in enumerate(rows)
        for number, is_listed in skills[row].items()
    ]
    assert sorted(found) == sorted(expected)
    assert held.size == len(rows)


@given(st.lists(st.dictionaries(numbers, st.tuples(st.floats(1, 90), st.floats(1, 9))), min_size=1), st.data())
def test_each_row_keeps_the_reviews_of_its_skills(
    skills: list[dict[int, tuple[float, float]]], draw: st.DataObject
) -> None:
    codes = {name: Codes() for name in FACETS}
    found = [
        document(
            f"e{number}",
            review_prior=3.0 + number,
            review_sum=float(number),
            review_weight=2.0 * number,
            reviewed_skills={NAMES[code]: list(totals) for code, totals in own.items()},
        )
        for number, own in enumerate(skills)
    ]
    columns = Columns([])
    for item in found:
        columns = columns.extended([item], [1.0], codes)
    rows = np.array(draw.draw(st.lists(st.sampled_from(range(len(skills))), unique=True)), dtype=np.int64)
    kept = columns.taken(rows)
    reviews = kept.reviews(np.arange(len(rows)), codes["skill"].values)
    told = zip(
        reviews.holders.tolist(),
        [reviews.keys[int(code)] for code in reviews.codes],
        reviews.skill_sums.tolist(),
        reviews.skill_weights.tolist(),
        strict=True,
    )
    expected = [
        (holder, NAMES[code], total, weight)
        for holder, row in enumerate(rows.tolist())
        for code, (total, weight) in skills[row].items()
    ]
    assert sorted(told) == sorted(expected)
    assert reviews.priors.tolist() == [3.0 + row for row in rows.tolist()]
    assert (reviews.sums * 2).tolist() == reviews.weights.tolist() == [2.0 * row for row in rows.tolist()]
