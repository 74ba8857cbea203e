"""What is counted of an index before it is searched, kept for a while: how rare words are weighs them."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from indexer.engines import letters
from indexer.engines.embedded.analysis import GRAM_BUCKETS
from indexer.engines.embedded.words import likeliest
from indexer.engines.interface import ENOUGH, FacetCount, FacetName, Floats, Plan
from indexer.engines.opensearch import answers, clauses, mapping, records, searches
from indexer.engines.opensearch.clauses import Statistics, TermField
from indexer.engines.opensearch.nodes import Json, Node
from indexer.engines.opensearch.searches import Question

KEPT_SECONDS = 30.0
"""How long counts that weigh words may be behind what other processes write; results and facets never are."""
MOST_KEPT = 20_000
SAMPLED_PHRASES = 2_000
"""Of how many profiles the letters tell which ones are rare."""
Word = tuple[str, ...]


class Counts:
    """Counts over the generation that `read` names."""

    def __init__(self, node: Node, read: Callable[[], str]) -> None:
        self._node, self._read = node, read
        self._lock = threading.Lock()
        self._kept: dict[object, tuple[float, Any]] = {}

    def forget(self) -> None:
        """Count anew what was counted lately."""
        with self._lock:
            self._kept = {}

    def question(self, plan: Plan) -> Question:
        """Count what a plan needs counted."""
        words = dict.fromkeys(stems for group in plan.groups for item in group.alternatives for stems in item.terms)
        everybody, held, matched = self._counted(plan, list(words))
        stems = [stem for word in words for stem in word]
        concepts = [term for terms in clauses.asked_concepts(plan).values() for term in terms]
        found = self._frequencies({"terms": stems, "concepts": concepts})
        levels = clauses.needed_words(plan)
        enough = (level for level, count in zip(levels, matched, strict=False) if count >= ENOUGH)
        return Question(plan, next(enough, levels[-1]), Statistics(everybody, held, found))

    def holders(self, stems: Iterable[str]) -> int:
        """Return how many documents hold the most frequent of some terms."""
        _, counted, _ = self._counted(None, [(stem,) for stem in stems])
        return max(counted.values(), default=0)

    def common_values(self, facet: FacetName, limit: int) -> list[FacetCount]:
        """Return a facet's most frequent values over everybody."""

        def ask() -> list[FacetCount]:
            body: Json = {"size": 0, "query": clauses.EVERYBODY, "aggs": {"values": searches.values(facet, limit)}}
            return answers.counted(self._search(body)["aggregations"]["values"])

        return self._remembered(("common", facet, limit), ask)

    def closest(self, word: str) -> str | None:
        """Return the indexed word nearest to a misspelling."""
        return self._remembered(("closest", word), lambda: self._closest(word))

    def gram_rarity(self) -> Floats:
        """Return how rare letters are in the phrases of a sample."""

        def ask() -> Floats:
            body: Json = {
                "size": SAMPLED_PHRASES,
                "stored_fields": "_none_",
                "query": clauses.EVERYBODY,
                "docvalue_fields": records.FIELDS,
                "sort": [{"tie": "asc"}],
            }
            found = answers.phrases([records.read(hit) for hit in self._search(body)["hits"]["hits"]])
            holders = np.bincount(found.grams, minlength=GRAM_BUCKETS).astype(np.float64)
            return letters.rarity(holders, len(found.sizes))

        return self._remembered("gram rarity", ask)

    def _counted(self, plan: Plan | None, words: Sequence[Word]) -> tuple[int, dict[Word, int], list[int]]:
        """Count everybody, the holders of words, and a plan's matches at each number of words."""
        known = {stems: count for stems in words if (count := self._recall(("held", stems))) is not None}
        everybody = self._recall("everybody")
        missing = [stems for stems in words if stems not in known]
        has_levels = plan is not None and len(clauses.needed_words(plan)) > 1
        levels = ("levels", plan.groups, plan.minimum_words, plan.fewest_words) if plan and has_levels else None
        matched: list[int] | None = self._recall(levels) if levels else []
        if not missing and everybody is not None and matched is not None:
            return everybody, known, matched
        answer = self._search(searches.counts(plan if matched is None else None, missing))["aggregations"]
        everybody = self._keep("everybody", answer["everybody"]["doc_count"])
        for at, stems in enumerate(missing):
            known[stems] = self._keep(("held", stems), answer["held"]["buckets"][str(at)]["doc_count"])
        if matched is None:
            buckets = answer["matched"]["buckets"]
            matched = self._keep(levels, [buckets[str(at)]["doc_count"] for at in range(len(buckets))])
        return everybody, known, matched or []

    def _frequencies(self, wanted: dict[TermField, Iterable[str]]) -> dict[tuple[TermField, str], float]:
        """Return BM25's inverse document frequency of terms as OpenSearch has it, deleted documents and all."""
        keys: list[tuple[TermField, str]] = [(field, term) for field, terms in wanted.items() for term in terms]
        known = {key: rarity for key in keys if (rarity := self._recall(("rarity", key))) is not None}
        missing = [key for key in keys if key not in known]
        if not missing:
            return known
        by_field: dict[TermField, dict[str, float]] = {}
        for field, term in missing:
            by_field.setdefault(field, {})[term] = 1 / mapping.UNIT
        body: Json = {
            "doc": {field: mapping.counted(terms) for field, terms in by_field.items()},
            "fields": list(by_field),
            "term_statistics": True,
            "positions": False,
            "offsets": False,
            "payloads": False,
        }
        found = self._node.ask(f"/{self._read()}/_termvectors", body)["term_vectors"]
        for field, term in missing:
            answer = found.get(field, {})
            count = answer.get("field_statistics", {}).get("doc_count", 0)
            holders = answer.get("terms", {}).get(term, {}).get("doc_freq", 0)
            known[(field, term)] = self._keep(("rarity", (field, term)), clauses.rarity(count, holders))
        return known

    def _closest(self, word: str) -> str | None:
        body: Json = {
            "size": 0,
            "track_total_hits": True,
            "query": {"term": {"words": word}},
            "suggest": {
                "near": {
                    "text": word,
                    "term": {
                        "field": "words",
                        "suggest_mode": "always",
                        "string_distance": "damerau_levenshtein",
                        "max_edits": 2,
                        "prefix_length": 0,
                        "size": 50,
                        "shard_size": 200,
                    },
                }
            },
        }
        answer = self._search(body)
        known = {option["text"]: option["freq"] for part in answer["suggest"]["near"] for option in part["options"]}
        if itself := answer["hits"]["total"]["value"]:
            known[word] = itself
        return likeliest(word, known)

    def _search(self, body: Json) -> Json:
        return self._node.ask(f"/{self._read()}/_search", body)

    def _remembered(self, key: object, ask: Callable[[], Any]) -> Any:
        found = self._recall(key)
        return self._keep(key, ask()) if found is None else found

    def _recall(self, key: object) -> Any:
        with self._lock:
            until, value = self._kept.get((self._read(), key), (0.0, None))
        return value if time.monotonic() < until else None

    def _keep(self, key: object, value: Any) -> Any:
        with self._lock:
            if len(self._kept) > MOST_KEPT:
                self._kept = {}
            self._kept[(self._read(), key)] = (time.monotonic() + KEPT_SECONDS, value)
        return value
