"""The bare OpenSearch: BM25 over three fields, the same neighbours and the same facets with the same filters.

No understanding, no ranking, no synonyms: what the engine does by itself, in one request.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from opensearchpy import OpenSearch, helpers

from indexer.documents import Document
from indexer.engines.interface import Filters, Vector
from ranking.profiles import FIRST

INDEX = "bench-bare"
PAGE = 20
NEIGHBOURS = FIRST.policy.neighbours
VECTOR_DIGITS = 7
BULK = 1_000
FACETS = ("countries", "skill_keys", "sector_keys", "languages")
FACET_VALUES = 50
_KEYWORD = {"type": "keyword"}


def _mapping(dimension: int) -> dict[str, Any]:
    text = {"type": "text", "analyzer": "french"}
    return {
        "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1", "index.knn": True},
        "mappings": {
            "dynamic": "strict",
            "properties": {
                "headline": text,
                "skills": text,
                "summary": text,
                **dict.fromkeys(FACETS, _KEYWORD),
                "rate": {"type": "long"},
                "vector": {
                    "type": "knn_vector",
                    "dimension": dimension,
                    "method": {
                        "name": "hnsw",
                        "engine": "lucene",
                        "space_type": "cosinesimil",
                        "parameters": {"m": 16, "ef_construction": 128},
                    },
                },
            },
        },
    }


class BareOpenSearch:
    """An index of its own; `close` removes it."""

    def __init__(self, address: str) -> None:
        self.client = OpenSearch(address, timeout=300)

    def load(self, documents: Iterable[Document], vectors: Mapping[str, Vector]) -> int:
        """Index documents with their vectors by text hash, through `helpers.bulk`; return how many.

        The documents are in memory already. Nothing is refreshed before the end, and everything then.
        """
        self.client.indices.delete(index=INDEX, params={"ignore_unavailable": "true"})
        dimension = len(next(iter(vectors.values())))
        self.client.indices.create(index=INDEX, body=_mapping(dimension))
        actions = (_action(document, vectors.get(document.text_hash)) for document in documents)
        done, _ = helpers.bulk(self.client, actions, chunk_size=BULK, request_timeout=300)
        self.client.indices.refresh(index=INDEX)
        return done

    def settle(self, *others: str) -> None:
        """Merge the segments of this and other indices to one each, so that all are searched in the same state."""
        index = ",".join([INDEX, *others])
        self.client.indices.forcemerge(index=index, params={"max_num_segments": 1, "request_timeout": 1_200})

    def search(self, query: str, filters: Filters, vector: Vector | None, needed: str | None = None) -> dict[str, Any]:
        """Return the first page and the facets; neighbours too where there is a vector.

        A match holds one word of the query, or as many as `needed` says (as minimum_should_match).
        """
        kept = _filters(filters)
        shoulds: list[dict[str, Any]] = []
        if query:
            fields = ["headline^3", "skills^3", "summary"]
            words: dict[str, Any] = {"query": query, "fields": fields}
            if needed is not None:
                words["minimum_should_match"] = needed
            shoulds.append({"multi_match": words})
        if vector is not None:
            knn = {"vector": vector.tolist(), "k": NEIGHBOURS, "filter": {"bool": {"filter": kept}}}
            shoulds.append({"knn": {"vector": knn}})
        body = {
            "size": PAGE,
            "_source": ["headline", "skills"],
            "query": {"bool": {"filter": kept, "should": shoulds, "minimum_should_match": 1 if shoulds else 0}},
            "aggs": {name: {"terms": {"field": name, "size": FACET_VALUES}} for name in FACETS},
            "track_total_hits": True,
        }
        return self.client.search(index=INDEX, body=body)

    def close(self) -> None:
        """Remove the index."""
        self.client.indices.delete(index=INDEX, params={"ignore_unavailable": "true"})
        self.client.close()


def _action(document: Document, vector: Vector | None) -> dict[str, Any]:
    source = {
        "headline": document.headline,
        "skills": document.skills,
        "summary": document.summary,
        "countries": document.countries,
        "skill_keys": document.skill_keys,
        "sector_keys": document.sector_keys,
        "languages": document.languages,
        "rate": document.day_rate_eur_cents,
    }
    if vector is not None:
        # No more digits than single precision has: the other side sends no more either.
        source["vector"] = vector.astype(np.float64).round(VECTOR_DIGITS).tolist()
    return {"_index": INDEX, "_id": document.id, "_source": source}


def _filters(filters: Filters) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    wanted = {
        "countries": (filters.country, filters.zone_countries),
        "skill_keys": (filters.skill,),
        "sector_keys": (filters.sector,),
        "languages": (filters.language,),
    }
    for field, groups in wanted.items():
        kept.extend({"terms": {field: sorted(values)}} for values in groups if values)
    if filters.max_day_rate_eur_cents is not None:
        kept.append({"range": {"rate": {"lte": filters.max_day_rate_eur_cents}}})
    return kept
