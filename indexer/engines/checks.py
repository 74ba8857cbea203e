"""Whether every engine can compute a profile's first phase: profiles outlive the choice of an engine."""

from collections.abc import Iterator

from indexer.engines.embedded.features import SECOND_PHASE
from ranking.checks import Fault
from ranking.profiles import Feature, Profile, Source

FROM_QUERY: frozenset[Source] = frozenset({"text", "skill", "related", "zone", "sector", "language"})
"""What a query gives: OpenSearch finds it by postings, the embedded engine on rows for one search."""
OWN: frozenset[Source] = frozenset({"review_mean", "review_count", "days_until_available"})
"""What is stored with an expert, whatever is asked."""


def check(profile: Profile) -> list[Fault]:
    """Return why some engine could not compute the first phase, by the names that an operator knows."""
    faults = [fault for feature in profile.features for fault in _feature(feature)]
    if not any(item.is_always_on and item.weight > 0 and item.source not in SECOND_PHASE for item in profile.features):
        faults.append(
            Fault("WEIGHTS", "nothing_in_first_phase", "some feature that needs no query has to weigh: people browse")
        )
    return faults


def look_alike(one: Profile, other: Profile) -> bool:
    """Tell whether two profiles look at the same window, so that one retrieval does for both."""
    return _looks(one) == _looks(other)


def _looks(profile: Profile) -> tuple[object, ...]:
    """Return what decides whom an engine looks at."""
    policy = profile.policy
    first_phase = frozenset(feature for feature in profile.features if feature.source not in SECOND_PHASE)
    sources = frozenset(feature.source for feature in profile.features)
    floors = (policy.similarity_floor, policy.lone_floor)
    return first_phase, sources, floors, policy.neighbours, policy.window


def _feature(feature: Feature) -> Iterator[Fault]:
    name = feature.source.upper()
    if feature.source in SECOND_PHASE:
        return
    if feature.source not in FROM_QUERY | OWN:
        yield Fault(name, "not_in_first_phase", f"no engine knows {feature.source} while it looks for candidates")
    if feature.source in OWN:
        return
    if feature.is_always_on:
        # The embedded engine keeps what everybody earns whatever is asked: a query's own value would come on top.
        yield Fault(name, "not_always", f"{feature.source} is there only for a query that asks for it")
    if feature.transform.kind == "half_life":
        # OpenSearch looks first at who holds most of what is asked; falling values would have it look at the wrong end.
        message = f"{feature.source} can’t be worth less where there is more of it: half_life is for days and the like"
        yield Fault(f"{name}_TRANSFORM", "falls", message)
