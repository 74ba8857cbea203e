import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking import checks
from ranking.checks import BOUNDS, HEAVIEST, LARGEST
from ranking.profiles import FIRST, Feature, Policy, Profile, Transform
from tests.ranking.strategies import good_profiles


def codes(profile: Profile) -> set[tuple[str, str]]:
    return {(fault.field, fault.code) for fault in checks.check(profile)}


def with_feature(**changes: object) -> Profile:
    first = replace(FIRST.features[0], **changes)  # pyright: ignore[reportArgumentType]
    return replace(FIRST, features=(first, *FIRST.features[1:]))


def test_the_first_profile_can_rank() -> None:
    assert checks.check(FIRST) == []


@given(good_profiles)
def test_what_is_within_bounds_can_rank(profile: Profile) -> None:
    assert checks.check(profile) == []


def test_every_number_of_the_policy_has_bounds() -> None:
    assert {item.name for item in fields(Policy)} == BOUNDS.keys()


never = st.one_of(st.sampled_from([math.nan, math.inf, -math.inf]), st.floats(max_value=-1.1), st.floats(1.1 * LARGEST))


@given(never, st.sampled_from(sorted(BOUNDS)))
def test_a_bad_number_of_the_policy_is_refused_by_its_name(number: float, name: str) -> None:
    policy = replace(Policy(), **{name: number})  # pyright: ignore[reportArgumentType]
    assert (name.upper(), "out_of_range") in codes(replace(FIRST, policy=policy))


@given(st.one_of(never, st.floats(HEAVIEST, exclude_min=True)))
def test_a_bad_weight_is_refused_by_its_name(number: float) -> None:
    assert codes(with_feature(weight=number)) == {("TEXT_WEIGHT", "out_of_range")}


@given(st.one_of(never, st.floats(1, exclude_min=True)))
def test_a_bad_value_for_who_has_none_is_refused(number: float) -> None:
    assert codes(with_feature(missing=number)) == {("TEXT_MISSING", "out_of_range")}


@given(st.one_of(never, st.just(0.0), st.just(-1.0)))
def test_a_bad_pivot_is_refused(number: float) -> None:
    assert codes(with_feature(transform=Transform("saturation", pivot=number))) == {("TEXT_PIVOT", "out_of_range")}


@given(st.floats(-LARGEST, LARGEST), st.floats(0, LARGEST))
def test_a_low_that_is_not_below_the_high_is_refused(high: float, above: float) -> None:
    faults = codes(with_feature(transform=Transform("linear", min(high + above, LARGEST), high)))
    assert faults == {("TEXT_HIGH", "not_above_low")}


@pytest.mark.parametrize("name", ["low", "high"])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_bound_that_is_no_number_is_refused(name: str, number: float) -> None:
    transform = replace(Transform("linear"), **{name: number})
    assert (f"TEXT_{name.upper()}", "out_of_range") in codes(with_feature(transform=transform))


def test_a_feature_that_nobody_knows_is_refused() -> None:
    assert codes(with_feature(source="wine")) == {("WINE", "unknown_feature")}


def test_a_transform_that_nobody_knows_is_refused() -> None:
    transform = Transform("cubic")  # pyright: ignore[reportArgumentType]
    assert codes(with_feature(transform=transform)) == {("TEXT_TRANSFORM", "unknown_transform")}


def test_a_feature_that_is_there_twice_is_refused() -> None:
    assert codes(replace(FIRST, features=(*FIRST.features, FIRST.features[0]))) == {("TEXT", "duplicate")}


def test_weights_that_are_all_zero_are_refused() -> None:
    without = tuple(replace(feature, weight=0.0) for feature in FIRST.features)
    assert codes(replace(FIRST, features=without)) == {("WEIGHTS", "nothing_weighs")}


def test_a_profile_that_can_not_order_a_list_without_query_is_refused() -> None:
    asked = tuple(feature for feature in FIRST.features if not feature.is_always_on)
    assert codes(replace(FIRST, features=asked)) == {("WEIGHTS", "nothing_weighs")}


def test_a_count_has_to_be_whole() -> None:
    policy = replace(Policy(), window=120.5)  # pyright: ignore[reportArgumentType]
    assert codes(replace(FIRST, policy=policy)) == {("WINDOW", "not_whole")}


@pytest.mark.parametrize("wrong", ["0.1", True, None])
def test_what_is_no_number_is_refused(wrong: object) -> None:
    policy = replace(Policy(), boost=wrong)  # pyright: ignore[reportArgumentType]
    assert codes(replace(FIRST, policy=policy)) == {("BOOST", "out_of_range")}


def test_the_newcomers_place_is_among_those_that_people_see() -> None:
    policy = replace(Policy(), newcomer_position=11)
    assert codes(replace(FIRST, policy=policy)) == {("NEWCOMER_POSITION", "beyond_top")}


def test_every_fault_is_told_at_once() -> None:
    always = Feature("review_count", 0.1, Transform("saturation", pivot=-1.0), is_always_on=True)
    bad = Profile((always, Feature("text", math.nan, Transform("linear"))), replace(Policy(), boost=0.3))
    assert codes(bad) == {
        ("REVIEW_COUNT_PIVOT", "out_of_range"),
        ("TEXT_WEIGHT", "out_of_range"),
        ("BOOST", "out_of_range"),
    }
