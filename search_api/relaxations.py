"""What to leave out of a search that finds nobody: a filter, a word, or all filters."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from indexer.engines.interface import Engine, Filters, Plan
from search_api import understanding


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What would find more: leaving out a word or a filter, and how many that gives."""

    kind: str
    value: str
    total: int


_FILTERS = {
    "country": "country",
    "zone": "zone_countries",
    "skill": "skill",
    "sector": "sector",
    "language": "language",
    "max_day_rate": "max_day_rate_eur_cents",
    "available_by": "available_by",
}
"""The name of each filter as people set it, and where a plan keeps it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A search with something left out, and what that finds."""

    relaxation: Relaxation
    plan: Plan


def find(engine: Engine, plan: Plan) -> list[Attempt]:
    """Return what finds somebody when left out, whatever finds most first; all filters only if nothing else does."""
    attempts = [_attempt(engine, *each) for each in (*_without_a_filter(plan), *_without_a_word(plan))]
    if not any(attempt.relaxation.total for attempt in attempts) and not plan.filters.is_empty:
        attempts.append(_attempt(engine, "filters", "all", replace(plan, filters=Filters())))
    return sorted((item for item in attempts if item.relaxation.total), key=lambda item: -item.relaxation.total)


def nearest(plan: Plan, size: int) -> Plan:
    """Return the search for whoever comes nearest, when nothing that is left out finds anybody."""
    policy = replace(plan.profile.policy, similarity_floor=-1.0, lone_floor=-1.0, neighbours=size)
    return replace(plan, filters=Filters(), fewest_words=1.0, profile=replace(plan.profile, policy=policy))


def _attempt(engine: Engine, kind: str, value: str, plan: Plan) -> Attempt:
    return Attempt(Relaxation(kind, value, engine.retrieve(plan).total), plan)


def _without_a_filter(plan: Plan) -> Iterator[tuple[str, str, Plan]]:
    nothing = Filters()
    for name, field in _FILTERS.items():
        if getattr(plan.filters, field) != getattr(nothing, field):
            changed = replace(plan.filters, **{field: getattr(nothing, field)})
            yield "filter", name, replace(plan, filters=changed)


def _without_a_word(plan: Plan) -> Iterator[tuple[str, str, Plan]]:
    for at, group in enumerate(plan.groups):
        groups = plan.groups[:at] + plan.groups[at + 1 :]
        if group.is_required and groups:
            words = sum(item.words for item in groups if item.is_required)
            minimum, fewest = understanding.minimum_words(words), understanding.fewest_words(words)
            yield (
                "word",
                group.label,
                replace(plan, groups=groups, minimum_words=minimum, fewest_words=fewest, vector=None),
            )
