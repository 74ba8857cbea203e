"""What OpenSearch answers, as the values that ranking works on."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from indexer.engines import letters
from indexer.engines.embedded.features import SECOND_PHASE
from indexer.engines.interface import FACETS, Candidates, FacetCount, FacetName, Floats, Plan
from indexer.engines.letters import Phrases
from indexer.engines.opensearch.searches import LEXICAL, NEAR
from ranking import held_skills, reviews, scoring
from ranking.profiles import Source

Answer = Mapping[str, Any]
Hit = Mapping[str, Any]
_STORED: frozenset[Source] = frozenset({"text", "skill", "related", "sector", "zone", "language"})


@dataclass(frozen=True)
class Sorted:
    """The hits of a window: the best lexical matches, best first, then who is only near."""

    window: list[Hit]
    outside: list[Hit]
    lexical_total: int


def sort(answer: Answer, plan: Plan) -> Sorted:
    """Tell lexical matches from neighbours; a neighbour counts from the profile's floor on."""
    hits: list[Hit] = answer["hits"]["hits"]
    lexical_total = int(answer["aggregations"][LEXICAL][LEXICAL]["doc_count"])
    lexical = [hit for hit in hits if LEXICAL in _named(hit)]
    outside = [hit for hit in hits if LEXICAL not in _named(hit)]
    policy = plan.profile.policy
    near = [_cosine(hit) for hit in hits if hit["_score"] >= NEAR]
    floor = policy.similarity_floor
    if not lexical_total and max(near, default=-1.0) < policy.lone_floor:
        floor = np.inf
    outside = sorted((hit for hit in outside if _cosine(hit) >= floor), key=_cosine, reverse=True)
    return Sorted(_best(lexical, plan)[: policy.window], outside, lexical_total)


def candidates(hits: Sequence[Hit], plan: Plan, rarity: Floats) -> Candidates:
    """Return hits as candidates; `rarity` weighs the letters of their phrases."""
    raw = _raw(hits, plan)
    if "semantic" in plan.asked and plan.vector is not None:
        raw["semantic"] = np.array([_cosine(hit) for hit in hits])
    if "phrase" in plan.asked:
        raw["phrase"] = letters.closeness(phrases(hits), rarity, plan.phrases)
    return Candidates(
        ids=[id_of(hit) for hit in hits],
        raw=raw,
        boosted=_numbers(hits, "boosted_until", -1) >= plan.today.toordinal(),
        created=_numbers(hits, "created_on").astype(np.int64),
        reviews=raw["review_count"],
        ties=_keys(hits, "tie"),
        texts=_keys(hits, "twin"),
        held=held_skills.gather(
            [hit["fields"].get("skill_keys", []) for hit in hits], [hit["fields"].get("mentions", []) for hit in hits]
        ),
    )


def id_of(hit: Hit) -> str:
    """Return whose hit it is."""
    return hit["fields"]["id"][0]


def facets(answer: Answer) -> dict[FacetName, list[FacetCount]]:
    """Return the counted values of every facet."""
    found = answer["aggregations"][LEXICAL]
    return {name: counted(found[name]["values"]) for name in FACETS}


def counted(found: Mapping[str, Any]) -> list[FacetCount]:
    """Return the buckets of a count."""
    return [FacetCount(bucket["key"], bucket["doc_count"]) for bucket in found["buckets"]]


def phrases(hits: Sequence[Hit]) -> Phrases:
    """Return the stored letters of hits' phrases."""
    grams: list[np.ndarray] = [np.empty(0, dtype=np.uint16)]
    sizes: list[np.ndarray] = [np.empty(0, dtype=np.int64)]
    row_of: list[int] = []
    for row, hit in enumerate(hits):
        starts = _decoded(hit, "gram_starts")
        grams.append(_decoded(hit, "grams"))
        sizes.append(np.diff(starts.astype(np.int64)))
        row_of.extend([row] * (len(starts) - 1))
    return Phrases(len(hits), np.concatenate(grams), np.concatenate(sizes), np.array(row_of, dtype=np.int64))


def _best(hits: list[Hit], plan: Plan) -> list[Hit]:
    """Put hits in the order of the exact first phase, as the embedded engine does."""
    if not hits:
        return []
    asked = plan.asked - SECOND_PHASE
    exact = scoring.score(plan.profile, _raw(hits, replace(plan, asked=asked)), asked, len(hits)).base
    return [hits[at] for at in np.lexsort((_keys(hits, "tie"), -exact))]


def _raw(hits: Sequence[Hit], plan: Plan) -> dict[Source, Floats]:
    raw: dict[Source, Floats] = {
        source: np.array([_named(hit).get(source, 0.0) for hit in hits], dtype=np.float64)
        for source in _STORED & plan.asked
    }
    counts = _numbers(hits, "rating_count")
    raw["review_mean"] = reviews.shrunken_mean(_numbers(hits, "rating_sum"), counts)
    raw["review_count"] = counts
    raw["days_until_available"] = _numbers(hits, "available_on", np.nan) - plan.today.toordinal()
    return raw


def _named(hit: Hit) -> Mapping[str, float]:
    return hit.get("matched_queries", {})


def _cosine(hit: Hit) -> float:
    """Return the cosine with the query's vector; NaN for who has no vector yet."""
    score = _named(hit).get("semantic")
    return np.nan if score is None else 2.0 * score - 1.0


def _numbers(hits: Sequence[Hit], name: str, missing: float = 0.0) -> Floats:
    return np.array([hit["fields"].get(name, (missing,))[0] for hit in hits], dtype=np.float64)


def _keys(hits: Sequence[Hit], name: str) -> np.ndarray:
    return np.array([hit["fields"][name][0] for hit in hits], dtype=np.int64)


def _decoded(hit: Hit, name: str) -> np.ndarray:
    """Return stored numbers; columns come in the alphabet for addresses, without padding."""
    text: str = hit["fields"][name][0]
    return np.frombuffer(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), dtype=np.uint16)
