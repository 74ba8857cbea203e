"""Whether a profile can rank: every fault by the name that an operator sets the number by."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import get_args

from ranking.profiles import CONSTANTS, Feature, Kind, Policy, Profile, Source

SOURCES: tuple[Source, ...] = get_args(Source)
HEAVIEST = 10.0
"""Weights are shared out among what is asked, so that only their proportions count."""
LARGEST, SMALLEST = 1e6, 1e-6
"""Bounds of the constants of transforms: beyond them single precision, which an engine may use, tells little apart."""
BOUNDS: Mapping[str, tuple[float, float]] = {
    "boost": (0.0, 0.25),
    "relevance_floor": (0.0, 1.0),
    "top": (10, 100),
    "boosted_at_top": (0, 2),
    "newcomer_position": (1, 100),
    "newcomer_reach": (0.0, 1.0),
    "newcomer_days": (0, 365),
    "holdout_percent": (2, 5),
    "similarity_floor": (-1.0, 1.0),
    "lone_floor": (-1.0, 1.0),
    "neighbours": (1, 1_000),
    "window": (100, 1_000),
}
"""Lowest and highest value of each number of the policy.

The mission promises that at most 2 of the first 10 owe their place to a boost, and that 2 to 5 % of boosts are withheld
to measure them; the window holds at least the top.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a profile: the name of the number, a stable code, and a sentence."""

    field: str
    code: str
    message: str


def check(profile: Profile) -> list[Fault]:
    """Return every fault of a profile; none where it can rank."""
    return [*_features(profile), *_policy(profile.policy)]


def _features(profile: Profile) -> Iterator[Fault]:
    counts = Counter(feature.source for feature in profile.features)
    for source, count in counts.items():
        if count > 1:
            yield Fault(source.upper(), "duplicate", f"the feature {source} is there {count} times")
    for feature in profile.features:
        yield from _feature(feature)
    always = [feature.weight for feature in profile.features if feature.is_always_on]
    if not any(_is_within(weight, SMALLEST, HEAVIEST) for weight in always):
        yield Fault("WEIGHTS", "nothing_weighs", "some feature that always counts has to weigh, or nothing is ordered")


def _feature(feature: Feature) -> Iterator[Fault]:
    name = feature.source.upper()
    if feature.source not in SOURCES:
        yield Fault(name, "unknown_feature", f"there is no feature {feature.source}")
    if not _is_within(feature.weight, 0.0, HEAVIEST):
        yield _outside(f"{name}_WEIGHT", 0.0, HEAVIEST, feature.weight)
    if not _is_within(feature.missing, 0.0, 1.0):
        yield _outside(f"{name}_MISSING", 0.0, 1.0, feature.missing)
    if feature.transform.kind not in get_args(Kind):
        yield Fault(f"{name}_TRANSFORM", "unknown_transform", f"there is no transform {feature.transform.kind}")
        return
    for constant in CONSTANTS[feature.transform.kind]:
        value = getattr(feature.transform, constant)
        lowest = SMALLEST if constant == "pivot" else -LARGEST
        if not _is_within(value, lowest, LARGEST):
            yield _outside(f"{name}_{constant.upper()}", lowest, LARGEST, value)
    if feature.transform.kind == "linear" and feature.transform.high - feature.transform.low < SMALLEST:
        yield Fault(f"{name}_HIGH", "not_above_low", f"{name}_HIGH has to be above {name}_LOW")


def _policy(policy: Policy) -> Iterator[Fault]:
    for item in fields(policy):
        value = getattr(policy, item.name)
        lowest, highest = BOUNDS[item.name]
        name = item.name.upper()
        if not _is_within(value, lowest, highest):
            yield _outside(name, lowest, highest, value)
        elif item.type is int and not isinstance(value, int):
            yield Fault(name, "not_whole", f"{name} has to be a whole number, not {value}")
    if policy.newcomer_position > policy.top:
        yield Fault("NEWCOMER_POSITION", "beyond_top", "NEWCOMER_POSITION has to be within TOP")


def _is_within(value: object, lowest: float, highest: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and lowest <= value <= highest


def _outside(name: str, lowest: float, highest: float, value: object) -> Fault:
    return Fault(name, "out_of_range", f"{name} has to be a number from {lowest:g} to {highest:g}, not {value}")
