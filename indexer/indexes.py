"""The index of one process: which generation is live, and keeping it in step with the database."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from uuid import uuid4

import numpy as np
import structlog
from sqlalchemy.orm import Session

from accounts import experts, review_priors
from foundation import leases, outbox
from foundation.database import Database
from foundation.errors import Unavailable
from foundation.locks import ProcessLock
from foundation.settings import Settings
from indexer import documents, embeddings, fillings
from indexer.documents import skill_term
from indexer.embeddings import Concepts
from indexer.encoders import Encoder
from indexer.engines import choices
from indexer.engines.embedded.vectors import Centre
from indexer.engines.generations import Built, GenerationEngine, Progress
from indexer.events import REBUILD_REQUESTED, VECTOR_MISSING
from indexer.fillings import Filler
from indexer.skill_vectors import SkillVectors
from taxonomy.concepts import LANGUAGES
from taxonomy.wordlists import LiveWordlists

NO_ENCODER_DIMENSION = 1
BUILDING = "building the index"
PLACE_AGAIN_SECONDS = 10.0
"""How soon concepts are placed anew after the word lists have changed, or some of their vectors were missing."""

log = structlog.get_logger(__name__)


class Index:
    """The live index. `open` takes the writer's lock: one process writes, a second one says so.

    On OpenSearch and PostgreSQL any number of processes write.
    """

    def __init__(
        self, settings: Settings, database: Database, wordlists: LiveWordlists, encoder: Encoder | None
    ) -> None:
        self.database = database
        self.wordlists = wordlists
        self.encoder = encoder
        self.folder = settings.data_dir.resolve() / "index"
        # Rows say who delivers what, and versions which write wins: no lock is needed, nor would it reach far enough.
        self._writer = None if settings.shares_index else ProcessLock(self.folder / "writer.lock", "the index")
        self.generations = choices.generations_of(settings, encoder)
        self._engine: GenerationEngine | None = None
        self.concepts: Concepts | None = None
        self.skill_vectors: SkillVectors | None = None
        self._is_shared = settings.shares_index
        self._placed_with = ""
        self._placed_at = time.monotonic()
        self._placing = threading.Lock()
        self._swap = threading.RLock()
        self._changed_meanwhile: set[str] | None = None

    @property
    def engine(self) -> GenerationEngine:
        """Return the live generation."""
        if self._engine is None:
            raise Unavailable("the index is not open")
        return self._engine

    @property
    def _filler(self) -> Filler:
        return Filler(self.database, self.wordlists, self.encoder)

    @property
    def is_open(self) -> bool:
        """Tell whether searches can be answered."""
        return self._engine is not None

    def reserve(self) -> None:
        """Take the writer's lock; raise Conflict with its holder."""
        if self._writer is not None:
            self._writer.acquire()

    def open(self, progress: Progress = lambda _: None) -> None:
        """Take the writer's lock unless it is ours, and load the live generation, an empty one if there is none."""
        if self._writer is not None and not self._writer.is_held:
            self.reserve()
        self.wordlists.refresh()
        if not self._has_our_shape():
            # Nobody may be told that we are ready while the index is still empty.
            self.rebuild(progress)
            return
        # What the word lists have gained since makes nobody wait: the rebuild that it asks for encodes it.
        self._engine = self.generations.open(self._prior(only_known=True), progress)
        self.generations.sweep()
        self._load_vectors(self._engine)

    def look(self) -> None:
        """Load the live generation to search it, beside whoever writes it; raise Unavailable where there is none."""
        if not self._has_our_shape():
            raise Unavailable("there is no index that this version can read: run `portulan index rebuild`")
        self._engine = self.generations.open(self._prior(only_known=True), lambda _: None)
        self._load_vectors(self._engine)

    def close(self) -> None:
        """Close the generation and give the lock back."""
        self.generations.close()
        self._engine = None
        if self._writer is not None:
            self._writer.release()

    def fingerprint(self) -> str:
        """Return what documents were made with: a change asks for a rebuild."""
        name = f"{self.encoder.name}/{self.encoder.dimension}" if self.encoder else "none"
        words = self.wordlists.current().fingerprint
        return "/".join(filter(None, (str(documents.SCHEMA), name, words, self.generations.shape)))

    def is_outdated(self) -> bool:
        """Tell whether the live generation was made with other word lists, encoder, document shape or mapping."""
        return self.engine.property("fingerprint") != self.fingerprint()

    def renew_if_outdated(self) -> bool:
        """Owe the process that writes the index a rebuild if it was made otherwise; say so, and tell whether it was.

        Until it is rebuilt, profiles are found by their words: vectors of another encoder are never compared.
        """
        if not self.is_outdated():
            return False
        log.warning(
            "the index was made with other word lists, encoder, document shape or mapping: rebuilding it",
            made_with=self.engine.property("fingerprint"),
            now=self.fingerprint(),
        )
        self.request_rebuild()
        return True

    def follow_words(self) -> None:
        """Take up what operators have added to the word lists: words are used at once, documents after a rebuild."""
        self.wordlists.refresh()
        self.renew_if_outdated()

    def keep_up(self, *, again_seconds: float = PLACE_AGAIN_SECONDS) -> None:
        """Place concepts anew if the word lists have changed since: a rebuild does so in one process only."""
        is_tried = time.monotonic() - self._placed_at < again_seconds
        if not self.is_open or is_tried or self._placed_with == self.wordlists.current().fingerprint:
            return
        if self._placing.acquire(blocking=False):
            try:
                self._prior(only_known=True)
            finally:
                self._placing.release()

    def refresh(self, expert_ids: Sequence[str]) -> None:
        """Bring the documents of experts up to date: their words at once, their vectors by and by."""
        with self._swap:
            if self._changed_meanwhile is not None:
                self._changed_meanwhile.update(expert_ids)
            missing = self._filler.refresh(self.engine, expert_ids).missing
            if self.engine.is_outgrown(self._count_findable):
                self._request_rebuild_once()
        if missing and self.encoder:
            with self.database.writing() as session:
                outbox.record(session, VECTOR_MISSING, missing)

    def embed(self, expert_ids: Sequence[str]) -> None:
        """Give experts the vectors of their present text and of their free skills, unless there are some."""
        if self.encoder is None:
            return
        wordlists = self.wordlists.current()
        with self.database.reading() as session:
            found = fillings.documents_of(session, expert_ids, wordlists)
            wanted = fillings.texts_to_encode(found, wordlists)
            known = embeddings.known(session, self.encoder.name, wanted)
        todo = {text_hash: text for text_hash, text in wanted.items() if text_hash not in known}
        made = dict(zip(todo, self.encoder.encode_passages(list(todo.values())), strict=True))
        if made:
            with self.database.writing() as session:
                embeddings.store(session, self.encoder.name, made)
        with self.database.reading() as session:
            vectors = embeddings.stored(session, self.encoder.name, (item.text_hash for item in found))
        with self._swap:
            self.engine.put(found, {}, vectors)

    def rebuild(self, progress: Progress = lambda _: None) -> None:
        """Build a new generation from the database beside the live one, catch up, swap. Searches go on."""
        self.wordlists.refresh()
        properties = {"fingerprint": self.fingerprint()}
        if self.encoder:
            properties |= {"encoder": self.encoder.name, "dimension": str(self.encoder.dimension)}
        self._build(lambda: self.generations.begin(self._prior(), properties, self._filler.sample), progress)

    def purge(self) -> None:
        """Drop what is left of who is gone: vectors of texts that nobody has, and what is deleted but still stands."""
        wordlists = self.wordlists.current()
        embeddings.prune(self.database, lambda: fillings.hashes_in_use(self.database, wordlists))
        self.generations.purge()

    def roll_back(self, progress: Progress = lambda _: None) -> None:
        """Bring the previous generation up to date and make it live again; raise NotFound where none is kept."""
        self._build(self.generations.resume, progress)

    def _build(self, begin: Callable[[], Built], progress: Progress) -> None:
        """Fill a generation, one process at a time; raise Busy with who is at it."""
        # The writer's lock keeps others out where the index is one process's.
        with leases.held(self.database, BUILDING) if self._is_shared else nullcontext():
            self._build_alone(begin, progress)

    def _build_alone(self, begin: Callable[[], Built], progress: Progress) -> None:
        """Fill a generation from the database, catch up with what changed meanwhile, check it, and switch."""
        with self._swap:
            self._changed_meanwhile = set()
        try:
            built = begin()
            try:
                filled = self._filler.fill(built.engine, progress)
                with self._swap:
                    changed = sorted(self._changed_meanwhile)
                    filled.missing.extend(self._filler.refresh(built.engine, changed).missing)
                    self._filler.check(built.engine, filled, set(changed))
                    self._engine = self.generations.switch(built)
            except BaseException:
                self.generations.discard(built)
                raise
        finally:
            self._changed_meanwhile = None
        self.generations.sweep()
        if filled.missing and self.encoder:
            with self.database.writing() as session:
                outbox.record(session, VECTOR_MISSING, dict.fromkeys(filled.missing))
        log.info("index rebuilt", documents=self._engine.count())

    def _count_findable(self) -> int:
        with self.database.reading() as session:
            return experts.count_findable(session)

    def _has_our_shape(self) -> bool:
        """Tell whether there is a live generation with documents as this version writes them."""
        with self.generations.held() as held:
            made_with = (held.property("fingerprint") if held else None) or ""
        return made_with.startswith(f"{documents.SCHEMA}/")

    def request_rebuild(self) -> None:
        """Owe the process that writes the index a rebuild."""
        with self.database.writing() as session:
            request_rebuild(session)

    def renew_priors(self, at: datetime) -> None:
        """Take the mean ratings of sectors anew, which documents hold: owe a rebuild if one has moved."""
        wordlists = self.wordlists.current()
        with self.database.reading() as session:
            present = review_priors.means(session, wordlists)
        with self.database.writing() as session:
            if review_priors.keep(session, present, at=at):
                request_rebuild(session)

    def _request_rebuild_once(self) -> None:
        with self.database.reading() as session:
            is_owed = outbox.count(session, REBUILD_REQUESTED) > 0
        if not is_owed:
            self.request_rebuild()

    def _load_vectors(self, engine: GenerationEngine) -> None:
        if self.encoder is None or self.generations.keeps_vectors:
            return
        with self.generations.held() as held:
            hashes = held.text_hashes() if held else []
        for start in range(0, len(hashes), 20_000):
            with self.database.reading() as session:
                engine.put((), {}, embeddings.stored(session, self.encoder.name, hashes[start : start + 20_000]))

    def _prior(self, *, only_known: bool = False) -> Centre:
        """Return where vectors lie before there are many, and place the trade's concepts there."""
        if self.encoder is None:
            nothing = np.zeros((len(LANGUAGES), NO_ENCODER_DIMENSION), dtype=np.float32)
            return Centre(nothing, nothing)
        embeddings.adopt_shipped(self.database, self.encoder)
        wordlists = self.wordlists.current()
        self.concepts = embeddings.concepts(self.database, self.encoder, wordlists, only_known=only_known)
        names = {concept.id: self.concepts.names(skill_term(concept.id)) for concept in wordlists.skills.concepts}
        names = {key: rows for key, rows in names.items() if len(rows)}
        self.skill_vectors = SkillVectors(self.database, self.encoder.name, self.concepts.centre, names)
        # What has no vector yet is looked for again: the process that rebuilds the index makes it.
        is_complete = len(names) == len(wordlists.skills.concepts)
        self._placed_with, self._placed_at = wordlists.fingerprint if is_complete else "", time.monotonic()
        return self.concepts.centre


def request_rebuild(session: Session) -> None:
    """Owe the process that writes the index a rebuild."""
    outbox.record(session, REBUILD_REQUESTED, [str(uuid4())])
