"""Numbers of a profile by the names that an operator sets them by: `TEXT_WEIGHT`, `REVIEW_COUNT_PIVOT`, `BOOST`."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ranking.checks import Fault
from ranking.profiles import CONSTANTS, Feature, Profile

Value = float | int | str | None


class Refused(ValueError):
    """Changes that can't be made; `faults` lists every one."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(fault.message for fault in faults))


@dataclass(frozen=True, slots=True)
class Difference:
    """A number, or an input, that two profiles don't share; None where one has no such feature."""

    name: str
    before: Value
    after: Value


def numbers(profile: Profile) -> dict[str, float | int]:
    """Return every number that can be set, by its name."""
    found: dict[str, float | int] = {}
    for feature in profile.features:
        name = feature.source.upper()
        found |= {f"{name}_WEIGHT": feature.weight, f"{name}_MISSING": feature.missing}
        for constant in CONSTANTS[feature.transform.kind]:
            found[f"{name}_{constant.upper()}"] = getattr(feature.transform, constant)
    return found | {item.name.upper(): getattr(profile.policy, item.name) for item in fields(profile.policy)}


def apply(profile: Profile, changes: Mapping[str, str]) -> Profile:
    """Return a profile with some numbers set, given as text; raise Refused with every name and number that is wrong."""
    known = numbers(profile)
    faults: list[Fault] = []
    wanted: dict[str, float | int] = {}
    for name, text in changes.items():
        if name not in known:
            faults.append(_unknown(name, list(known)))
            continue
        try:
            wanted[name] = int(text) if isinstance(known[name], int) else float(text)
        except ValueError:
            kind = "whole number" if isinstance(known[name], int) else "number"
            faults.append(Fault(name, "no_number", f"{name} has to be a {kind}, not “{text}”"))
    if faults:
        raise Refused(faults)
    policy: dict[str, Any] = {
        item.name: wanted[item.name.upper()] for item in fields(profile.policy) if item.name.upper() in wanted
    }
    return replace(
        profile,
        features=tuple(_changed(feature, wanted) for feature in profile.features),
        policy=replace(profile.policy, **policy),
    )


def differences(before: Profile, after: Profile) -> list[Difference]:
    """Return what two profiles don't share: numbers first, then transforms and inputs."""
    sides = [_all(profile) for profile in (before, after)]
    names = dict.fromkeys([*sides[0], *sides[1]])
    return [
        Difference(name, sides[0].get(name), sides[1].get(name))
        for name in names
        if sides[0].get(name) != sides[1].get(name)
    ]


def _all(profile: Profile) -> dict[str, Value]:
    found: dict[str, Value] = dict(numbers(profile))
    for feature in profile.features:
        found[f"{feature.source.upper()}_TRANSFORM"] = feature.transform.kind
        found[f"{feature.source.upper()}_COUNTS"] = "always" if feature.is_always_on else "when asked"
    return found | {item.name.upper(): getattr(profile.inputs, item.name) for item in fields(profile.inputs)}


def _changed(feature: Feature, wanted: Mapping[str, float | int]) -> Feature:
    name = feature.source.upper()
    constants = {
        constant: float(wanted[f"{name}_{constant.upper()}"])
        for constant in CONSTANTS[feature.transform.kind]
        if f"{name}_{constant.upper()}" in wanted
    }
    return replace(
        feature,
        weight=wanted.get(f"{name}_WEIGHT", feature.weight),
        missing=wanted.get(f"{name}_MISSING", feature.missing),
        transform=replace(feature.transform, **constants),
    )


def _unknown(name: str, known: list[str]) -> Fault:
    near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    return Fault(name, "unknown_name", f"there is no number {name}{hint}")
