"""The OpenSearch engine itself: reads one alias; writes the live generation and the one being built."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, overload

from indexer import documents
from indexer.documents import Document
from indexer.engines.embedded.words import is_correctable
from indexer.engines.interface import (
    Candidates,
    Changes,
    FacetCount,
    FacetName,
    Plan,
    Retrieved,
    Vector,
    Word,
    needed_words,
)
from indexer.engines.opensearch import answers, calibrations, clauses, mapping, searches
from indexer.engines.opensearch.calibrations import Calibration
from indexer.engines.opensearch.contents import Contents
from indexer.engines.opensearch.counts import Counts
from indexer.engines.opensearch.nodes import Gone, Json, Node
from indexer.engines.opensearch.records import Hit
from indexer.engines.opensearch.searches import Question
from taxonomy import texts

LISTED = 10_000
"""How deep results can be paged."""
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Generation:
    """An index by name, with what it was made with."""

    name: str
    calibration: Calibration
    properties: dict[str, str]


def _afresh(
    read: Callable[Concatenate["OpenSearchEngine", Asked], Answer],
) -> Callable[Concatenate["OpenSearchEngine", Asked], Answer]:
    """Ask once more, of the generation that is live now, if the one that was looked up a moment ago is gone."""

    @wraps(read)
    def ask(engine: "OpenSearchEngine", *arguments: Asked.args, **options: Asked.kwargs) -> Answer:
        try:
            return read(engine, *arguments, **options)
        except Gone:
            engine.look_again()
            return read(engine, *arguments, **options)

    return ask


class OpenSearchEngine:
    """An `Engine` that searches the generation which `read` names, and writes those which `written` names.

    Who is gone goes from those that `replaced` names too.
    """

    def __init__(
        self,
        node: Node,
        read: Callable[[], Generation],
        written: Callable[[], Sequence[Generation]],
        encoder: str | None,
        look_again: Callable[[], None] = lambda: None,
        replaced: Callable[[], Sequence[Generation]] = tuple[Generation, ...],
    ) -> None:
        self.node = node
        self._read, self._written, self._look_again, self._replaced = read, written, look_again, replaced
        self._encoder = encoder
        self._counts = Counts(node, self._name)
        self._contents = Contents(node, self._name)

    # Writing

    def put(self, found: Iterable[Document], removed: Mapping[str, int], vectors: Mapping[str, Vector]) -> None:
        """Store documents with their vectors, and tombstones; only newer versions than stored count."""
        kept = list(found)
        for generation in self._written():
            self.node.write(_items(generation, kept, removed, vectors))
        if removed:
            for generation in self._replaced():
                self.node.write(_items(generation, (), removed, {}))
        self.forget()

    def put_all(self, several: Iterable[Changes]) -> None:
        """Put one lot of changes after another: one is composed while OpenSearch takes the one before it."""
        written = self._written()
        self.node.write(item for changes in several for generation in written for item in _items(generation, *changes))
        self.forget()

    def refresh(self) -> None:
        """Let searches see at once what was written."""
        for generation in self._written():
            self.node.call("POST", f"/{generation.name}/_refresh")
        self.forget()

    def look_again(self) -> None:
        """Look up anew which generation is live."""
        self._look_again()
        self.forget()

    def forget(self) -> None:
        """Count and look anew: something was written."""
        self._counts.forget()
        self._contents.forget()

    # Reading

    @_afresh
    def retrieve(self, plan: Plan) -> Retrieved:
        """Answer a plan in two requests at a time, after one that counts words unless that was done lately."""
        question, hits, counts = self._ask(self._question(plan))
        plan = question.plan
        lexical_total = answers.lexical_total(counts)
        found = answers.sort(hits, lexical_total, plan)
        return Retrieved(
            total=lexical_total + len(found.hits) - found.matches,
            lexical_total=lexical_total,
            candidates=answers.candidates(found.hits, found.raw, plan),
            rest=_Rest(self, question, found.hits[: found.matches], min(lexical_total, LISTED) - found.matches),
            facets=answers.facets(counts),
        )

    @_afresh
    def describe(self, plan: Plan, ids: Sequence[str]) -> Candidates:
        """Return the raw values of given experts under a plan; unknown ids are left out."""
        question = self._question(plan)
        answer = self.node.ask_with_names(f"/{self._name()}/_search", searches.described(question, ids))
        by_id = {hit.record.id: hit for hit in self._contents.hits(answer)}
        hits = [by_id[key] for key in ids if key in by_id]
        return answers.candidates(hits, answers.raw_values(hits, question.plan), question.plan)

    @_afresh
    def ids_after(self, window: Sequence[Hit], question: Question, first: int, size: int) -> list[str]:
        """Return who stands from some place on by the first phase, a window left out."""
        shown = [hit.record.tie for hit in window]
        answer = self.node.ask(f"/{self._name()}/_search", searches.beyond(question, first, size, shown))
        return [answers.id_of(hit) for hit in answer["hits"]["hits"]]

    def scores(self, plan: Plan) -> dict[str, float]:
        """Return the first phase's score of the best lexical matches, as OpenSearch computes it."""
        question, _, _ = self._ask(self._question(plan))
        answer = self.node.ask(f"/{self._name()}/_search", searches.beyond(question, 0, 1_000))
        return {answers.id_of(hit): hit["_score"] for hit in answer["hits"]["hits"]}

    @_afresh
    def documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return stored documents; at most a second older than what was written."""
        return self._contents.documents(ids) if ids else {}

    @_afresh
    def names_like(self, prefix: str, limit: int) -> list[Document]:
        """Return experts a word of whose name begins so."""
        prefix = texts.fold(prefix.strip())
        body: Json = {
            "size": limit,
            "stored_fields": ["body"],
            "query": clauses.every([clauses.EVERYBODY, {"prefix": {"name_words": prefix}}]),
            "sort": [{"name_words": "asc"}, {"tie": "asc"}],
        }
        hits = self.node.ask(f"/{self._name()}/_search", body)["hits"]["hits"]
        return [documents.load(hit["fields"]["body"][0].encode()) for hit in hits]

    @_afresh
    def correct(self, word: str) -> str | None:
        """Return the indexed word nearest to a misspelling, at one edit for short words and two for long ones."""
        return self._counts.closest(word) if is_correctable(word) else None

    @_afresh
    def holders(self, words: Iterable[Word]) -> dict[Word, int]:
        """Return how many documents hold the most frequent stem of each word, replaced ones among them."""
        return self._counts.holders(words)

    @_afresh
    def common_values(self, facet: FacetName, limit: int) -> list[FacetCount]:
        """Return a facet's most frequent values over everybody."""
        return self._counts.common_values(facet, limit)

    @_afresh
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

    def _ask(self, question: Question) -> tuple[Question, list[Hit], Json]:
        """Ask for the window and, meanwhile, for what is counted over all matches.

        Where hardly anybody holds as many words as asked, fewer will do.
        """
        path = f"/{self._name()}/_search"
        counting = self.node.ask_meanwhile(path, searches.facets(question))
        hits = self._contents.hits(self.node.ask_with_names(path, searches.window(question)))
        counts = counting.result()
        fewer = [needed for needed in needed_words(question.plan) if needed < question.needed]
        if fewer and not answers.is_enough(counts):
            return self._ask(replace(question, needed=fewer[0]))
        return question, hits, counts

    def _question(self, plan: Plan) -> Question:
        """Count what a plan needs counted; vectors of another encoder are never compared."""
        if plan.vector is not None and self._read().properties.get("encoder") != self._encoder:
            plan = replace(plan, vector=None)
        return self._counts.question(plan)

    def _count_of(self, query: Json) -> int:
        return int(self.node.ask(f"/{self._name()}/_count", {"query": query})["count"])

    def _walk(self, fields: Sequence[str]) -> Iterator[Json]:
        return self.node.walk(self._name(), clauses.EVERYBODY, fields)

    def _name(self) -> str:
        return self._read().name


class _Rest(Sequence[str]):
    """Who follows the window, best first; asked for only when somebody pages that far."""

    def __init__(self, engine: OpenSearchEngine, question: Question, window: Sequence[Hit], size: int) -> None:
        self._engine = engine
        self._question = question
        self._window = window
        self._size = max(0, size)

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            wanted = range(len(self))[index]
            if not wanted:
                return []
            found = self._engine.ids_after(self._window, self._question, wanted[0], wanted[-1] - wanted[0] + 1)
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
