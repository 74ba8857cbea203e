import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.embedded import segments
from indexer.engines.embedded.analysis import Analysis
from indexer.engines.embedded.segments import Segment, Selection


@st.composite
def analyses(draw: st.DrawFn) -> Analysis:
    terms = draw(st.dictionaries(st.integers(0, 12), st.integers(1, 9), max_size=6))
    return Analysis(
        np.array(list(terms), dtype=np.uint64),
        np.array(list(terms.values()), dtype=np.float32),
        float(sum(terms.values())),
    )


commits = st.lists(st.lists(analyses(), min_size=1, max_size=5), min_size=1, max_size=8)


def told(segment: Segment) -> list[list[object]]:
    """Return everything that a segment says."""
    return [
        np.asarray(part).tolist()
        for part in (
            segment.first_slot,
            segment.size,
            segment.hashes,
            segment.starts,
            segment.slots,
            segment.frequencies,
        )
    ]


@given(commits)
def test_merged_segments_are_what_one_build_of_everything_gives(found: list[list[Analysis]]) -> None:
    merged = segments.build(0, found[0])
    for commit in found[1:]:
        merged = segments.merge(merged, segments.build(merged.size, commit))
    whole = segments.build(0, [item for commit in found for item in commit])
    assert told(merged) == told(whole)


@given(commits, st.integers(0, 12))
def test_a_term_is_found_in_the_same_slots_however_documents_were_committed(
    found: list[list[Analysis]], term: int
) -> None:
    kept: tuple[Segment, ...] = ()
    size = 0
    for commit in found:
        kept = segments.append(kept, segments.build(size, commit))
        size += len(commit)
    expected = {
        slot: float(item.frequencies[item.hashes == term][0])
        for slot, item in enumerate(item for commit in found for item in commit)
        if term in item.hashes
    }
    postings = [part.postings(term) for part in kept]
    told_slots = [int(slot) for slots, _ in postings for slot in slots]
    told_frequencies = [float(value) for _, frequencies in postings for value in frequencies]
    assert dict(zip(told_slots, told_frequencies, strict=True)) == expected


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40))
def test_few_segments_are_kept_and_none_is_lost(sizes: list[int]) -> None:
    nothing = Analysis(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.float32), 0.0)
    kept: tuple[Segment, ...] = ()
    first = 0
    for size in sizes:
        kept = segments.append(kept, segments.build(first, [nothing] * size))
        first += size
    assert [part.first_slot for part in kept] == np.cumsum([0, *(part.size for part in kept[:-1])]).tolist()
    assert sum(part.size for part in kept) == first
    assert len(kept) <= 1 + np.log(first) / np.log(segments.MERGE_RATIO)


@given(st.lists(st.lists(st.integers(), max_size=4), min_size=1, max_size=8), st.data())
def test_ranges_are_the_flat_positions_of_rows(rows: list[list[int]], data: st.DataObject) -> None:
    starts = np.cumsum([0, *map(len, rows)])
    picked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=6))
    flat, sizes = segments.ranges(starts, np.array(picked, dtype=np.int64))
    values = [value for row in rows for value in row]
    assert [values[at] for at in flat] == [value for row in picked for value in rows[row]]
    assert sizes.tolist() == [len(rows[row]) for row in picked]


@given(st.sets(st.integers(0, 400)), st.sets(st.integers(0, 400)))
def test_a_selection_keeps_its_own_postings_and_says_their_place(selected: set[int], posted: set[int]) -> None:
    postings = np.array(sorted(posted), dtype=np.int32)
    selection = Selection(np.array(sorted(selected), dtype=np.int64), 401)
    places, frequencies = selection.restrict(postings, postings.astype(np.float32))
    kept = [sorted(selected)[place] for place in places]
    assert kept == sorted(selected & posted)
    assert frequencies.tolist() == kept
