from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking import policies
from ranking.policies import Ordered
from ranking.profiles import Policy


@dataclass(frozen=True)
class Field:
    """Candidates of one search and the policy that orders them."""

    policy: Policy
    base: list[float]
    boosted: list[bool]
    held_out: list[bool]
    newcomers: list[bool]
    texts: list[int]

    @property
    def added(self) -> list[float]:
        """Return what the boost adds to each."""
        return [
            self.policy.boost if boosted and not held_out else 0.0
            for boosted, held_out in zip(self.boosted, self.held_out, strict=True)
        ]

    def order(self) -> Ordered:
        """Order the candidates."""
        return policies.order(
            self.policy,
            np.array(self.base, dtype=np.float64),
            np.array(self.added, dtype=np.float64),
            ties=np.arange(len(self.base), dtype=np.int64),
            held_out=np.array(self.held_out, dtype=np.bool_),
            newcomers=np.array(self.newcomers, dtype=np.bool_),
            texts=np.array(self.texts, dtype=np.int64),
        )


def field(base: list[float], policy: Policy | None = None, **flags: list[int]) -> Field:
    """Return candidates, each with its own text; flags list the candidates that have them."""
    size = range(len(base))

    def flagged(name: str) -> list[bool]:
        return [at in flags.get(name, []) for at in size]

    return Field(
        policy or Policy(),
        base,
        flagged("boosted"),
        flagged("held_out"),
        flagged("newcomers"),
        flags.get("texts", list(size)),
    )


@st.composite
def fields(draw: st.DrawFn, *, distinct_texts: bool = False, newcomers: bool = True) -> Field:
    """Give any candidates: close scores, many boosts, small tops, so that every rule comes to bear."""
    size = draw(st.integers(0, 40))

    def several(values: Sequence) -> list:
        # Bytes are drawn at once; lists, value by value, which takes ten times as long.
        return [values[byte % len(values)] for byte in draw(st.binary(min_size=size, max_size=size))]

    top = draw(st.integers(1, 12))
    policy = Policy(
        boost=draw(st.sampled_from([0.05, 0.10, 0.30])),
        top=top,
        boosted_at_top=draw(st.integers(0, 3)),
        newcomer_position=draw(st.integers(1, top + 3)),
        newcomer_reach=draw(st.sampled_from([0.5, 0.85, 1.0])),
    )
    return Field(
        policy,
        several([score / 60 for score in range(61)]),
        several([False, True]),
        several([False, False, True]),
        several([False, False, False, True]) if newcomers else [False] * size,
        list(range(size)) if distinct_texts else several(range(21)),
    )


def without_boosts(found: Field) -> Field:
    return replace(found, boosted=[False] * len(found.base))


@given(fields())
def test_everybody_keeps_exactly_one_place(found: Field) -> None:
    assert sorted(found.order().order.tolist()) == list(range(len(found.base)))


@given(fields())
def test_the_same_candidates_come_in_the_same_order(found: Field) -> None:
    assert found.order().order.tolist() == found.order().order.tolist()


@settings(max_examples=300)
@given(fields())
def test_nobody_is_passed_by_a_boosted_expert_who_is_much_worse(found: Field) -> None:
    # Two rules move experts whatever anybody paid: the newcomer's seat, and that a text stands once at the top.
    ordered = found.order()
    order, bound = ordered.order.tolist(), 1 / (1 + found.policy.boost)
    for place, passed in enumerate(order):
        for ahead in order[:place]:
            if ordered.moves.get(ahead) != "newcomer" and ordered.moves.get(passed) != "duplicate":
                assert found.base[ahead] >= bound * found.base[passed] - 1e-9


@settings(max_examples=300)
@given(fields())
def test_only_a_boost_lets_anybody_pass_a_better_one(found: Field) -> None:
    ordered = found.order()
    order = ordered.order.tolist()
    for place, passed in enumerate(order):
        for ahead in order[:place]:
            if ordered.moves.get(ahead) != "newcomer" and ordered.moves.get(passed) != "duplicate":
                assert found.base[ahead] >= found.base[passed] or found.added[ahead] > 0


@settings(max_examples=300)
@given(fields(newcomers=False))
def test_few_places_of_each_page_are_owed_to_a_boost(found: Field) -> None:
    unboosted = without_boosts(found).order().order.tolist()
    ordered = found.order()
    owing = [
        place
        for place, candidate in enumerate(ordered.order.tolist())
        if found.added[candidate] and unboosted.index(candidate) > place and ordered.moves.get(candidate) != "duplicate"
    ]
    for first in range(0, len(found.base), found.policy.top):
        assert sum(first <= place < first + found.policy.top for place in owing) <= found.policy.boosted_at_top


@settings(max_examples=300)
@given(fields())
def test_who_owes_a_place_to_a_boost_is_named_and_few_are_on_each_page(found: Field) -> None:
    ordered = found.order()
    pages = Counter(
        place // found.policy.top
        for place, candidate in enumerate(ordered.order.tolist())
        if ordered.moves.get(candidate) == "boost"
    )
    assert all(count <= found.policy.boosted_at_top for count in pages.values())


@given(fields())
def test_a_boost_that_is_capped_brings_nobody_forward(found: Field) -> None:
    ordered = found.order()
    order = ordered.order.tolist()
    for candidate, move in ordered.moves.items():
        if move == "boost_capped":
            assert all(
                found.base[behind] <= found.base[candidate] or ordered.moves.get(behind) == "duplicate"
                for behind in order[order.index(candidate) + 1 :]
            )


@given(fields())
def test_nobody_buys_a_way_past_the_better_one_who_says_the_same(found: Field) -> None:
    order = found.order().order.tolist()
    first: dict[int, int] = {}
    for candidate in order:
        first.setdefault(found.texts[candidate], candidate)
    for candidate in order:
        assert found.base[candidate] <= found.base[first[found.texts[candidate]]]


@settings(max_examples=300)
@given(fields(newcomers=False))
def test_few_of_the_first_would_not_be_there_without_boosts(found: Field) -> None:
    unboosted = without_boosts(found).order().order.tolist()[: found.policy.top]
    entered = [
        candidate for candidate in found.order().order.tolist()[: found.policy.top] if candidate not in unboosted
    ]
    assert len(entered) <= found.policy.boosted_at_top


@given(fields())
def test_without_boosts_nothing_is_said_to_be_moved_by_one(found: Field) -> None:
    moves = without_boosts(found).order().moves
    assert "boost" not in moves.values()
    assert "boost_capped" not in moves.values()


@given(fields(distinct_texts=True, newcomers=False))
def test_who_is_moved_by_the_boost_has_one_that_works(found: Field) -> None:
    ordered = found.order()
    for candidate, move in ordered.moves.items():
        if move in {"boost", "boost_capped"}:
            assert found.added[candidate] > 0
        if move == "boost_held_out":
            assert found.held_out[candidate]


@given(fields(newcomers=False))
def test_no_text_stands_twice_in_the_first_places_while_others_are_left(found: Field) -> None:
    order = found.order().order.tolist()
    top = [found.texts[candidate] for candidate in order[: found.policy.top]]
    if len(set(found.texts)) >= found.policy.top:
        assert len(set(top)) == len(top)


def test_a_repeated_text_follows_right_after_the_first_places() -> None:
    found = field([0.9, 0.8, 0.7, 0.6, 0.5], Policy(top=3), texts=[1, 1, 2, 3, 4]).order()
    assert found.order.tolist() == [0, 2, 3, 1, 4]
    assert found.moves == {1: "duplicate"}


def test_the_best_boosted_keep_their_boost_and_the_lowest_lose_it() -> None:
    policy = Policy(top=4, boosted_at_top=1)
    found = field([0.70, 0.69, 0.68, 0.67, 0.66], policy, boosted=[3, 4]).order()
    assert found.order.tolist() == [3, 0, 1, 2, 4]
    assert found.moves == {3: "boost", 4: "boost_capped"}


def test_boosts_are_capped_on_the_second_page_as_on_the_first() -> None:
    policy = Policy(top=2, boosted_at_top=1)
    found = field([0.90, 0.80, 0.50, 0.49, 0.48, 0.47], policy, boosted=[3, 4, 5]).order()
    assert found.order.tolist() == [0, 1, 3, 2, 4, 5]
    assert found.moves == {3: "boost", 4: "boost_capped", 5: "boost_capped"}


def test_a_boosted_copy_does_not_take_the_place_of_the_better_original() -> None:
    found = field([0.80, 0.79, 0.70, 0.60], Policy(top=2), boosted=[1], texts=[7, 7, 8, 9]).order()
    assert found.order.tolist() == [0, 2, 1, 3]
    assert found.moves == {1: "duplicate"}


def test_a_boost_does_not_count_as_owed_when_the_place_is_earned() -> None:
    found = field([0.9, 0.8, 0.7], Policy(boosted_at_top=0), boosted=[0, 1]).order()
    assert found.order.tolist() == [0, 1, 2]
    assert found.moves == {}


def test_a_held_out_boost_is_named() -> None:
    assert field([0.9, 0.89], boosted=[1], held_out=[1]).order().moves == {1: "boost_held_out"}


NEWCOMERS_POLICY = Policy(top=4, newcomer_position=3, newcomer_reach=0.85)
SCORES = [0.90, 0.80, 0.70, 0.60, 0.599, 0.598]


def test_a_newcomer_who_is_nearly_as_good_gets_the_seat() -> None:
    found = field(SCORES, NEWCOMERS_POLICY, newcomers=[5]).order()
    assert found.order.tolist() == [0, 1, 5, 2, 3, 4]
    assert found.moves == {5: "newcomer"}


def test_the_best_of_several_newcomers_gets_the_seat() -> None:
    assert field(SCORES, NEWCOMERS_POLICY, newcomers=[4, 5]).order().order.tolist() == [0, 1, 4, 2, 3, 5]


def test_a_newcomer_out_of_reach_stays_below() -> None:
    found = field([*SCORES[:5], 0.59], NEWCOMERS_POLICY, newcomers=[5]).order()
    assert found.order.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.moves == {}


def test_no_seat_is_needed_when_a_newcomer_is_among_the_first() -> None:
    assert field(SCORES, NEWCOMERS_POLICY, newcomers=[1, 5]).order().order.tolist() == [0, 1, 2, 3, 4, 5]


def test_no_newcomer_is_seated_when_everybody_fits_in_the_first_places() -> None:
    assert field(SCORES[:4], NEWCOMERS_POLICY, newcomers=[3]).order().moves == {}


@given(fields(distinct_texts=True))
def test_at_most_one_newcomer_is_seated_and_only_within_reach(found: Field) -> None:
    ordered = found.order()
    seated = [candidate for candidate, move in ordered.moves.items() if move == "newcomer"]
    assert len(seated) <= 1
    for candidate in seated:
        seat = min(found.policy.newcomer_position, found.policy.top) - 1
        displaced = int(ordered.order[seat + 1])
        assert ordered.order[seat] == candidate
        assert found.newcomers[candidate]
        assert found.base[candidate] >= found.policy.newcomer_reach * found.base[displaced]
