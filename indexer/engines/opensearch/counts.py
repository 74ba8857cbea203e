"""What is counted of an index before it is searched, kept for a while: how rare words are weighs them."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from indexer.engines.embedded.words import likeliest
from indexer.engines.interface import FacetCount, FacetName, Plan, Word
from indexer.engines.opensearch import answers, clauses, mapping, searches
from indexer.engines.opensearch.clauses import FieldTerm, Frequency, Statistics, TermField
from indexer.engines.opensearch.nodes import Json, Node
from indexer.engines.opensearch.searches import Question

KEPT_SECONDS = 30.0
"""How long counts that weigh words may be behind what other processes write; results and facets never are."""
ABSENT_KEPT_SECONDS = 0.25
"""How long a word is believed to be nobody's, and maybe misspelt: whoever comes to hold it is found by it at once."""
MOST_KEPT = 20_000


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
        words = {word for group in plan.groups for item in group.alternatives for word in item.terms}
        concepts = [term for terms in clauses.asked_concepts(plan).values() for term in terms]
        frequencies = self._frequencies({"terms": [stem for word in words for stem in word], "concepts": concepts})
        return Question(plan, plan.minimum_words, Statistics(frequencies))

    def holders(self, words: Iterable[Word]) -> dict[Word, int]:
        """Return how many documents hold the most frequent stem of each word, replaced ones among them."""
        wanted = list(words)
        if not wanted:
            return {}
        found = self._frequencies({"terms": [stem for word in wanted for stem in word]}, is_absence_doubted=True)
        return {word: max((found[("terms", stem)].holders for stem in word), default=0) for word in wanted}

    def common_values(self, facet: FacetName, limit: int) -> list[FacetCount]:
        """Return a facet's most frequent values over everybody."""

        def ask() -> list[FacetCount]:
            body: Json = {"size": 0, "query": clauses.EVERYBODY, "aggs": {"values": searches.values(facet, limit)}}
            return answers.counted(self._search(body)["aggregations"]["values"])

        return self._remembered(("common", facet, limit), ask)

    def closest(self, word: str) -> str | None:
        """Return the indexed word nearest to a misspelling."""
        return self._remembered(("closest", word), lambda: self._closest(word))

    def _frequencies(
        self, wanted: Mapping[TermField, Iterable[str]], *, is_absence_doubted: bool = False
    ) -> dict[FieldTerm, Frequency]:
        """Count who holds terms, as OpenSearch weighs them: replaced documents count until they are merged away."""
        keys: list[FieldTerm] = [(field, term) for field, terms in wanted.items() for term in terms]
        known: dict[FieldTerm, Frequency] = {}
        for key in keys:
            found: Frequency | None = self._recall(key)
            if found and (found.holders or not is_absence_doubted or self._recall(("absent", key))):
                known[key] = found
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
        told = self._node.ask(f"/{self._read()}/_termvectors", body)["term_vectors"]
        for field, term in missing:
            answer = told.get(field, {})
            count = answer.get("field_statistics", {}).get("doc_count", 0)
            holders = answer.get("terms", {}).get(term, {}).get("doc_freq", 0)
            known[(field, term)] = self._keep((field, term), Frequency(count, holders))
            if not holders:
                self._keep(("absent", (field, term)), value=True, seconds=ABSENT_KEPT_SECONDS)
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

    def _keep(self, key: object, value: Any, seconds: float = KEPT_SECONDS) -> Any:
        with self._lock:
            if len(self._kept) > MOST_KEPT:
                self._kept = {}
            self._kept[(self._read(), key)] = (time.monotonic() + seconds, value)
        return value
