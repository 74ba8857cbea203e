from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking import scoring
from ranking.profiles import FIRST, Feature, Policy, Profile, Source, Transform
from ranking.scoring import RawValues

SOURCES: tuple[Source, ...] = get_args(Source)
ASKED = st.frozensets(st.sampled_from(SOURCES))
UNIT = st.floats(0, 1)
WEIGHTS = st.floats(0.01, 10)
TRANSFORMS = st.one_of(
    st.builds(lambda low, span: Transform("linear", low, low + span), st.floats(-10, 10), st.floats(0.01, 10)),
    st.builds(lambda pivot: Transform("saturation", pivot=pivot), st.floats(0.1, 100)),
    st.builds(lambda pivot: Transform("half_life", pivot=pivot), st.floats(0.1, 1000)),
)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Give any profile; one feature is always on, so that there is something to rank by."""
    chosen = draw(st.lists(st.sampled_from(SOURCES), unique=True, min_size=1))
    features = [
        Feature(source, draw(WEIGHTS), draw(TRANSFORMS), draw(UNIT), is_always_on=number == 0)
        for number, source in enumerate(chosen)
    ]
    return Profile(tuple(features), Policy())


@st.composite
def raw_values(draw: st.DrawFn, size: int = 4) -> RawValues:
    """Give raw values as an engine may: not negative, some of them missing, some sources absent."""
    value = st.one_of(st.just(float("nan")), st.floats(0, 1e6))
    present = draw(st.sets(st.sampled_from(SOURCES)))
    return {source: np.array(draw(st.lists(value, min_size=size, max_size=size))) for source in sorted(present)}


@given(profiles(), raw_values(), ASKED)
def test_a_base_score_is_between_0_and_1_whatever_the_values(
    profile: Profile, raw: RawValues, asked: frozenset[Source]
) -> None:
    base = scoring.score(profile, raw, asked, 4).base
    assert ((base >= -1e-9) & (base <= 1 + 1e-9)).all()


@given(profiles(), raw_values(), ASKED)
def test_points_are_value_times_weight_and_sum_to_the_base_score(
    profile: Profile, raw: RawValues, asked: frozenset[Source]
) -> None:
    scores = scoring.score(profile, raw, asked, 4)
    assert scores.points == pytest.approx(scores.values * scores.weights[:, None])
    assert scores.points.sum(axis=0) == pytest.approx(scores.base)


@given(profiles(), raw_values(), ASKED)
def test_weights_share_one_among_what_is_asked(profile: Profile, raw: RawValues, asked: frozenset[Source]) -> None:
    assert scoring.score(profile, raw, asked, 4).weights.sum() == pytest.approx(1.0)


def test_a_missing_value_counts_as_the_feature_says() -> None:
    profile = Profile((Feature("text", 1.0, Transform("linear"), missing=0.4, is_always_on=True),), Policy())
    absent = scoring.score(profile, {}, frozenset(), 2)
    nan = scoring.score(profile, {"text": np.array([np.nan, 0.9])}, frozenset(), 2)
    assert absent.base.tolist() == [0.4, 0.4]
    assert nan.base.tolist() == [0.4, 0.9]


@pytest.mark.parametrize(
    ("transform", "raw", "value"),
    [
        (Transform("linear", 1.0, 5.0), 3.0, 0.5),
        (Transform("linear", 1.0, 5.0), 9.0, 1.0),
        (Transform("linear", 1.0, 5.0), 0.0, 0.0),
        (Transform("saturation", pivot=5.0), 5.0, 0.5),
        (Transform("saturation", pivot=5.0), 0.0, 0.0),
        (Transform("half_life", pivot=30.0), 30.0, 0.5),
        (Transform("half_life", pivot=30.0), -4.0, 1.0),
    ],
)
def test_transforms_do_what_their_names_say(transform: Transform, raw: float, value: float) -> None:
    assert scoring.apply(transform, np.array([raw]))[0] == pytest.approx(value)


@given(TRANSFORMS)
def test_a_missing_value_stays_missing_through_a_transform(transform: Transform) -> None:
    assert np.isnan(scoring.apply(transform, np.array([np.nan]))[0])


def boosted_shares(text: float, *, boosted: bool = True, held_out: bool = False) -> float:
    policy = Policy(boost=0.1, relevance_floor=0.35)
    profile = Profile((Feature("text", 1.0, Transform("linear")),), policy)
    scores = scoring.score(profile, {"text": np.array([text])}, frozenset({"text"}), 1)
    return float(scoring.multipliers(profile, scores, np.array([boosted]), np.array([held_out]))[0])


def test_a_boost_adds_the_policys_share_to_who_is_relevant() -> None:
    assert boosted_shares(0.35) == 0.1


def test_no_boost_below_the_relevance_floor() -> None:
    assert boosted_shares(0.34) == 0.0


def test_no_boost_for_who_has_none_or_is_held_out() -> None:
    assert boosted_shares(0.8, boosted=False) == 0.0
    assert boosted_shares(0.8, held_out=True) == 0.0


def test_everybody_is_relevant_where_nothing_was_asked() -> None:
    scores = scoring.score(FIRST, {}, frozenset(), 3)
    assert scoring.relevance(scores).tolist() == [1.0, 1.0, 1.0]


def test_relevance_is_the_better_of_text_and_meaning() -> None:
    profile = Profile(
        (Feature("text", 0.5, Transform("linear")), Feature("semantic", 0.5, Transform("linear"))), Policy()
    )
    raw: RawValues = {"text": np.array([0.8, 0.1]), "semantic": np.array([0.2, 0.6])}
    scores = scoring.score(profile, raw, frozenset({"text", "semantic"}), 2)
    assert scoring.relevance(scores) == pytest.approx([0.8, 0.6])
