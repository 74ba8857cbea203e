"""Whether a profile may go live: what has been measured of it, beside the live one, on the same queries.

A new profile need not be better, only not worse: non-inferiority (see Piaggio et al. 2012, "Reporting of
noninferiority and equivalence randomized trials"). Asking for a significant gain would keep out every change made for
other reasons (a simpler profile, a fairer one), and asking for nothing lets a loss through that few queries hide: the
lower bound of the difference, not its mean, has to stay above the margin.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

import numpy as np

from ranking import significance

METRIC = "ndcg_linear_full@10"
MARGIN = 0.01
"""What may be lost, of nDCG@10: about the step that visitors of the judged set would not tell from a draw."""
FEWEST_QUERIES = 50
"""With fewer, a bootstrap interval is narrower than the truth, and the set says little about what people search."""
LEVEL = 0.90
"""Of the two-sided interval: its lower bound is a one-sided test at 5 %."""
_Z = 1.645


class Basis(StrEnum):
    """How the figures of a profile came about."""

    SEARCHED = "searched"
    """Searches with it, on queries that nobody tuned it on."""
    HELD_OUT = "held_out"
    """Searches with profiles tuned the same way without the query at hand."""
    IN_SAMPLE = "in_sample"
    """Searches on the very queries that it was tuned on: no evidence."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything besides the profile that decides a figure; hashes and names."""

    judgments: str
    corpus: str
    """Of the ids and versions of the documents that were searched."""
    words: str
    encoder: str
    engine: str
    code: str
    day: str
    """Availability, newcomers and boosts depend on it."""

    def differing(self, other: "Conditions") -> list[str]:
        """Return which conditions differ, with both values."""
        pairs = ((item.name, getattr(self, item.name), getattr(other, item.name)) for item in fields(self))
        return [f"{name}: {mine} and {theirs}" for name, mine, theirs in pairs if mine != theirs]

    def until(self, end: "Conditions") -> "Conditions":
        """Return conditions that changed while they were measured under, each as it was and as it became.

        On a site that lives documents change all the time: such figures compare with those of the same run alone.
        """
        return Conditions(
            **{
                item.name: mine if mine == theirs else f"{mine}..{theirs}"
                for item in fields(self)
                for mine, theirs in [(getattr(self, item.name), getattr(end, item.name))]
            }
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one profile reached at `METRIC`, query by query."""

    profile_id: str
    conditions: Conditions
    basis: Basis
    at: datetime
    values: Mapping[str, float]


def refusal(
    candidate: str,
    live: str,
    found: Iterable[Evidence],
    *,
    margin: float = MARGIN,
    fewest_queries: int = FEWEST_QUERIES,
) -> str | None:
    """Return why a profile may not go live instead of another, with what to do about it; None if it may."""
    evidence = [item for item in found if item.values]
    advice = f"run `portulan ranking evaluate {candidate} --against {live}`"
    of_candidate = [item for item in evidence if item.profile_id == candidate and item.basis is not Basis.IN_SAMPLE]
    if not of_candidate:
        only = ", except by searches on the very judgments that it was tuned on"
        known = only if any(item.profile_id == candidate for item in evidence) else ""
        return f"{candidate} has not been evaluated{known}: {advice}"
    of_live = [item for item in evidence if item.profile_id == live]
    if not of_live:
        return f"the live profile {live} has not been evaluated: {advice}"
    pair = _latest_pair(of_candidate, of_live)
    if pair is None:
        latest, other = max(of_candidate, key=_at), max(of_live, key=_at)
        what = "; ".join(latest.conditions.differing(other.conditions)) or "the queries"
        return f"{candidate} and {live} were evaluated under different conditions ({what}): {advice}"
    return _judged(candidate, _differences(*pair), margin, fewest_queries)


def _judged(candidate: str, differences: Sequence[float], margin: float, fewest_queries: int) -> str | None:
    """Return why differences to the live profile are no evidence that a candidate isn't worse."""
    if len(differences) < fewest_queries:
        return f"{len(differences)} judged queries are too few to tell, {fewest_queries} are needed: grade more"
    interval = significance.bootstrap(differences, level=LEVEL)
    if interval.low > -margin:
        return None
    said = (
        f"{METRIC} changes by {interval.mean:+.4f} ({interval.low:+.4f} to {interval.high:+.4f}) "
        f"on {len(differences)} queries"
    )
    if interval.mean <= -margin:
        return f"{candidate} is worse: {said}, and {margin} is the most that may be lost"
    needed = queries_needed(differences, margin)
    return (
        f"{candidate} may be worse by more than {margin}: {said}; about {needed} judged queries would tell: grade more"
    )


def queries_needed(differences: Sequence[float], margin: float = MARGIN) -> int:
    """Return about how many queries it takes for the lower bound to clear the margin, if the mean stays the same."""
    room = margin + float(np.mean(differences))
    return int(np.ceil((_Z * np.std(differences, ddof=1) / room) ** 2)) if room > 0 else 0


def _latest_pair(of_candidate: Sequence[Evidence], of_live: Sequence[Evidence]) -> tuple[Evidence, Evidence] | None:
    """Return the latest evidence of the one that the other has its like of: same conditions, same queries."""
    for item in sorted(of_candidate, key=_at, reverse=True):
        for other in sorted(of_live, key=_at, reverse=True):
            if item.conditions == other.conditions and set(item.values) == set(other.values):
                return item, other
    return None


def _differences(item: Evidence, other: Evidence) -> list[float]:
    return [item.values[query] - other.values[query] for query in item.values]


def _at(item: Evidence) -> datetime:
    return item.at
