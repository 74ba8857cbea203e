import pytest
from hypothesis import given

from ranking import changes
from ranking.changes import Difference, Refused
from ranking.profiles import FIRST, Profile
from tests.ranking.strategies import good_profiles


def test_numbers_are_set_by_their_names() -> None:
    changed = changes.apply(FIRST, {"TEXT_WEIGHT": "0.4", "SEMANTIC_PIVOT": "0.5", "BOOST": "0.05", "WINDOW": "200"})
    assert changes.differences(FIRST, changed) == [
        Difference("TEXT_WEIGHT", 0.16, 0.4),
        Difference("SEMANTIC_PIVOT", 0.3, 0.5),
        Difference("BOOST", 0.1, 0.05),
        Difference("WINDOW", FIRST.policy.window, 200),
    ]


@given(good_profiles)
def test_every_number_can_be_set_to_what_it_is(profile: Profile) -> None:
    same = changes.apply(profile, {name: repr(value) for name, value in changes.numbers(profile).items()})
    assert same.id == profile.id
    assert changes.differences(profile, same) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TEXT_WEIGTH", "did you mean TEXT_WEIGHT?"),
        ("text_weight", "did you mean TEXT_WEIGHT?"),
        ("TEXT_PIVOT", "did you mean"),
        ("BOOSTS", "did you mean BOOST?"),
    ],
)
def test_a_name_that_nobody_knows_gets_the_nearest_one(name: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        changes.apply(FIRST, {name: "1"})
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [(name, "unknown_name")]
    assert hint in caught.value.faults[0].message


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    with pytest.raises(Refused) as caught:
        changes.apply(FIRST, {"QQQQQQQ": "1"})
    assert "did you mean" not in caught.value.faults[0].message


def test_every_text_that_is_no_number_is_told_at_once() -> None:
    with pytest.raises(Refused) as caught:
        changes.apply(FIRST, {"TEXT_WEIGHT": "much", "WINDOW": "1.5"})
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [
        ("TEXT_WEIGHT", "no_number"),
        ("WINDOW", "no_number"),
    ]
