"""What OpenSearch answers, as the values that ranking works on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """The hits that count, with their raw values: `matches` best lexical matches, then who is only near."""

    hits: list[Hit]
    matches: int
    raw: dict[Source, Floats]


def sort(hits: Sequence[Hit], lexical_total: int, plan: Plan) -> Sorted:
    """Tell lexical matches from neighbours; a neighbour counts from the profile's floor on.

    Matches come in the order of the exact first phase, as the embedded engine puts them.
    """
    raw, policy = raw_values(hits, plan), plan.profile.policy
    is_lexical = np.array([LEXICAL in hit.named for hit in hits], dtype=np.bool_)
    asked = plan.asked - SECOND_PHASE
    exact = scoring.score(plan.profile, raw, asked, len(hits)).base
    matches = np.flatnonzero(is_lexical)
    matches = matches[np.lexsort((_ties(hits)[matches], -exact[matches]))][: policy.window]
    outside = np.flatnonzero(~is_lexical)
    if len(outside):
        cosines = raw["semantic"]
        is_near = np.array([hit.score >= NEAR for hit in hits], dtype=np.bool_)
        is_understood = lexical_total or cosines[is_near].max(initial=-1.0) >= policy.lone_floor
        outside = outside[cosines[outside] >= (policy.similarity_floor if is_understood else np.inf)]
        outside = outside[np.argsort(-cosines[outside], kind="stable")]
    rows = np.concatenate([matches, outside])
    kept: dict[Source, Floats] = {source: values[rows] for source, values in raw.items()}
    return Sorted([hits[row] for row in rows.tolist()], len(matches), kept)


def candidates(hits: Sequence[Hit], raw: Mapping[Source, Floats], plan: Plan) -> Candidates:
    """Return hits with their raw values as candidates."""
    records = [hit.record for hit in hits]
    values = dict(raw)
    if asked := plan.reviewed_skills:
        told = [(each.review_prior, each.review_sum, each.review_weight, each.reviewed) for each in records]
        values["review_mean"] = reviews.mean_for(asked, reviews.join(told), reviews.fading(plan.today))
    return Candidates(
        ids=[record.id for record in records],
        raw=values,
        boosted=np.array([record.boosted_until for record in records], dtype=np.int64) >= plan.today.toordinal(),
        created=np.array([record.created_on for record in records], dtype=np.int64),
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


def raw_values(hits: Sequence[Hit], plan: Plan) -> dict[Source, Floats]:
    """Return the raw values of what a plan asks for."""
    raw: dict[Source, Floats] = {
        source: np.array([hit.named.get(source, 0.0) for hit in hits], dtype=np.float64)
        for source in _STORED & plan.asked
    }
    available = np.array([hit.record.available_on for hit in hits], dtype=np.float64)
    records = [hit.record for hit in hits]
    told = [(record.review_sum, record.review_weight, record.review_prior) for record in records]
    sums, weights, priors = np.array(told, dtype=np.float64).reshape(-1, 3).T
    raw["review_mean"] = reviews.shrunken_mean(sums, weights, priors, reviews.fading(plan.today))
    raw["review_count"] = np.array([hit.record.rating_count for hit in hits], dtype=np.float64)
    raw["days_until_available"] = available - plan.today.toordinal()
    if "semantic" in plan.asked and plan.vector is not None:
        raw["semantic"] = np.array([_cosine(hit) for hit in hits], dtype=np.float64)
    return raw


def _cosine(hit: Hit) -> float:
    """Return the cosine with the query's vector; NaN for who has no vector yet."""
    score = hit.named.get("semantic")
    return np.nan if score is None else 2.0 * score - 1.0


def _ties(hits: Sequence[Hit]) -> NDArray[np.int64]:
    return np.array([hit.record.tie for hit in hits], dtype=np.int64)
