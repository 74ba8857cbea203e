import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking import lifts
from ranking.lifts import FEWEST_DRAWS, Draw

CHANCE = 0.04


def draws(boosted: int, held_out: int, *, firsts: int = 1, chance: float = CHANCE) -> list[Draw]:
    return [Draw(False, chance, firsts, 0)] * boosted + [Draw(True, chance, firsts, 0)] * held_out


@pytest.mark.parametrize(("boosted", "held_out"), [(0, 0), (10_000, FEWEST_DRAWS - 1), (FEWEST_DRAWS - 1, 10_000)])
def test_too_few_draws_of_either_kind_say_nothing(boosted: int, held_out: int) -> None:
    found = lifts.measure(draws(boosted, held_out)).firsts
    assert (found.is_enough, found.boosted, found.held_out) == (False, boosted, held_out)


def test_a_boost_that_brings_nothing_has_ratio_one() -> None:
    found = lifts.measure(draws(960, 40)).firsts
    assert found.ratio == pytest.approx(1.0)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1 < found.high


def test_shares_that_change_are_each_weighed_by_their_own_chance() -> None:
    half_and_half = draws(100, 100, chance=0.5)
    assert lifts.measure(draws(960, 40) + half_and_half).firsts.ratio == pytest.approx(1.0)


def test_draws_without_an_event_are_no_evidence() -> None:
    nothing = [Draw(True, CHANCE, 0, 0)] * 1_000
    assert lifts.measure(draws(960, 40) + nothing) == lifts.measure(draws(960, 40))


def test_many_people_who_search_the_same_are_less_evidence_than_as_many_searches() -> None:
    alone = lifts.measure(draws(1_000, 1_000, chance=0.5)).firsts
    together = lifts.measure(draws(100, 100, firsts=10, chance=0.5)).firsts
    assert alone.ratio == together.ratio
    assert alone.high is not None
    assert together.high is not None
    assert together.high > alone.high


def test_views_are_measured_apart_from_places() -> None:
    opened = [Draw(False, CHANCE, 1, 1)] * 1_920 + [Draw(True, CHANCE, 1, 1)] * 40
    found = lifts.measure(opened + draws(0, 40))
    assert found.views.ratio == pytest.approx(2.0)
    assert found.firsts.ratio == pytest.approx(1.0)


@given(st.floats(0.02, 0.5), st.integers(20, 500), st.integers(20, 500))
def test_the_interval_holds_the_ratio(chance: float, boosted: int, held_out: int) -> None:
    found = lifts.measure(draws(boosted, held_out, chance=chance)).firsts
    assert found.ratio is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.ratio < found.high


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    chance_of = np.random.default_rng(7)
    covered = enough = 0
    for _ in range(200):
        held_out = chance_of.random(3_000) < CHANCE
        shown = chance_of.random(3_000) < np.where(held_out, 0.30, 0.45)
        found = lifts.measure(
            Draw(bool(held), CHANCE, int(seen), 0) for held, seen in zip(held_out, shown, strict=True) if seen
        ).firsts
        if found.low is not None and found.high is not None:
            enough += 1
            covered += found.low <= 1.5 <= found.high
    assert enough > 180
    assert 0.91 <= covered / enough <= 0.99
