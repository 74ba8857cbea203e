import re
import subprocess
import sys
from dataclasses import replace

import pytest

from foundation.settings import ROOT
from ranking.profiles import FIRST, Feature, Policy, Profile, Transform


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
