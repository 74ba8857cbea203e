"""Raw values of a search's features by slot, and the rough first-phase score that says whose exact one matters."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.documents import sector_term, skill_term
from indexer.engines.embedded import matching
from indexer.engines.embedded.analysis import term_hash
from indexer.engines.embedded.snapshots import Scores, Snapshot
from indexer.engines.interface import Floats, Plan
from ranking import reviews, scoring
from ranking.profiles import Source

FULL_MENTION = 3.0
"""The weighted frequency from which on a concept counts as listed."""
SECOND_PHASE: frozenset[Source] = frozenset({"semantic", "nearest_skill", "shared_skills", "fit_in_zone"})
ROUGHNESS = 1e-5
"""By how much a rough score, in single precision, may differ from the exact one: a generous bound."""

Slots = NDArray[np.int64]


class Features:
    """What one search knows of each slot; text scores are there for the slots `found`, which ascend."""

    def __init__(self, snapshot: Snapshot, plan: Plan, found: Slots) -> None:
        self.snapshot = snapshot
        self.plan = plan
        self._found = found

    def raw(self, slots: Slots, asked: frozenset[Source]) -> dict[Source, Floats]:
        """Return the raw values of features that need no vector; NaN where there is none."""
        raw: dict[Source, Floats] = {
            source: values[slots].astype(np.float64) for source, values in self._asked.items() if source in asked
        }
        raw.update(_own_values(self.snapshot, self.plan.today, slots))
        return raw

    def rough(self, slots: Slots) -> Scores:
        """Return first-phase scores in single precision: within `ROUGHNESS` of the exact ones."""
        profile = self.plan.profile
        active = profile.active(self.plan.asked - SECOND_PHASE)
        score = self._own_points[slots]
        for feature in active:
            values = self._asked.get(feature.source)
            if values is not None:
                raw = values[slots].astype(np.float32, copy=False)
                score += np.float32(feature.weight) * scoring.apply(feature.transform, raw)
        return score / np.float32(sum(feature.weight for feature in active))

    @cached_property
    def _asked(self) -> dict[Source, NDArray[np.float32] | NDArray[np.float64] | NDArray[np.bool_]]:
        """Return the raw values that the query gives, a row for every slot."""
        snapshot, plan = self.snapshot, self.plan
        rows: dict[Source, NDArray[np.float32] | NDArray[np.float64] | NDArray[np.bool_]] = {}
        if "text" in plan.asked:
            rows["text"] = np.zeros(snapshot.size, dtype=np.float32)
            rows["text"][self._found] = matching.scores(snapshot, plan, self._found)
        if "skill" in plan.asked:
            rows["skill"] = _mentions(snapshot, {skill_term(key): weight for key, weight in plan.skills.items()})
        if "related" in plan.asked:
            rows["related"] = _mentions(snapshot, plan.related)
        if "sector" in plan.asked:
            rows["sector"] = _mentions(snapshot, dict.fromkeys(map(sector_term, plan.sectors), 1.0))
        if "zone" in plan.asked:
            rows["zone"] = np.mean([snapshot.coverage(countries) for countries in plan.places], axis=0)
        if "language" in plan.asked:
            rows["language"] = snapshot.bearing("language", plan.languages)
        return rows

    @property
    def _own_points(self) -> Scores:
        """Return what every slot earns whatever is asked, before weights are shared; kept with the snapshot."""
        snapshot, plan = self.snapshot, self.plan

        def compute() -> Scores:
            points = np.zeros(snapshot.size)
            raw = _own_values(snapshot, plan.today, np.arange(snapshot.size))
            for feature in plan.profile.active(frozenset()):
                if feature.source in raw:
                    value = scoring.apply(feature.transform, raw[feature.source])
                    points += feature.weight * np.nan_to_num(value, nan=feature.missing)
                else:
                    points += feature.weight * feature.missing
            return points.astype(np.float32)

        return snapshot.remembered(("own points", plan.profile.id, plan.today), compute)


def _own_values(snapshot: Snapshot, today: date, slots: Slots) -> dict[Source, Floats]:
    """Return the raw values that don't depend on the query."""
    columns = snapshot.columns
    sums, weights, priors = (columns[name][slots] for name in ("review_sum", "review_weight", "review_prior"))
    return {
        "review_mean": reviews.shrunken_mean(sums, weights, priors, reviews.fading(today)),
        "review_count": columns["rating_count"][slots].astype(np.float64),
        "days_until_available": snapshot.days_until_available(today)[slots],
    }


def _mentions(snapshot: Snapshot, wanted: Mapping[str, float]) -> Floats:
    """Return how fully each slot names some concepts: the weighted share of them that it does."""
    found = np.zeros(snapshot.size)
    for term, weight in wanted.items():
        for segment in snapshot.segments:
            slots, strength = segment.postings(term_hash(term))
            found[slots.astype(np.int64)] += weight * np.minimum(strength / FULL_MENTION, 1.0)
    total = sum(wanted.values())
    return found / total if total else found
