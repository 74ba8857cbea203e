import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking import interleaving
from ranking.interleaving import Day

orders = st.lists(st.integers(0, 30), unique=True, max_size=25)
keys = st.text(max_size=8)


@given(orders, orders, keys)
def test_everybody_of_either_order_has_one_place(live: list[int], canary: list[int], key: str) -> None:
    drafted = interleaving.draft(live, canary, key)
    assert len(drafted.order) == len(drafted.teams) == len(set(drafted.order))
    assert set(drafted.order) == {*live, *canary}


@given(orders, orders, keys)
def test_each_team_brings_its_best_who_was_left(live: list[int], canary: list[int], key: str) -> None:
    drafted = interleaving.draft(live, canary, key)
    for place, (item, team) in enumerate(zip(drafted.order, drafted.teams, strict=True)):
        line = live if team == "live" else canary
        assert item == next(one for one in line if one not in drafted.order[:place])


@given(st.permutations(range(12)), st.permutations(range(12)), keys)
def test_teams_pick_in_turns(live: list[int], canary: list[int], key: str) -> None:
    teams = interleaving.draft(live, canary, key).teams
    for place in range(0, 12, 2):
        assert {teams[place], teams[place + 1]} == {"live", "canary"}


@given(st.permutations(range(20)), st.permutations(range(20)), keys, st.sets(st.integers(0, 19)), st.integers(1, 20))
def test_no_beginning_of_the_mix_holds_more_boosts_than_those_of_both_orders(
    live: list[int], canary: list[int], key: str, owing: set[int], places: int
) -> None:
    mixed = interleaving.draft(live, canary, key).order[:places]
    both = sum(one in owing for one in live[:places]) + sum(one in owing for one in canary[:places])
    assert sum(one in owing for one in mixed) <= both


@given(orders, orders, keys)
def test_every_page_is_cut_from_the_same_mix(live: list[int], canary: list[int], key: str) -> None:
    assert interleaving.draft(live, canary, key) == interleaving.draft(live, canary, key)


def test_equal_orders_stay_as_they_are_and_give_each_team_half() -> None:
    drafted = interleaving.draft(range(10), range(10), "k")
    assert list(drafted.order) == list(range(10))
    assert Counter(drafted.teams) == {"live": 5, "canary": 5}


def test_each_team_begins_about_half_of_the_searches_and_of_the_rounds() -> None:
    first = Counter(interleaving.leader(f"search {number}") for number in range(2_000))
    assert 900 < first["canary"] < 1_100
    teams = interleaving.draft(range(2_000), range(2_000), "one search").teams
    assert 400 < Counter(teams[::2])["canary"] < 600


def days(live: int, canary: int, equal: int = 0) -> list[Day]:
    return [Day(2, 1, 0)] * live + [Day(2, 1, 3)] * canary + [Day(1, 1, 1)] * equal


def test_nothing_says_nothing() -> None:
    found = interleaving.judge([])
    assert (found.preference, found.low, found.high, found.better, found.searches_needed) == (
        None,
        0.0,
        1.0,
        None,
        None,
    )


def test_days_without_a_winner_are_counted_and_say_nothing() -> None:
    with_equal, without = interleaving.judge(days(30, 40, 100)), interleaving.judge(days(30, 40))
    assert (with_equal.days, with_equal.searches) == (170, 240)
    assert (with_equal.preference, with_equal.evidence) == (without.preference, without.evidence)


@pytest.mark.parametrize(("live", "canary", "better"), [(30, 70, "canary"), (70, 30, "live"), (45, 55, None)])
def test_a_clear_preference_is_enough_and_a_slight_one_is_not_yet(live: int, canary: int, better: str | None) -> None:
    assert interleaving.judge(days(live, canary)).better == better


@given(st.integers(0, 400), st.integers(0, 400))
def test_the_evidence_is_enough_exactly_when_the_interval_leaves_out_equality(live: int, canary: int) -> None:
    found = interleaving.judge(days(live, canary))
    assert 0 <= found.low < found.high <= 1
    assert (found.better is None) == (found.low <= 0.5 <= found.high)
    if found.preference is not None:
        assert found.low <= found.preference <= found.high


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_verdict_is_the_mirror_of_the_other_ones(live: int, canary: int) -> None:
    found, mirrored = interleaving.judge(days(live, canary)), interleaving.judge(days(canary, live))
    assert found.evidence == pytest.approx(mirrored.evidence)
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-9)
    assert found.searches_needed == mirrored.searches_needed


def test_how_many_more_searches_are_needed_is_about_right() -> None:
    needed = interleaving.judge(days(45, 55)).searches_needed
    assert needed is not None
    more = needed // 2  # two searches a day
    share = 0.55 * (100 + more)
    assert interleaving.judge(days(round(100 + more - share), round(share))).better == "canary"
    assert interleaving.judge(days(40, 45)).better is None
    assert interleaving.judge(days(50, 50)).searches_needed is None


def test_whoever_looks_every_day_is_rarely_misled() -> None:
    coin = random.Random(5)  # noqa: S311 - no secret
    misled = 0
    for _ in range(200):
        seen: list[Day] = []
        for _ in range(30):
            seen.extend(Day(1, *((1, 0) if coin.random() < 0.5 else (0, 1))) for _ in range(20))
            if interleaving.judge(seen).better is not None:
                misled += 1
                break
    assert misled / 200 <= interleaving.ALPHA
