import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking import interleaving
from ranking.interleaving import Day, Drafted, Pick, Team
from ranking.policies import Ordered
from tests.ranking.test_policies import Field, fields

orders = st.lists(st.integers(0, 30), unique=True, max_size=25)
keys = st.text(max_size=8)


def draft(live: Iterable[int], canary: Iterable[int], key: str) -> Drafted[int]:
    """Mix two orders in which policy did nothing and everybody has a text of their own."""
    picks = [[Pick(one, -at, -at, one) for at, one in enumerate(order)] for order in (live, canary)]
    return interleaving.draft(*picks, key, top=10, boosted={"live": 1, "canary": 1})


@given(orders, orders, keys)
def test_everybody_of_either_order_has_one_place(live: list[int], canary: list[int], key: str) -> None:
    drafted = draft(live, canary, key)
    assert len(drafted.order) == len(drafted.teams) == len(set(drafted.order))
    assert set(drafted.order) == {*live, *canary}


@given(orders, orders, keys)
def test_each_team_brings_its_best_who_was_left(live: list[int], canary: list[int], key: str) -> None:
    drafted = draft(live, canary, key)
    for place, (item, team) in enumerate(zip(drafted.order, drafted.teams, strict=True)):
        line = live if team == "live" else canary
        assert item == next(one for one in line if one not in drafted.order[:place])


@given(st.permutations(range(12)), st.permutations(range(12)), keys)
def test_teams_pick_in_turns(live: list[int], canary: list[int], key: str) -> None:
    teams = draft(live, canary, key).teams
    for place in range(0, 12, 2):
        assert {teams[place], teams[place + 1]} == {"live", "canary"}


@given(orders, orders, keys)
def test_every_page_is_cut_from_the_same_mix(live: list[int], canary: list[int], key: str) -> None:
    assert draft(live, canary, key) == draft(live, canary, key)


def test_equal_orders_stay_as_they_are_and_give_each_team_half() -> None:
    drafted = draft(range(10), range(10), "k")
    assert list(drafted.order) == list(range(10))
    assert Counter(drafted.teams) == {"live": 5, "canary": 5}


@pytest.mark.parametrize(("cap", "halves"), [(0, (0, 0)), (1, (1, 0)), (2, (1, 1)), (3, (2, 1))])
def test_teams_share_the_cap_and_the_first_to_pick_has_the_larger_half(cap: int, halves: tuple[int, int]) -> None:
    for key in map(str, range(20)):
        boosted = interleaving.shares(cap, key)
        first = interleaving.leader(key)
        assert (boosted[first], sum(boosted.values())) == (halves[0], sum(halves))


# Policy on the mix


class Mixed:
    """Two rankings of the same experts, each by scores of its own, and their mix."""

    def __init__(self, live: Field, canary: Field, key: str) -> None:
        size, policy = min(len(live.base), len(canary.base)), live.policy
        self.top, self.cap = policy.top, policy.boosted_at_top
        self.boosted = interleaving.shares(self.cap, key)
        self.texts = live.texts
        first = interleaving.leader(key)
        self.fields: dict[Team, Field] = {
            team: Field(
                replace(policy, boosted_at_top=self.boosted[team]),
                found.base[:size],
                live.boosted[:size],
                live.held_out[:size],
                live.newcomers[:size] if team == first else [False] * size,
                live.texts[:size],
            )
            for team, found in (("live", live), ("canary", canary))
        }
        self.ordered: dict[Team, Ordered] = {team: found.order() for team, found in self.fields.items()}
        lines = [self.picks(team) for team in interleaving.TEAMS]
        self.drafted = interleaving.draft(*lines, key, top=self.top, boosted=self.boosted)

    def picks(self, team: Team) -> list[Pick[int]]:
        """Return the order of one team."""
        found, ordered = self.fields[team], self.ordered[team]
        picks: list[Pick[int]] = []
        for one in ordered.order.tolist():
            moved = ordered.moves.get(one)
            counts = 0.0 if moved == "boost_capped" else found.added[one]
            picks.append(Pick(one, found.base[one], found.base[one] * (1 + counts), found.texts[one], moved))
        return picks


mixes = st.builds(Mixed, fields(), fields(), keys)


@settings(max_examples=300)
@given(mixes)
def test_few_places_of_each_page_of_the_mix_are_owed_to_a_boost_and_each_team_keeps_to_its_share(found: Mixed) -> None:
    owed = Counter(
        (place // found.top, team)
        for place, (one, team) in enumerate(zip(found.drafted.order, found.drafted.teams, strict=True))
        if found.drafted.moves.get(one) == "boost"
    )
    assert all(count <= found.boosted[team] for (_, team), count in owed.items())
    pages = Counter[int]()
    for (page, _), count in owed.items():
        pages[page] += count
    assert all(count <= found.cap for count in pages.values())


@settings(max_examples=300)
@given(mixes)
def test_nobody_is_passed_by_a_boosted_expert_who_is_much_worse_in_the_eyes_of_whose_team_it_is(found: Mixed) -> None:
    order, moves = found.drafted.order, found.drafted.moves
    for place, (ahead, team) in enumerate(zip(order, found.drafted.teams, strict=True)):
        base, bound = found.fields[team].base, 1 / (1 + found.fields[team].policy.boost)
        for passed in order[place + 1 :]:
            if moves.get(ahead) != "newcomer" and moves.get(passed) != "duplicate":
                own = found.ordered[team].moves.get(passed)
                assert base[ahead] >= bound * base[passed] - 1e-9 or own == "duplicate"
                is_helped = found.fields[team].added[ahead] > 0 and moves.get(ahead) != "boost_capped"
                assert base[ahead] >= base[passed] or is_helped or own == "duplicate"


@settings(max_examples=300)
@given(mixes)
def test_one_newcomer_at_most_is_seated(found: Mixed) -> None:
    assert list(found.drafted.moves.values()).count("newcomer") <= 1


@settings(max_examples=300)
@given(st.builds(Mixed, fields(newcomers=False), fields(newcomers=False), keys))
def test_no_text_stands_twice_in_the_first_places_of_the_mix_while_others_are_left(found: Mixed) -> None:
    first = [found.texts[one] for one in found.drafted.order[: found.top]]
    if len({found.texts[one] for one in found.drafted.order}) >= found.top:
        assert len(set(first)) == len(first)


@given(mixes)
def test_everybody_has_one_place_whatever_policy_does(found: Mixed) -> None:
    assert sorted(found.drafted.order) == list(range(len(found.fields["live"].base)))


def test_a_boost_that_comes_too_late_for_its_page_goes_on_with_the_base_score() -> None:
    boosted = Pick(4, 0.60, 0.66, 4, "boost")
    live = [Pick(3, 0.9, 0.99, 3, "boost"), boosted, Pick(5, 0.65, 0.65, 5), Pick(6, 0.5, 0.5, 6)]
    found = interleaving.draft(live, [], "k", top=10, boosted={"live": 1, "canary": 1})
    assert found.order == (3, 5, 4, 6)
    assert found.moves == {3: "boost", 4: "boost_capped"}


def test_each_page_of_the_mix_has_places_for_boosts_of_its_own() -> None:
    live = [
        Pick(1, 0.9, 0.99, 1, "boost"),
        Pick(2, 0.95, 0.95, 2),
        Pick(3, 0.8, 0.88, 3, "boost"),
        Pick(4, 0.85, 0.85, 4),
    ]
    found = interleaving.draft(live, [], "k", top=2, boosted={"live": 1, "canary": 1})
    assert (found.order, found.moves) == ((1, 2, 3, 4), {1: "boost", 3: "boost"})


def test_who_loses_a_boost_passes_nobody_because_of_a_newcomer_or_a_repetition_between() -> None:
    live = [
        Pick(1, 0.9, 0.99, 1, "boost"),
        Pick(2, 0.8, 0.88, 2, "boost"),
        Pick(3, 0.7, 0.7, 3, "newcomer"),
        Pick(4, 0.85, 0.85, 4),
        Pick(5, 0.6, 0.6, 5),
        Pick(6, 0.84, 0.84, 1, "duplicate"),
    ]
    found = interleaving.draft(live, [], "k", top=5, boosted={"live": 1, "canary": 1})
    assert found.order == (1, 3, 4, 2, 5, 6)


def test_who_loses_a_boost_stays_before_a_newcomer_whose_seat_is_better_than_the_score() -> None:
    # The newcomer's boost counted for nothing: the seat decided, and says nothing of who is better.
    live = [
        Pick(1, 0.9, 0.99, 1, "boost"),
        Pick(2, 0.66, 0.72, 2, "boost"),
        Pick(3, 0.64, 0.7, 3, "newcomer"),
        Pick(4, 0.65, 0.65, 4),
    ]
    found = interleaving.draft(live, [], "k", top=5, boosted={"live": 1, "canary": 1})
    assert found.order == (1, 2, 3, 4)
    assert found.moves == {1: "boost", 2: "boost_capped", 3: "newcomer"}


def test_who_says_the_same_as_the_other_team_brought_gives_way_to_all_of_the_first_places() -> None:
    live = [Pick(one, -one, -one, one) for one in (1, 2, 3, 4)]
    copies = [Pick(10 + one, -one, -one, one) for one in (1, 2, 3, 4)]
    found = interleaving.draft(live, copies, "k", top=4, boosted={"live": 1, "canary": 1})
    assert sorted(one % 10 for one in found.order[:4]) == [1, 2, 3, 4]
    assert set(found.moves.values()) == {"duplicate"}
    assert found.moves.keys() < set(found.order[4:])


def test_each_team_begins_about_half_of_the_searches_and_of_the_rounds() -> None:
    first = Counter(interleaving.leader(f"search {number}") for number in range(2_000))
    assert 900 < first["canary"] < 1_100
    teams = draft(range(2_000), range(2_000), "one search").teams
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
