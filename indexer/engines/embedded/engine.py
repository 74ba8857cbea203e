"""The embedded engine itself: writes make new snapshots, searches read the latest one."""

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from indexer.documents import Document
from indexer.engines.embedded import retrieval
from indexer.engines.embedded.analysis import Analysis, analyse, hashes_of
from indexer.engines.embedded.columns import Codes, Columns, key_of
from indexer.engines.embedded.corrections import Corrections
from indexer.engines.embedded.segments import Segment, append, build
from indexer.engines.embedded.snapshots import Snapshot
from indexer.engines.embedded.storage import Storage
from indexer.engines.embedded.vectors import Centre, Vectors
from indexer.engines.embedded.words import words_of
from indexer.engines.interface import FACETS, Candidates, Changes, FacetCount, FacetName, Plan, Retrieved, Vector, Word
from taxonomy import texts

COMPACT_ABOVE_DEAD = 0.25
COMPACT_FROM = 2_000
LOAD_CHUNK = 20_000


class EmbeddedEngine:
    """An `Engine` over one generation's file. `prior` centres vectors until there are enough of them."""

    def __init__(self, path: Path, prior: Centre, progress: Callable[[int], None] = lambda _: None) -> None:
        # One search is too small to share: on busy processors, threads of one product wait for each other.
        threadpool_limits(limits=1, user_api="blas")
        self._storage = Storage(path)
        self._lock = threading.RLock()
        self._codes: dict[FacetName, Codes] = {name: Codes() for name in FACETS}
        self._vectors = Vectors(prior.passage.shape[1], prior)
        self._slots: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self._slots_by_text: dict[int, list[int]] = {}
        self._names: list[tuple[str, str]] = []
        self._names_changed = False
        self._columns = Columns([])
        self._segments: tuple[Segment, ...] = ()
        self._alive = np.zeros(0, dtype=np.bool_)
        self._generation = 0
        self._words = self._storage.words()
        self._corrections = Corrections(self._words)
        self._load(progress)

    def close(self) -> None:
        """Close the generation's file."""
        self._storage.close()

    # Writing

    def put(
        self,
        found: Iterable[Document],
        removed: Iterable[str] = (),
        vectors: Mapping[str, Vector] = MappingProxyType({}),
    ) -> None:
        """Store documents durably, then let searches see them; only newer versions than stored count."""
        self._put(found, removed)
        self.put_vectors(vectors)

    def put_all(self, several: Iterable[Changes]) -> None:
        """Put one lot of changes after another."""
        for found, gone, vectors in several:
            self.put(found, gone, vectors)

    def _put(self, found: Iterable[Document], removed: Iterable[str]) -> None:
        with self._lock:
            fresh = [item for item in found if item.version > self._versions.get(item.id, 0)]
            gone = [item for item in removed if item in self._slots]
            if not fresh and not gone:
                return
            analysed = [(document, analyse(document)) for document in fresh]
            words = words_of(fresh)
            replaced = [*gone, *(item.id for item in fresh if item.id in self._slots)]
            words.subtract(words_of(self._storage.read(replaced).values()))
            self._storage.write(analysed, gone, words)
            self._count_words(words)
            self._corrections = Corrections(self._words)
            self._add(analysed, gone)
            self._compact_if_wasteful()
            self._publish()

    def put_vectors(self, vectors: Mapping[str, Vector]) -> None:
        """Store vectors of every living slot whose text they stand for."""
        with self._lock:
            slots: list[int] = []
            rows: list[Vector] = []
            for text_hash, vector in vectors.items():
                for slot in self._slots_by_text.get(key_of(text_hash), ()):
                    if self._alive[slot]:
                        slots.append(slot)
                        rows.append(vector)
            if slots:
                self._put_vectors(np.array(slots, dtype=np.int64), np.vstack(rows).astype(np.float32))
                self._publish_vectors()

    # Reading

    def retrieve(self, plan: Plan) -> Retrieved:
        """Answer a plan from the latest snapshot."""
        return retrieval.retrieve(self._snapshot, plan)

    def describe(self, plan: Plan, ids: Sequence[str]) -> Candidates:
        """Return the raw values of given experts under a plan; unknown ids are left out."""
        snapshot = self._snapshot
        slots = [(expert_id, slot) for expert_id in ids if (slot := self._slots.get(expert_id)) is not None]
        # A write under way may have given out new slots already: believe only what the snapshot says too.
        known = np.array(
            [slot for expert_id, slot in slots if slot < snapshot.size and snapshot.columns.ids[slot] == expert_id],
            dtype=np.int64,
        )
        return retrieval.describe(snapshot, plan, known)

    def documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return stored documents."""
        return self._storage.read(ids)

    def names_like(self, prefix: str, limit: int) -> list[Document]:
        """Return experts a word of whose name begins so."""
        prefix = texts.fold(prefix.strip())
        with self._lock:
            if self._names_changed:
                self._names.sort()
                self._names_changed = False
            names = self._names
        ids: dict[str, None] = {}
        for at in range(bisect_left(names, (prefix, "")), len(names)):
            word, expert_id = names[at]
            if not word.startswith(prefix) or len(ids) >= limit:
                break
            if expert_id in self._slots:
                ids[expert_id] = None
        found = self._storage.read(list(ids))
        # A former name stays in the list until the index is compacted.
        return [
            found[expert_id]
            for expert_id in ids
            if expert_id in found and any(word.startswith(prefix) for word in texts.words(found[expert_id].name))
        ]

    def correct(self, word: str) -> str | None:
        """Return the indexed word nearest to a misspelling, at one edit for short words and two for long ones."""
        return self._corrections.find(word)

    def holders(self, words: Iterable[Word]) -> dict[Word, int]:
        """Return how many documents hold the most frequent stem of each word."""
        snapshot = self._snapshot
        return {word: snapshot.count_holders(hashes_of(word)) for word in words}

    def common_values(self, facet: FacetName, limit: int) -> list[FacetCount]:
        """Return a facet's most frequent values over everybody."""
        return self._snapshot.common(facet)[:limit]

    def count(self) -> int:
        """Count the documents."""
        return self._snapshot.count

    def count_vectors(self) -> int:
        """Count the documents that have their vector."""
        return int((self._snapshot.present & self._snapshot.alive).sum())

    def versions(self) -> dict[str, int]:
        """Return every stored id with its version."""
        return self._storage.versions()

    def text_hashes(self) -> list[str]:
        """Return the text of every document, by its hash."""
        return self._storage.text_hashes()

    def property(self, name: str) -> str | None:
        """Return a property of the generation."""
        return self._storage.property(name)

    def set_property(self, name: str, value: str) -> None:
        """Set a property of the generation."""
        self._storage.set_property(name, value)

    def refresh(self) -> None:
        """Do nothing: searches see at once what was written."""

    def purge(self) -> None:
        """Take what was deleted out of the generation's files."""
        self._storage.purge()

    def is_outgrown(self, count: Callable[[], int]) -> bool:
        """Return False: averages are taken anew as the generation grows."""
        del count
        return False

    def vocabulary(self) -> Mapping[str, int]:
        """Return every word of the documents, with how often."""
        return self._words

    def nearest_exact_share(self, vector: Vector, count: int) -> float:
        """Return which share of the exact nearest neighbours the two-pass search finds (for the benchmark)."""
        return retrieval.recall(self._snapshot, vector, count)

    # Inside

    def _load(self, progress: Callable[[int], None]) -> None:
        chunk: list[tuple[Document, Analysis]] = []
        for item in self._storage.read_all():
            chunk.append(item)
            if len(chunk) == LOAD_CHUNK:
                self._add(chunk, ())
                progress(len(chunk))
                chunk = []
        self._add(chunk, ())
        progress(len(chunk))
        self._publish()

    def _add(self, analysed: Sequence[tuple[Document, Analysis]], removed: Iterable[str]) -> None:
        """Give documents new slots, and let their old ones die."""
        alive = np.concatenate([self._alive, np.ones(len(analysed), dtype=np.bool_)])
        for expert_id in removed:
            alive[self._slots.pop(expert_id)] = False
            self._versions.pop(expert_id, None)
        first = len(self._alive)
        known = {
            expert_id: self._slots[expert_id]
            for expert_id in (item.id for item, _ in analysed)
            if expert_id in self._slots
        }
        inherited: list[tuple[int, int]] = []
        for slot, (document, _) in enumerate(analysed, first):
            old = known.get(document.id)
            if old is not None:
                alive[old] = False
                if self._columns["text"][old] == key_of(document.text_hash) and self._vectors.present[old]:
                    inherited.append((old, slot))
            self._slots[document.id] = slot
            self._versions[document.id] = document.version
            self._slots_by_text.setdefault(key_of(document.text_hash), []).append(slot)
            self._names.extend((word, document.id) for word in texts.words(document.name))
        self._names_changed = self._names_changed or bool(analysed)
        self._alive = alive
        if analysed:
            documents = [document for document, _ in analysed]
            lengths = [analysis.length for _, analysis in analysed]
            self._columns = self._columns.extended(documents, lengths, self._codes)
            self._segments = append(self._segments, build(first, [analysis for _, analysis in analysed]))
        self._vectors.grow(len(alive))
        if inherited:
            sources, targets = (np.array(side, dtype=np.int64) for side in zip(*inherited, strict=True))
            self._put_vectors(targets, self._vectors.raw[sources].astype(np.float32))

    def _count_words(self, words: Mapping[str, int]) -> None:
        """Follow how often words are written; one that nobody writes any more is none that anybody meant."""
        for word, more in words.items():
            count = self._words.get(word, 0) + more
            if count > 0:
                self._words[word] = count
            else:
                self._words.pop(word, None)

    def _put_vectors(self, slots: NDArray[np.int64], rows: NDArray[np.float32]) -> None:
        self._vectors.put(slots, rows, self._columns["language"][slots])

    def _compact_if_wasteful(self) -> None:
        dead = len(self._alive) - int(self._alive.sum())
        if dead < COMPACT_FROM or dead < COMPACT_ABOVE_DEAD * len(self._alive):
            return
        kept = np.flatnonzero(self._alive).astype(np.int64)
        self._vectors.compact(kept)
        self._columns = self._columns.taken(kept)
        self._alive = np.ones(len(kept), dtype=np.bool_)
        self._slots = {expert_id: slot for slot, expert_id in enumerate(self._columns.ids)}
        self._slots_by_text = {}
        for slot, text in enumerate(self._columns["text"].tolist()):
            self._slots_by_text.setdefault(text, []).append(slot)
        self._names = [item for item in self._names if item[1] in self._slots]
        analyses: dict[str, Analysis] = {document.id: analysis for document, analysis in self._storage.read_all()}
        self._segments = (build(0, [analyses[expert_id] for expert_id in self._columns.ids]),)

    def _publish(self) -> None:
        size = len(self._alive)
        vectors = self._vectors
        self._generation += 1
        self._snapshot = Snapshot(
            generation=self._generation,
            segments=self._segments,
            alive=self._alive.copy(),
            columns=self._columns,
            codes=self._codes,
            unit=vectors.unit[:size],
            present=vectors.present[:size].copy(),
            reduced=None if vectors.reduced is None else vectors.reduced[:size],
            basis=vectors.basis,
        )

    def _publish_vectors(self) -> None:
        """Let searches see vectors; what the snapshot remembers of words, columns and facets stays true."""
        size = self._snapshot.size
        vectors = self._vectors
        self._generation += 1
        self._snapshot = replace(
            self._snapshot,
            generation=self._generation,
            unit=vectors.unit[:size],
            present=vectors.present[:size].copy(),
            reduced=None if vectors.reduced is None else vectors.reduced[:size],
            basis=vectors.basis,
        )
