"""The OpenSearch engine itself: reads one alias; writes the live generation and the one being built."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from indexer import documents
from indexer.documents import Document
from indexer.engines import letters
from indexer.engines.embedded.analysis import GRAM_BUCKETS
from indexer.engines.embedded.words import is_correctable, likeliest
from indexer.engines.interface import (
    ENOUGH,
    Candidates,
    FacetCount,
    FacetName,
    Floats,
    Plan,
    Retrieved,
    Vector,
)
from indexer.engines.opensearch import answers, calibrations, clauses, mapping, records, searches
from indexer.engines.opensearch.calibrations import Calibration
from indexer.engines.opensearch.nodes import Json, Node
from indexer.engines.opensearch.records import Hit, Kept, Record
from indexer.engines.opensearch.searches import Question
from taxonomy import texts

LISTED = 10_000
"""How deep results can be paged."""
COUNTS_KEPT_SECONDS = 30.0
"""How long counts that weigh words may be behind what other processes write; results and facets never are."""
RECORDS_KEPT, DOCUMENTS_KEPT = 20_000, 2_000
"""About 60 MB and 10 MB."""
VERSIONS = "docs._id,docs._version,docs.found"
SAMPLED_PHRASES = 2_000
"""Of how many profiles the letters tell which ones are rare."""


@dataclass(frozen=True)
class Generation:
    """An index by name, with what it was made with."""

    name: str
    calibration: Calibration
    properties: dict[str, str]


class OpenSearchEngine:
    """An `Engine` that searches the generation which `read` names, and writes those which `written` names."""

    def __init__(
        self,
        node: Node,
        read: Callable[[], Generation],
        written: Callable[[], Sequence[Generation]],
        encoder: str | None,
    ) -> None:
        self.node = node
        self._read, self._written = read, written
        self._encoder = encoder
        self._lock = threading.Lock()
        self._kept: dict[object, tuple[float, Any]] = {}
        self._records: Kept[tuple[str, int, int], Record] = Kept(RECORDS_KEPT)
        self._documents: Kept[tuple[str, str, int], Document | None] = Kept(DOCUMENTS_KEPT)

    # Writing

    def put(self, found: Iterable[Document], removed: Mapping[str, int], vectors: Mapping[str, Vector]) -> None:
        """Store documents with their vectors, and tombstones; only newer versions than stored count."""
        kept = list(found)
        for generation in self._written():
            self.node.write(_items(generation, kept, removed, vectors))
        self.forget()

    def refresh(self) -> None:
        """Let searches see at once what was written."""
        for generation in self._written():
            self.node.call("POST", f"/{generation.name}/_refresh")
        self.forget()

    def forget(self) -> None:
        """Count anew what was counted lately."""
        with self._lock:
            self._kept = {}

    # Reading

    def retrieve(self, plan: Plan) -> Retrieved:
        """Answer a plan in one request, after one that counts words unless that was done lately."""
        question = self._question(plan)
        plan = question.plan
        answer = self.node.search(self._read().name, searches.window(question))
        found = answers.sort(answer, self._hits(answer), plan)
        return Retrieved(
            total=found.lexical_total + len(found.outside),
            lexical_total=found.lexical_total,
            candidates=self._candidates([*found.window, *found.outside], plan),
            rest=_Rest(self, question, len(found.window), min(found.lexical_total, LISTED)),
            facets=answers.facets(answer),
        )

    def describe(self, plan: Plan, ids: Sequence[str]) -> Candidates:
        """Return the raw values of given experts under a plan; unknown ids are left out."""
        question = self._question(plan)
        answer = self.node.search(self._read().name, searches.described(question, ids))
        by_id = {hit.record.id: hit for hit in self._hits(answer)}
        return self._candidates([by_id[key] for key in ids if key in by_id], question.plan)

    def ids_from(self, question: Question, first: int, size: int) -> list[str]:
        """Return who stands from some place on by the first phase."""
        answer = self.node.search(self._read().name, searches.beyond(question, first, size))
        return [answers.id_of(hit) for hit in answer["hits"]["hits"]]

    def scores(self, plan: Plan) -> dict[str, float]:
        """Return the first phase's score of the best lexical matches, as OpenSearch computes it."""
        answer = self.node.search(self._read().name, searches.beyond(self._question(plan), 0, 1_000))
        return {answers.id_of(hit): hit["sort"][0] for hit in answer["hits"]["hits"]}

    def documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return stored documents, as new as they were written."""
        if not ids:
            return {}
        name = self._read().name
        answer = self.node.ask(f"/{name}/_mget", {"ids": list(ids)}, _source="false", filter_path=VERSIONS)
        held = [(name, item["_id"], item["_version"]) for item in answer["docs"] if item.get("found")]
        kept = self._documents.gather(held, self._stored_documents)
        return {expert_id: found for (_, expert_id, _), found in kept.items() if found is not None}

    def names_like(self, prefix: str, limit: int) -> list[Document]:
        """Return experts a word of whose name begins so."""
        prefix = texts.fold(prefix.strip())
        body: Json = {
            "size": limit,
            "_source": ["body"],
            "query": clauses.every([clauses.EVERYBODY, {"prefix": {"name_words": prefix}}]),
            "sort": [{"name_words": "asc"}, {"tie": "asc"}],
        }
        hits = self.node.ask(f"/{self._read().name}/_search", body)["hits"]["hits"]
        return [documents.load(hit["_source"]["body"].encode()) for hit in hits]

    def correct(self, word: str) -> str | None:
        """Return the indexed word nearest to a misspelling, at one edit for short words and two for long ones."""
        if not is_correctable(word):
            return None
        return self._remembered(("correct", word), lambda: self._closest(word))

    def holders(self, stems: Iterable[str]) -> int:
        """Return how many documents hold the most frequent of these terms."""
        _, counted, _ = self._counted(None, [(stem,) for stem in stems])
        return max(counted.values(), default=0)

    def common_values(self, facet: FacetName, limit: int) -> list[FacetCount]:
        """Return a facet's most frequent values over everybody."""

        def ask() -> list[FacetCount]:
            body: Json = {"size": 0, "query": clauses.EVERYBODY, "aggs": {"values": searches.values(facet, limit)}}
            answer = self.node.ask(f"/{self._read().name}/_search", body)
            return answers.counted(answer["aggregations"]["values"])

        return self._remembered(("common", facet, limit), ask)

    def count(self) -> int:
        """Count the documents."""
        return self._count_of(clauses.EVERYBODY)

    def count_vectors(self) -> int:
        """Count the documents that have their vector."""
        return self._count_of(clauses.every([clauses.EVERYBODY, {"exists": {"field": "vector"}}]))

    def versions(self) -> dict[str, int]:
        """Return every stored id with its version."""
        return {answers.id_of(hit): hit["fields"]["version"][0] for hit in self._walk(["id", "version"])}

    def text_hashes(self) -> list[str]:
        """Return the hash of every text that stands for a document."""
        return list({hit["fields"]["text_hash"][0] for hit in self._walk(["text_hash"])})

    def property(self, name: str) -> str | None:
        """Return a property of the live generation."""
        return self._read().properties.get(name)

    def close(self) -> None:
        """Do nothing: connections are the generations'."""

    def is_outgrown(self, count: Callable[[], int]) -> bool:
        """Tell whether there are many more than the averages were taken of, which a rebuild takes anew."""
        taken_of = self._read().calibration.taken_of
        return taken_of < calibrations.SAMPLED and count() >= 4 * taken_of + 20

    # Inside

    def _question(self, plan: Plan) -> Question:
        """Count what a plan needs counted; vectors of another encoder are never compared."""
        if plan.vector is not None and self._read().properties.get("encoder") != self._encoder:
            plan = replace(plan, vector=None)
        words = dict.fromkeys(stems for group in plan.groups for item in group.alternatives for stems in item.terms)
        everybody, held, matched = self._counted(plan, list(words))
        levels = clauses.needed_words(plan)
        enough = (level for level, count in zip(levels, matched, strict=False) if count >= ENOUGH)
        needed = next(enough, levels[-1])
        return Question(plan, needed, held.__getitem__, everybody)

    def _counted(
        self, plan: Plan | None, words: Sequence[tuple[str, ...]]
    ) -> tuple[int, dict[tuple[str, ...], int], list[int]]:
        """Count everybody, the holders of words, and a plan's matches at each number of words."""
        known = {stems: count for stems in words if (count := self._recall(("held", stems))) is not None}
        everybody = self._recall("everybody")
        missing = [stems for stems in words if stems not in known]
        has_levels = plan is not None and len(clauses.needed_words(plan)) > 1
        levels = ("levels", plan.groups, plan.minimum_words, plan.fewest_words) if plan and has_levels else None
        matched: list[int] | None = self._recall(levels) if levels else []
        if not missing and everybody is not None and matched is not None:
            return everybody, known, matched
        body = searches.counts(plan if matched is None else None, missing)
        answer = self.node.ask(f"/{self._read().name}/_search", body)["aggregations"]
        everybody = self._keep("everybody", answer["everybody"]["doc_count"])
        for at, stems in enumerate(missing):
            known[stems] = self._keep(("held", stems), answer["held"]["buckets"][str(at)]["doc_count"])
        if matched is None:
            buckets = answer["matched"]["buckets"]
            matched = self._keep(levels, [buckets[str(at)]["doc_count"] for at in range(len(buckets))])
        return everybody, known, matched or []

    def _stored_documents(self, keys: list[tuple[str, str, int]]) -> dict[tuple[str, str, int], Document | None]:
        """Fetch documents by index, id and version; one that changed meanwhile comes as it is now."""
        name = keys[0][0]
        body = {"ids": [expert_id for _, expert_id, _ in keys]}
        answer = self.node.ask(f"/{name}/_mget", body, _source_includes="status,body")
        found: dict[tuple[str, str, int], Document | None] = {}
        for item in answer["docs"]:
            if item.get("found"):
                value = item["_source"]
                is_live = value["status"] == mapping.LIVE
                loaded = documents.load(value["body"].encode()) if is_live else None
                found[(name, item["_id"], item["_version"])] = loaded
        return found

    def _hits(self, answer: Json) -> list[Hit]:
        """Join what a search found with records; who is gone meanwhile is left out."""
        name = self._read().name
        keys = {hit["sort"][1]: (name, hit["sort"][1], hit["fields"]["version"][0]) for hit in answer["hits"]["hits"]}
        kept = self._records.gather(keys.values(), self._stored_records)
        by_tie = {record.tie: record for record in kept.values()}
        return [
            Hit(by_tie[hit["sort"][1]], hit["sort"][0], hit.get("matched_queries", {}))
            for hit in answer["hits"]["hits"]
            if hit["sort"][1] in by_tie
        ]

    def _stored_records(self, keys: list[tuple[str, int, int]]) -> dict[tuple[str, int, int], Record]:
        """Fetch records by index, key and version; one that changed meanwhile comes as it is now."""
        name = keys[0][0]
        answer = self.node.ask(f"/{name}/_search", searches.stored([tie for _, tie, _ in keys]))
        found = map(records.read, answer["hits"]["hits"])
        return {(name, record.tie, record.version): record for record in found}

    def _candidates(self, hits: Sequence[Hit], plan: Plan) -> Candidates:
        rarity = self._gram_rarity() if "phrase" in plan.asked else np.zeros(0)
        return answers.candidates(hits, plan, rarity)

    def _gram_rarity(self) -> Floats:
        """Return how rare letters are in the phrases of a sample."""

        def ask() -> Floats:
            body: Json = {
                "size": SAMPLED_PHRASES,
                "stored_fields": "_none_",
                "query": clauses.EVERYBODY,
                "docvalue_fields": records.FIELDS,
                "sort": [{"tie": "asc"}],
            }
            answer = self.node.ask(f"/{self._read().name}/_search", body)
            found = answers.phrases([records.read(hit) for hit in answer["hits"]["hits"]])
            holders = np.bincount(found.grams, minlength=GRAM_BUCKETS).astype(np.float64)
            return letters.rarity(holders, len(found.sizes))

        return self._remembered("gram rarity", ask)

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
        answer = self.node.ask(f"/{self._read().name}/_search", body)
        known = {option["text"]: option["freq"] for part in answer["suggest"]["near"] for option in part["options"]}
        if itself := answer["hits"]["total"]["value"]:
            known[word] = itself
        return likeliest(word, known)

    def _count_of(self, query: Json) -> int:
        return int(self.node.ask(f"/{self._read().name}/_count", {"query": query})["count"])

    def _walk(self, fields: Sequence[str]) -> Iterator[Json]:
        return self.node.walk(self._read().name, clauses.EVERYBODY, fields)

    def _remembered(self, key: object, ask: Callable[[], Any]) -> Any:
        found = self._recall(key)
        return self._keep(key, ask()) if found is None else found

    def _recall(self, key: object) -> Any:
        with self._lock:
            until, value = self._kept.get((self._read().name, key), (0.0, None))
        return value if time.monotonic() < until else None

    def _keep(self, key: object, value: Any) -> Any:
        with self._lock:
            if len(self._kept) > LISTED:
                self._kept = {}
            self._kept[(self._read().name, key)] = (time.monotonic() + COUNTS_KEPT_SECONDS, value)
        return value


class _Rest(Sequence[str]):
    """Who follows the window, best first; asked for only when somebody pages that far."""

    def __init__(self, engine: OpenSearchEngine, question: Question, first: int, last: int) -> None:
        self._engine = engine
        self._question = question
        self._first, self._last = first, last

    def __len__(self) -> int:
        return max(0, self._last - self._first)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            wanted = range(len(self))[index]
            if not wanted:
                return []
            found = self._engine.ids_from(self._question, self._first + wanted[0], wanted[-1] - wanted[0] + 1)
            return found[:: wanted.step]
        return self[index : index + 1][0]


def _items(
    generation: Generation, found: Iterable[Document], removed: Mapping[str, int], vectors: Mapping[str, Vector]
) -> Iterator[tuple[Json, Json]]:
    """Yield what to write; a document that brings its vector also replaces one of the same version that has none."""
    has_vectors = generation.properties.get("encoder") is not None
    for document in found:
        vector = vectors.get(document.text_hash) if has_vectors else None
        rule = "external" if vector is None else "external_gte"
        yield (
            _to(generation, document.id, document.version, rule),
            mapping.fields(document, generation.calibration, vector),
        )
    for expert_id, version in removed.items():
        yield _to(generation, expert_id, version, "external_gte"), mapping.tombstone(version)


def _to(generation: Generation, expert_id: str, version: int, rule: str) -> Json:
    return {
        "index": {
            "_index": mapping.written_as(generation.name),
            "require_alias": True,
            "_id": expert_id,
            "version": version,
            "version_type": rule,
        }
    }
