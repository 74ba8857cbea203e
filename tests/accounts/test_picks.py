"""Whatever is done to a shortlist: at most five, nobody twice, and nobody lost without a word."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from accounts import picks
from accounts.picks import MOST, Pick, Picks

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
IDS = st.sampled_from("abcdefgh")
LISTS = st.lists(IDS, unique=True, max_size=MOST).map(lambda ids: tuple(Pick(name, AT) for name in ids))


def names(found: Picks) -> list[str]:
    return [pick.expert_id for pick in found]


@given(LISTS, LISTS)
def test_joining_keeps_both_orders_and_says_who_did_not_fit(first: Picks, second: Picks) -> None:
    kept, left_out = picks.merged(first, second)
    assert len(kept) <= MOST
    assert names(kept)[: len(first)] == names(first)
    assert sorted(names(kept) + names(left_out)) == sorted({*names(first), *names(second)})
    after = [name for name in names(second) if name not in names(first)]
    assert names(kept)[len(first) :] + names(left_out) == after
    assert not left_out or len(kept) == MOST


@given(LISTS, IDS, st.integers(-9, 9))
def test_moving_loses_nobody_and_keeps_the_others_order(found: Picks, name: str, steps: int) -> None:
    moved = picks.moved(found, name, steps)
    assert sorted(names(moved)) == sorted(names(found))
    assert names(picks.without(moved, name)) == names(picks.without(found, name))


@given(LISTS, IDS, st.none() | st.integers(0, 9))
def test_adding_is_refused_only_where_there_is_no_room(found: Picks, name: str, at: int | None) -> None:
    added = picks.added(found, Pick(name, AT), at)
    if name in names(found):
        assert added == found
    elif len(found) == MOST:
        assert added is None
    else:
        assert added is not None
        assert picks.without(added, name) == found


def test_a_note_of_the_joined_list_is_kept_where_there_was_none() -> None:
    mine, theirs = (Pick("a", AT), Pick("b", AT, "mine")), (Pick("a", AT, "theirs"), Pick("b", AT, "theirs"))
    kept, _ = picks.merged(mine, theirs)
    assert [pick.note for pick in kept] == ["theirs", "mine"]
