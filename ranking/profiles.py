"""A ranking profile: everything that decides the order, as one immutable value.

Its id is the hash of its content, so that a result can name exactly what ranked it. The page "how the ranking
works" and every explanation are made from the live profile and nothing else.

A field that is added later gets a default under which older profiles rank as they did, and `LATER` as its metadata:
it is then left out of the content while it has that default, and older profiles keep their ids.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

Source = Literal[
    "text",
    "semantic",
    "skill",
    "related",
    "nearest_skill",
    "shared_skills",
    "zone",
    "fit_in_zone",
    "sector",
    "language",
    "review_mean",
    "review_count",
    "days_until_available",
]
Kind = Literal["linear", "saturation", "half_life"]
CONSTANTS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {"linear": ("low", "high"), "saturation": ("pivot",), "half_life": ("pivot",)}
)
"""The constants that each kind of transform uses."""
LATER: Mapping[str, bool] = MappingProxyType({"is_left_out_at_default": True})
_EXACT = ConfigDict(extra="forbid", strict=True)


class Malformed(ValueError):
    """A text that is no profile: a name that nobody knows, a word where a number belongs."""


@dataclass(frozen=True, slots=True)
class Transform:
    """How a raw value becomes a number from 0 to 1.

    linear: (x - low) / (high - low), clipped. saturation: x / (x + pivot), 0 below 0.
    half_life: 0.5 ** (max(x, 0) / pivot).
    """

    __pydantic_config__ = _EXACT

    kind: Kind
    low: float = 0.0
    high: float = 1.0
    pivot: float = 1.0


@dataclass(frozen=True, slots=True)
class Feature:
    """One reason to be ranked higher: where its raw value comes from, its transform, and what it weighs.

    `missing` is the transformed value of who has no raw one. A feature that is not `is_always_on` counts only
    when the query asks for it (names a zone, a skill, has words at all); weights then share what is asked for.
    """

    __pydantic_config__ = _EXACT

    source: Source
    weight: float
    transform: Transform
    missing: float = 0.0
    is_always_on: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens to the order after scoring.

    `boost`: a Visibility Boost multiplies the base score by at most 1 + boost, for whom text or semantic value
    reaches `relevance_floor`; no more than `boosted_at_top` of the first `top` owe their place to it.
    `newcomer_position`: where the best newcomer may stand, if within `newcomer_reach` of whom it displaces.
    `similarity_floor`: centred cosine below which a neighbour is no match; `lone_floor`: what the nearest one has to
    reach where no word of the query matches, or else the query was not understood.
    """

    __pydantic_config__ = _EXACT

    boost: float = 0.10
    relevance_floor: float = 0.30
    top: int = 10
    boosted_at_top: int = 2
    newcomer_position: int = 8
    newcomer_reach: float = 0.85
    newcomer_days: int = 60
    holdout_percent: int = 4
    similarity_floor: float = 0.03
    lone_floor: float = 0.24
    neighbours: int = 80
    window: int = 160


@dataclass(frozen=True, slots=True)
class Inputs:
    """What else decides the order: word lists by the hashes of their folders, the encoder by its name.

    Empty where a profile does not say: it was made for whatever is there. Texts go in, since ranking reads no files.
    """

    __pydantic_config__ = _EXACT

    taxonomy: str = field(default="", metadata=LATER)
    synonyms: str = field(default="", metadata=LATER)
    zones: str = field(default="", metadata=LATER)
    encoder: str = field(default="", metadata=LATER)

    def changed(self, now: "Inputs") -> tuple[str, ...]:
        """Return the names of those inputs that are said here and are others now."""
        names = (item.name for item in fields(self))
        return tuple(name for name in names if getattr(self, name) not in {"", getattr(now, name)})


@dataclass(frozen=True)
class Profile:
    """Features and policy of one way to rank, and the inputs that it was made with."""

    __pydantic_config__ = _EXACT

    features: tuple[Feature, ...]
    policy: Policy
    inputs: Inputs = Inputs()

    @cached_property
    def id(self) -> str:
        """Return the content's address: `rp_` and the first 12 hex digits of its SHA-256."""
        return "rp_" + hashlib.sha256(dump(self).encode()).hexdigest()[:12]

    def active(self, asked: frozenset[Source]) -> tuple[Feature, ...]:
        """Return the features that count for a query that asks for `asked`."""
        return tuple(item for item in self.features if item.is_always_on or item.source in asked)


def dump(profile: Profile) -> str:
    """Return the canonical JSON: keys in order, no spaces, numbers as their field's type, only constants that are used.

    Raises ValueError for NaN and infinity, which JSON does not know.
    """
    content = {
        "features": [_content_of_feature(item) for item in profile.features],
        "policy": _content(profile.policy),
        "inputs": _content(profile.inputs),
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def load(content: str) -> Profile:
    """Return the profile of a JSON text, whatever the order of its keys; raise Malformed.

    Whether its numbers make sense is for `ranking.checks` to say.
    """
    try:
        return _PROFILE.validate_json(content)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        said = [f"{'.'.join(map(str, fault['loc'])) or 'profile'}: {fault['msg']}" for fault in faults]
        raise Malformed("; ".join(said)) from None


def _content_of_feature(feature: Feature) -> dict[str, Any]:
    used = {"kind", *CONSTANTS[feature.transform.kind]}
    transform = {name: value for name, value in _content(feature.transform).items() if name in used}
    return {**_content(feature), "transform": transform}


def _content(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass by name; a whole number in a field of fractions is written as one."""
    content: dict[str, Any] = {}
    for item in fields(value):
        own = getattr(value, item.name)
        if item.metadata == LATER and own == item.default:
            continue
        # Adding zero makes -0.0 the zero that it is.
        content[item.name] = float(own) + 0.0 if item.type is float else own
    return content


_PROFILE = TypeAdapter(Profile)

FIRST = Profile(
    features=(
        Feature("text", 0.16, Transform("linear", 0.0, 0.80)),
        Feature("semantic", 0.27, Transform("saturation", pivot=0.30)),
        Feature("nearest_skill", 0.16, Transform("saturation", pivot=0.30)),
        Feature("skill", 0.01, Transform("linear")),
        Feature("related", 0.09, Transform("linear", 0.0, 0.6)),
        Feature("shared_skills", 0.24, Transform("linear")),
        Feature("zone", 0.10, Transform("linear")),
        Feature("fit_in_zone", 0.22, Transform("saturation", pivot=0.30)),
        Feature("sector", 0.03, Transform("linear")),
        Feature("language", 0.10, Transform("linear")),
        Feature("review_mean", 0.030, Transform("linear", 1.0, 5.0), missing=0.75, is_always_on=True),
        Feature("review_count", 0.005, Transform("saturation", pivot=5.0), is_always_on=True),
        Feature("days_until_available", 0.020, Transform("half_life", pivot=30.0), missing=0.5, is_always_on=True),
    ),
    policy=Policy(),
)
"""The profile that a new installation starts with."""
