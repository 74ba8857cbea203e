"""How complete a profile is, and what to do next: a pure function of the profile and of what ranking looks at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from accounts import availabilities
from accounts.models.experts import Expert
from ranking.profiles import Profile, Source

ENOUGH_WORDS = 60
"""Of a summary: about what the encoder reads of it with profit, and three or four sentences."""
ENOUGH_SKILLS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a profile may say: its share of the whole in percent, and what ranking makes of it.

    `weight` is what the live ranking gives to features that look at it, 0 for what only readers see.
    """

    code: str
    share: int
    is_done: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of a profile is there, and what is not, the most telling first."""

    percent: int
    next_steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    share: int
    sources: tuple[Source, ...]
    is_done: Callable[[Expert, date], bool]


def _is_said(expert: Expert, today: date) -> bool:
    """Tell whether an owner has said when, and it still counts; being unavailable is an answer too."""
    ends_on = availabilities.ends_on(expert)
    return not expert.is_available or (expert.available_from is not None and (ends_on is None or today <= ends_on))


_PARTS: Mapping[str, _Part] = {
    "headline": _Part(12, ("text", "semantic"), lambda expert, _: bool(expert.headline)),
    "summary": _Part(14, ("text", "semantic"), lambda expert, _: len(expert.summary.split()) >= ENOUGH_WORDS),
    "skills": _Part(
        18,
        ("skill", "related", "nearest_skill", "shared_skills"),
        lambda expert, _: len(expert.skills) >= ENOUGH_SKILLS,
    ),
    "countries": _Part(12, ("zone", "fit_in_zone"), lambda expert, _: bool(expert.countries)),
    "languages": _Part(8, ("language",), lambda expert, _: bool(expert.languages)),
    "sectors": _Part(6, ("sector",), lambda expert, _: bool(expert.sectors)),
    "day_rate": _Part(8, (), lambda expert, _: expert.day_rate_cents is not None),
    "availability": _Part(6, ("days_until_available",), _is_said),
    "portrait": _Part(6, (), lambda expert, _: expert.portrait_id is not None),
    "references": _Part(6, (), lambda expert, _: bool(expert.client_references)),
    "based_in": _Part(4, (), lambda expert, _: expert.based_in is not None),
}
"""The shares sum to 100. Reviews are not among them: nobody can add them by writing."""


def assess(expert: Expert, ranking: Profile, *, today: date) -> Completeness:
    """Return how complete a profile is; what weighs most in `ranking`, the live profile, comes first."""
    weights = {feature.source: feature.weight for feature in ranking.features}
    steps = [
        Step(code, part.share, part.is_done(expert, today), sum(weights.get(source, 0.0) for source in part.sources))
        for code, part in _PARTS.items()
    ]
    wanting = sorted((step for step in steps if not step.is_done), key=lambda step: (-step.weight, -step.share))
    return Completeness(sum(step.share for step in steps if step.is_done), tuple(wanting))
