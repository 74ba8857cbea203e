"""What OpenSearch answers, as the values that ranking works on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded.features import SECOND_PHASE
from indexer.engines.interface import ENOUGH, FACETS, Candidates, FacetCount, FacetName, Floats, Plan
from indexer.engines.opensearch.records import Hit
from indexer.engines.opensearch.searches import LEXICAL, NEAR
from ranking import held_skills, reviews, scoring
from ranking.profiles import Source

Answer = Mapping[str, Any]
_STORED: frozenset[Source] = frozenset({"text", "skill", "related", "sector", "zone", "language"})


@dataclass(frozen=True)
class Sorted:
    """The hits of a window: the best lexical matches, best first, then who is only near."""

    window: list[Hit]
    outside: list[Hit]


def sort(hits: Sequence[Hit], lexical_total: int, plan: Plan) -> Sorted:
    """Tell lexical matches from neighbours; a neighbour counts from the profile's floor on."""
    lexical = [hit for hit in hits if LEXICAL in hit.named]
    outside = [hit for hit in hits if LEXICAL not in hit.named]
    policy = plan.profile.policy
    near = [_cosine(hit) for hit in hits if hit.score >= NEAR]
    floor = policy.similarity_floor
    if not lexical_total and max(near, default=-1.0) < policy.lone_floor:
        floor = np.inf
    outside = sorted((hit for hit in outside if _cosine(hit) >= floor), key=_cosine, reverse=True)
    return Sorted(_best(lexical, plan)[: policy.window], outside)


def candidates(hits: Sequence[Hit], plan: Plan) -> Candidates:
    """Return hits as candidates."""
    raw = _raw(hits, plan)
    if "semantic" in plan.asked and plan.vector is not None:
        raw["semantic"] = np.array([_cosine(hit) for hit in hits])
    records = [hit.record for hit in hits]
    return Candidates(
        ids=[record.id for record in records],
        raw=raw,
        boosted=np.array([record.boosted_until for record in records], dtype=np.int64) >= plan.today.toordinal(),
        created=np.array([record.created_on for record in records], dtype=np.int64),
        reviews=raw["review_count"],
        ties=_ties(hits),
        texts=np.array([record.twin for record in records], dtype=np.int64),
        held=held_skills.join([record.skills for record in records]),
    )


def id_of(hit: Mapping[str, Any]) -> str:
    """Return whose hit it is, where the column was asked for."""
    return hit["fields"]["id"][0]


def lexical_total(counts: Answer) -> int:
    """Return how many lexical matches pass the filters."""
    return int(counts["aggregations"][LEXICAL]["doc_count"])


def is_enough(counts: Answer) -> bool:
    """Tell whether as many match as fill a page, filters aside."""
    return counts["hits"]["total"]["value"] >= ENOUGH


def facets(counts: Answer) -> dict[FacetName, list[FacetCount]]:
    """Return the counted values of every facet."""
    found = counts["aggregations"]
    return {name: counted(found.get(name, found[LEXICAL])[name]) for name in FACETS}


def counted(found: Mapping[str, Any]) -> list[FacetCount]:
    """Return the buckets of a count."""
    return [FacetCount(bucket["key"], bucket["doc_count"]) for bucket in found["buckets"]]


def _best(hits: list[Hit], plan: Plan) -> list[Hit]:
    """Put hits in the order of the exact first phase, as the embedded engine does."""
    if not hits:
        return []
    asked = plan.asked - SECOND_PHASE
    exact = scoring.score(plan.profile, _raw(hits, replace(plan, asked=asked)), asked, len(hits)).base
    return [hits[at] for at in np.lexsort((_ties(hits), -exact))]


def _raw(hits: Sequence[Hit], plan: Plan) -> dict[Source, Floats]:
    raw: dict[Source, Floats] = {
        source: np.array([hit.named.get(source, 0.0) for hit in hits], dtype=np.float64)
        for source in _STORED & plan.asked
    }
    counts = np.array([hit.record.rating_count for hit in hits], dtype=np.float64)
    sums = np.array([hit.record.rating_sum for hit in hits], dtype=np.float64)
    available = np.array([hit.record.available_on for hit in hits], dtype=np.float64)
    raw["review_mean"] = reviews.shrunken_mean(sums, counts)
    raw["review_count"] = counts
    raw["days_until_available"] = available - plan.today.toordinal()
    return raw


def _cosine(hit: Hit) -> float:
    """Return the cosine with the query's vector; NaN for who has no vector yet."""
    score = hit.named.get("semantic")
    return np.nan if score is None else 2.0 * score - 1.0


def _ties(hits: Sequence[Hit]) -> NDArray[np.int64]:
    return np.array([hit.record.tie for hit in hits], dtype=np.int64)
