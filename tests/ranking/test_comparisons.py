import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking import comparisons

orders = st.permutations(list("abcdefghijkl"))


@given(orders)
def test_an_order_is_like_itself(order: list[str]) -> None:
    assert comparisons.overlap(order, order, 10) == 1
    assert comparisons.rank_biased_overlap(order, order) == pytest.approx(1)


def test_orders_of_different_things_have_nothing_in_common() -> None:
    assert comparisons.overlap(list("abc"), list("xyz"), 10) == 0
    assert comparisons.rank_biased_overlap(list("abc"), list("xyz")) == 0


@given(orders, orders)
def test_both_measures_are_shares_and_look_both_ways(one: list[str], other: list[str]) -> None:
    for measure in (lambda a, b: comparisons.overlap(a, b, 10), comparisons.rank_biased_overlap):
        assert measure(one, other) == pytest.approx(measure(other, one))
        assert 0 <= measure(one, other) <= 1 + 1e-9


def test_the_top_weighs_most() -> None:
    order = list("abcdefghij")
    at_top = ["b", "a", *order[2:]]
    at_end = [*order[:8], "j", "i"]
    assert comparisons.rank_biased_overlap(order, at_top) < comparisons.rank_biased_overlap(order, at_end) < 1


def test_the_measure_by_hand() -> None:
    # Agreements 0/1, 2/2 with p = 0.9: 2/2 * 0.81 + (0.1 / 0.9) * (0 * 0.9 + 1 * 0.81)
    assert comparisons.rank_biased_overlap(["a", "b"], ["b", "a"]) == pytest.approx(0.81 + 0.09)


def test_only_so_many_are_looked_at() -> None:
    assert comparisons.overlap(list("abcd"), list("abxy"), 2) == 1
    assert comparisons.overlap([], [], 10) == 1
