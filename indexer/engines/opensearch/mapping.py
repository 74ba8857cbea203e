"""How a document is stored: the mapping of an index, and the fields of one document."""

from typing import Any

from indexer import documents
from indexer.documents import Document
from indexer.engines.embedded.columns import is_telling, key_of
from indexer.engines.embedded.features import FULL_MENTION
from indexer.engines.embedded.snapshots import K1, B
from indexer.engines.embedded.words import distinct_words_of
from indexer.engines.interface import FacetName, Vector
from indexer.engines.opensearch.calibrations import Calibration
from taxonomy import texts

LIVE, DELETED = "live", "deleted"
UNIT = 1_000
"""Frequencies are stored as whole numbers of thousandths."""
FULL_SHARE = 0.9999
"""The greatest share of a full mention that a saturated frequency can tell."""
COUNT_MARK, TERM_END = "\t", "\n"
PART_END = "\t"
FACET_FIELDS: dict[FacetName, str] = {
    "country": "countries",
    "skill": "skill_keys",
    "sector": "sector_keys",
    "language": "languages",
}
_KEYWORD, _INTEGER, _LONG = {"type": "keyword"}, {"type": "integer"}, {"type": "long"}
_DOUBLE = {"type": "double"}
_STORED_ONLY = {"type": "keyword", "index": False, "doc_values": False, "store": True}


def settings(replicas: int) -> dict[str, Any]:
    """Return the settings of an index that is being built.

    What is written is not searched before the switch, so no refresh makes small segments of it (`refreshing`).
    Both similarities are BM25's saturation alone: a document's length is in the stored frequencies, and queries undo
    how rare a term is, since that weighs a whole group of words.
    """
    return {
        "index": {
            "knn": True,
            "number_of_shards": 1,
            "number_of_replicas": replicas,
            "refresh_interval": "-1",
        },
        "similarity": {
            "saturation": {"type": "BM25", "k1": K1 * UNIT, "b": 0},
            "share": {"type": "BM25", "k1": UNIT, "b": 0},
        },
        "analysis": {
            "tokenizer": {"lines": {"type": "char_group", "tokenize_on_chars": [TERM_END], "max_token_length": 8_000}},
            "filter": {"counted": {"type": "delimited_term_freq", "delimiter": COUNT_MARK}},
            "analyzer": {"counted_terms": {"type": "custom", "tokenizer": "lines", "filter": ["counted"]}},
        },
    }


def refreshing(refresh_ms: int) -> dict[str, Any]:
    """Return the settings of an index that is searched."""
    return {"index": {"refresh_interval": f"{refresh_ms}ms"}}


def mappings(dimension: int, meta: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping of an index whose vectors have so many numbers."""
    return {
        "dynamic": "strict",
        "_meta": meta,
        # Nothing reads what was sent but for the body, which is a field: vectors are not kept twice.
        "_source": {"enabled": False},
        "properties": {
            "id": _KEYWORD,
            "status": _KEYWORD,
            "version": _LONG,
            "body": _STORED_ONLY,
            "text_hash": _KEYWORD,
            "terms": _counted("saturation"),
            "concepts": _counted("share"),
            "words": {"type": "text", "analyzer": "whitespace", "index_options": "docs", "norms": False},
            "name_words": _KEYWORD,
            **dict.fromkeys(FACET_FIELDS.values(), _KEYWORD),
            "mentions": _KEYWORD,
            "based_in": _KEYWORD,
            "rate_eur_cents": _LONG,
            "available_on": _INTEGER,
            "boosted_until": _INTEGER,
            "created_on": _INTEGER,
            "rating_count": _INTEGER,
            "review_prior": _DOUBLE,
            "review_sum": _DOUBLE,
            "review_weight": _DOUBLE,
            "reviewed": {"type": "keyword", "index": False},
            "tie": _LONG,
            "twin": _LONG,
            "vector": {
                "type": "knn_vector",
                "dimension": dimension,
                "space_type": "cosinesimil",
                "method": {"name": "hnsw", "engine": "lucene", "parameters": {"m": 16, "ef_construction": 128}},
            },
        },
    }


def fields(document: Document, calibration: Calibration, vector: Vector | None) -> dict[str, Any]:
    """Return the stored fields of a document; dates are ordinals of days, and what is not said is left out."""
    concepts = documents.concept_weights(document)
    weights = documents.stem_weights(document) | concepts
    stretch = 1 - B + B * sum(weights.values()) / max(calibration.mean_length, 1e-6)
    found: dict[str, Any] = {
        "id": document.id,
        "status": LIVE,
        "version": document.version,
        "body": document.dump().decode(),
        "text_hash": document.text_hash,
        "terms": counted(weights, stretch),
        "concepts": counted({term: _unsaturated(weight) for term, weight in concepts.items()}),
        "words": " ".join(distinct_words_of(document)),
        "name_words": texts.words(document.name),
        "countries": document.countries,
        "skill_keys": document.skill_keys,
        "sector_keys": document.sector_keys,
        "languages": document.languages,
        "mentions": document.only_mentioned,
        "based_in": document.based_in,
        "rate_eur_cents": document.day_rate_eur_cents or None,
        "available_on": document.available_from and document.available_from.toordinal(),
        "boosted_until": document.boosted_until and document.boosted_until.toordinal(),
        "created_on": document.created_on.toordinal(),
        "rating_count": document.rating_count,
        "review_prior": document.review_prior,
        "review_sum": document.review_sum,
        "review_weight": document.review_weight,
        # Column values come back in an order of their own: each carries its numbers.
        "reviewed": [PART_END.join((key, *map(repr, totals))) for key, totals in document.reviewed_skills.items()],
        "tie": key_of(document.id),
        "twin": key_of(document.text_hash if is_telling(document) else document.id),
    }
    if vector is not None:
        found["vector"] = calibration.unit(document, vector)
    return {name: value for name, value in found.items() if value is not None}


def written_as(name: str) -> str:
    """Return the alias under which an index is written."""
    return f"{name}_written"


def tombstone(version: int) -> dict[str, Any]:
    """Return what stands for who is gone, so that an older version can't come back."""
    return {"status": DELETED, "version": version}


def counted(weights: dict[str, float], stretch: float = 1.0) -> str:
    """Return terms with their weighted frequencies over the document's stretch, as the analyzer reads them."""
    # A profile has many terms and few different weights.
    counts = {weight: f"{COUNT_MARK}{max(round(weight / stretch * UNIT), 1)}" for weight in set(weights.values())}
    return TERM_END.join([term + counts[weight] for term, weight in weights.items() if weight > 0])


def _unsaturated(weight: float) -> float:
    """Return the frequency that saturates to the share which a mention is of a full one."""
    share = min(weight / FULL_MENTION, FULL_SHARE)
    return share / (1 - share)


def _counted(similarity: str) -> dict[str, Any]:
    return {
        "type": "text",
        "analyzer": "counted_terms",
        "index_options": "freqs",
        "norms": False,
        "similarity": similarity,
    }
