"""The index of one process: which generation is live, and keeping it in step with the database."""

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import orjson
import structlog
from sqlalchemy.orm import Session

from accounts import experts
from foundation import outbox
from foundation.database import Database
from foundation.errors import Unavailable
from foundation.locks import ProcessLock
from foundation.settings import Settings
from indexer import documents, embeddings, skill_vectors
from indexer.documents import Document, skill_term
from indexer.embeddings import Concepts
from indexer.encoders import Encoder
from indexer.engines.embedded.engine import EmbeddedEngine
from indexer.engines.embedded.storage import Storage
from indexer.engines.embedded.vectors import Centre
from indexer.engines.interface import Vector
from indexer.events import REBUILD_REQUESTED, VECTOR_MISSING
from indexer.skill_vectors import SkillVectors
from taxonomy.concepts import LANGUAGES
from taxonomy.wordlists import LiveWordlists, Wordlists

WALK_CHUNK = 1_000
NO_ENCODER_DIMENSION = 1

Progress = Callable[[int], None]
log = structlog.get_logger(__name__)


class Index:
    """The live index. `open` takes the writer's lock: one process writes, a second one says so."""

    def __init__(
        self, settings: Settings, database: Database, wordlists: LiveWordlists, encoder: Encoder | None
    ) -> None:
        self.database = database
        self.wordlists = wordlists
        self.encoder = encoder
        self.folder = settings.data_dir.resolve() / "index"
        self._writer = ProcessLock(self.folder / "writer.lock", "the index")
        self._engine: EmbeddedEngine | None = None
        self._previous: EmbeddedEngine | None = None
        self.concepts: Concepts | None = None
        self.skill_vectors: SkillVectors | None = None
        self._swap = threading.RLock()
        self._changed_meanwhile: set[str] | None = None

    @property
    def engine(self) -> EmbeddedEngine:
        """Return the live generation."""
        if self._engine is None:
            raise Unavailable("the index is not open")
        return self._engine

    @property
    def is_open(self) -> bool:
        """Tell whether searches can be answered."""
        return self._engine is not None

    def reserve(self) -> None:
        """Take the writer's lock; raise Conflict with its holder."""
        self._writer.acquire()

    def open(self, progress: Progress = lambda _: None) -> None:
        """Take the writer's lock unless it is ours, and load the live generation, an empty one if there is none."""
        if not self._writer.is_held:
            self.reserve()
        path = live_path(self.folder)
        if path is None or not _has_our_shape(path):
            # Nobody may be told that we are ready while the index is still empty.
            self.rebuild(progress)
            return
        # What the word lists have gained since makes nobody wait: the rebuild that it asks for encodes it.
        self._engine = EmbeddedEngine(path, self._prior(only_known=True), progress)
        self._sweep(path)
        self._load_vectors(self._engine)

    def close(self) -> None:
        """Close the generation and give the lock back."""
        for engine in (self._engine, self._previous):
            if engine is not None:
                engine.close()
        self._engine = self._previous = None
        self._writer.release()

    def fingerprint(self) -> str:
        """Return what documents were made with: a change asks for a rebuild."""
        name = f"{self.encoder.name}/{self.encoder.dimension}" if self.encoder else "none"
        return f"{documents.SCHEMA}/{name}/{self.wordlists.current().fingerprint}"

    def is_outdated(self) -> bool:
        """Tell whether the live generation was made with other word lists, encoder or document shape."""
        return self.engine.property("fingerprint") != self.fingerprint()

    def renew_if_outdated(self) -> bool:
        """Owe the process that writes the index a rebuild if it was made otherwise; say so, and tell whether it was.

        Until it is rebuilt, profiles are found by their words: vectors of another encoder are never compared.
        """
        if not self.is_outdated():
            return False
        log.warning(
            "the index was made with other word lists, encoder or document shape: rebuilding it",
            made_with=self.engine.property("fingerprint"),
            now=self.fingerprint(),
        )
        self.request_rebuild()
        return True

    def refresh(self, expert_ids: Sequence[str]) -> None:
        """Bring the documents of experts up to date: their words at once, their vectors by and by."""
        with self._swap:
            if self._changed_meanwhile is not None:
                self._changed_meanwhile.update(expert_ids)
            missing = self._refresh_in(self.engine, expert_ids)
        if missing and self.encoder:
            with self.database.writing() as session:
                outbox.record(session, VECTOR_MISSING, missing)

    def embed(self, expert_ids: Sequence[str]) -> None:
        """Give experts the vectors of their present text and of their free skills, unless there are some."""
        if self.encoder is None:
            return
        wordlists = self.wordlists.current()
        with self.database.reading() as session:
            found = _documents(session, expert_ids, wordlists)
            wanted = _texts_to_encode(found, wordlists)
            known = embeddings.known(session, self.encoder.name, wanted)
        todo = {text_hash: text for text_hash, text in wanted.items() if text_hash not in known}
        made = dict(zip(todo, self.encoder.encode_passages(list(todo.values())), strict=True))
        if made:
            with self.database.writing() as session:
                embeddings.store(session, self.encoder.name, made)
        with self.database.reading() as session:
            vectors = embeddings.stored(session, self.encoder.name, (item.text_hash for item in found))
        with self._swap:
            self.engine.put_vectors(vectors)

    def rebuild(self, progress: Progress = lambda _: None) -> None:
        """Build a new generation from the database beside the live one, catch up, swap. Searches go on."""
        path = self._new_path()
        fresh = EmbeddedEngine(path, self._prior())
        fresh.set_property("fingerprint", self.fingerprint())
        if self.encoder:
            fresh.set_property("encoder", self.encoder.name)
            fresh.set_property("dimension", str(self.encoder.dimension))
        with self._swap:
            self._changed_meanwhile = set()
        try:
            missing = self._fill(fresh, progress)
            with self._swap:
                missing.extend(self._refresh_in(fresh, sorted(self._changed_meanwhile)))
                # Searches under way go on reading the old generation, so it closes one rebuild later.
                if self._previous is not None:
                    self._previous.close()
                self._previous, self._engine = self._engine, fresh
                _point_to(self.folder, path)
        finally:
            self._changed_meanwhile = None
        self._sweep(path)
        if missing and self.encoder:
            with self.database.writing() as session:
                outbox.record(session, VECTOR_MISSING, dict.fromkeys(missing))
        log.info("index rebuilt", documents=fresh.count())

    def _fill(self, fresh: EmbeddedEngine, progress: Progress) -> list[str]:
        """Put everybody into a new generation; return whose vector is still to be made."""
        missing: list[str] = []
        after = ""
        while True:
            with self.database.reading() as session:
                ids = experts.ids_after(session, after, WALK_CHUNK)
            if not ids:
                return missing
            missing.extend(self._refresh_in(fresh, ids))
            progress(len(ids))
            after = ids[-1]

    def request_rebuild(self) -> None:
        """Owe the process that writes the index a rebuild."""
        request_rebuild(self.database)

    def _refresh_in(self, engine: EmbeddedEngine, expert_ids: Sequence[str]) -> list[str]:
        """Refresh documents of one generation; return whose vector is still to be made."""
        wordlists = self.wordlists.current()
        with self.database.reading() as session:
            found = _documents(session, expert_ids, wordlists)
            vectors: dict[str, Vector] = {}
            known: set[str] = set()
            if self.encoder:
                vectors = embeddings.stored(session, self.encoder.name, (item.text_hash for item in found))
                known = embeddings.known(session, self.encoder.name, _texts_to_encode(found, wordlists))
        engine.put(found, removed=set(expert_ids) - {item.id for item in found})
        engine.put_vectors(vectors)
        return [item.id for item in found if not known.issuperset(_texts_to_encode([item], wordlists))]

    def _load_vectors(self, engine: EmbeddedEngine) -> None:
        if self.encoder is None:
            return
        hashes = engine.text_hashes()
        for start in range(0, len(hashes), 20_000):
            with self.database.reading() as session:
                engine.put_vectors(embeddings.stored(session, self.encoder.name, hashes[start : start + 20_000]))

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
        return self.concepts.centre

    def _new_path(self) -> Path:
        return self.folder / f"generation-{uuid4().hex[:12]}.db"

    def _sweep(self, live: Path) -> None:
        """Remove generations that are not live: replaced ones, and those that a crash left half built."""
        for path in self.folder.glob("generation-*"):
            if not path.name.startswith(live.name):
                path.unlink(missing_ok=True)


def request_rebuild(database: Database) -> None:
    """Owe the process that writes the index a rebuild."""
    with database.writing() as session:
        outbox.record(session, REBUILD_REQUESTED, [str(uuid4())])


def live_path(folder: Path) -> Path | None:
    """Return the file of the live generation, if there is one."""
    pointer = folder / "live.json"
    if not pointer.exists():
        return None
    path = folder / orjson.loads(pointer.read_bytes())["generation"]
    return path if path.exists() else None


def _has_our_shape(path: Path) -> bool:
    """Tell whether a generation holds documents as this version writes them; another one is made anew."""
    storage = Storage(path)
    made_with = storage.property("fingerprint") or ""
    storage.close()
    return made_with.startswith(f"{documents.SCHEMA}/")


def _point_to(folder: Path, path: Path) -> None:
    draft = folder / "live.json.new"
    draft.write_bytes(orjson.dumps({"generation": path.name}))
    draft.replace(folder / "live.json")


def _documents(session: Session, expert_ids: Sequence[str], wordlists: Wordlists) -> list[Document]:
    """Return the documents of those among some experts who may be found."""
    return [
        documents.build(profile, wordlists)
        for profile in experts.load(session, expert_ids)
        if experts.is_findable(profile.expert)
    ]


def _texts_to_encode(found: Iterable[Document], wordlists: Wordlists) -> dict[str, str]:
    """Return what needs a vector for some documents, by hash: each one's text, and its free skills."""
    wanted: dict[str, str] = {}
    for item in found:
        wanted[item.text_hash] = documents.text_to_embed(item.headline, item.skills, item.summary)
        wanted.update(skill_vectors.free_skills(item.skills, wordlists))
    return wanted
