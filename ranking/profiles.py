"""A ranking profile: every number that decides the order, as one immutable value.

Its id is the hash of its content, so that a result can name exactly what ranked it. The page "how the ranking
works" and every explanation are made from the live profile and nothing else.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Transform:
    """How a raw value becomes a number from 0 to 1.

    linear: (x - low) / (high - low), clipped. saturation: x / (x + pivot), 0 below 0.
    half_life: 0.5 ** (max(x, 0) / pivot).
    """

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


@dataclass(frozen=True)
class Profile:
    """Features and policy of one way to rank."""

    features: tuple[Feature, ...]
    policy: Policy

    @cached_property
    def id(self) -> str:
        """Return the content's address: `rp_` and the first 12 hex digits of its SHA-256."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return "rp_" + hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def active(self, asked: frozenset[Source]) -> tuple[Feature, ...]:
        """Return the features that count for a query that asks for `asked`."""
        return tuple(item for item in self.features if item.is_always_on or item.source in asked)


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
