"""The index of one process: which generation is live, and keeping it in step with the database."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import uuid4

import numpy as np
import structlog
from sqlalchemy.orm import Session

from accounts import experts
from accounts.experts import Profile
from foundation import outbox
from foundation.database import Database
from foundation.errors import Unavailable
from foundation.locks import ProcessLock
from foundation.pipelines import prefetch
from foundation.settings import Settings
from indexer import documents, embeddings, skill_vectors
from indexer.documents import Document, skill_term
from indexer.embeddings import Concepts
from indexer.encoders import Encoder
from indexer.engines.embedded.generations import EmbeddedGenerations
from indexer.engines.embedded.vectors import Centre
from indexer.engines.generations import Built, GenerationEngine, Generations, Progress
from indexer.engines.interface import Vector
from indexer.engines.opensearch.calibrations import SAMPLED
from indexer.engines.opensearch.generations import OpenSearchGenerations
from indexer.engines.opensearch.nodes import Node
from indexer.events import REBUILD_REQUESTED, VECTOR_MISSING
from indexer.skill_vectors import SkillVectors
from taxonomy.concepts import LANGUAGES
from taxonomy.wordlists import LiveWordlists, Wordlists

WALK_CHUNK = 500
NO_ENCODER_DIMENSION = 1
CHECKED = 500
"""How many documents of a new generation are looked at."""
CHANGING_SHARE = 0.01
"""Which share of experts other processes may have hidden before a new generation is checked."""
FOR_GOOD = 1 << 62
"""The version at which somebody is gone whose row is: an id is never given out again."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What the database says of some experts: who may be found, who may not and since which version, known vectors."""

    ids: Sequence[str]
    found: list[Document]
    gone: dict[str, int]
    vectors: dict[str, Vector]
    missing: list[str]
    """Whose vectors are still to be made."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Who was put into a generation, at which version, and whose vector is still to be made."""

    versions: dict[str, int]
    missing: list[str]


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
        self.generations = generations_of(settings, encoder)
        self._engine: GenerationEngine | None = None
        self.concepts: Concepts | None = None
        self.skill_vectors: SkillVectors | None = None
        self._swap = threading.RLock()
        self._changed_meanwhile: set[str] | None = None

    @property
    def engine(self) -> GenerationEngine:
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
        if self._writer is not None:
            self._writer.acquire()

    def open(self, progress: Progress = lambda _: None) -> None:
        """Take the writer's lock unless it is ours, and load the live generation, an empty one if there is none."""
        if self._writer is not None and not self._writer.is_held:
            self.reserve()
        if not self._has_our_shape():
            # Nobody may be told that we are ready while the index is still empty.
            self.rebuild(progress)
            return
        # What the word lists have gained since makes nobody wait: the rebuild that it asks for encodes it.
        self._engine = self.generations.open(self._prior(only_known=True), progress)
        self.generations.sweep()
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
            missing = self._refresh_in(self.engine, expert_ids).missing
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
            self.engine.put(found, {}, vectors)

    def rebuild(self, progress: Progress = lambda _: None) -> None:
        """Build a new generation from the database beside the live one, catch up, swap. Searches go on."""
        properties = {"fingerprint": self.fingerprint()}
        if self.encoder:
            properties |= {"encoder": self.encoder.name, "dimension": str(self.encoder.dimension)}
        self._build(lambda: self.generations.begin(self._prior(), properties, self._sample), progress)

    def roll_back(self, progress: Progress = lambda _: None) -> None:
        """Bring the previous generation up to date and make it live again; raise NotFound where none is kept."""
        self._build(self.generations.resume, progress)

    def _build(self, begin: Callable[[], Built], progress: Progress) -> None:
        """Fill a generation from the database, catch up with what changed meanwhile, check it, and switch."""
        with self._swap:
            self._changed_meanwhile = set()
        try:
            built = begin()
            try:
                filled = self._fill(built.engine, progress)
                with self._swap:
                    changed = sorted(self._changed_meanwhile)
                    filled.missing.extend(self._refresh_in(built.engine, changed).missing)
                    self._check(built.engine, filled, set(changed))
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

    def _check(self, fresh: GenerationEngine, filled: Filled, changed: Collection[str]) -> None:
        """Compare a new generation with what was put into it, by number and by a sample; raise Unavailable."""
        fresh.refresh()
        expected = [expert_id for expert_id in filled.versions if expert_id not in changed]
        sample = expected[:: max(1, len(expected) // CHECKED)]
        held, shown = fresh.count(), fresh.documents(sample)
        lacking = [
            expert_id
            for expert_id in sample
            if expert_id not in shown or shown[expert_id].version < filled.versions[expert_id]
        ]
        # Other processes may have taken some experts out of it meanwhile.
        spared = 1 - CHANGING_SHARE
        if held < len(expected) * spared or len(sample) - len(lacking) < len(sample) * spared:
            raise Unavailable(
                f"the new generation holds {held} of {len(expected)} experts and lacks {len(lacking)} of "
                f"{len(sample)} looked at: the live one stays"
            )

    def _count_findable(self) -> int:
        with self.database.reading() as session:
            return experts.count_findable(session)

    def _sample(self) -> list[tuple[Document, Vector | None]]:
        """Return enough documents to take averages of, or all, with the vectors that are known."""
        wordlists = self.wordlists.current()
        sample: list[tuple[Document, Vector | None]] = []
        with self.database.reading() as session:
            after = ""
            while len(sample) < SAMPLED and (ids := experts.ids_after(session, after, WALK_CHUNK)):
                found = _documents(session, ids, wordlists)
                hashes = [item.text_hash for item in found]
                vectors = embeddings.stored(session, self.encoder.name, hashes) if self.encoder else {}
                sample.extend((item, vectors.get(item.text_hash)) for item in found)
                after = ids[-1]
        return sample

    def _has_our_shape(self) -> bool:
        """Tell whether there is a live generation with documents as this version writes them."""
        with self.generations.held() as held:
            made_with = (held.property("fingerprint") if held else None) or ""
        return made_with.startswith(f"{documents.SCHEMA}/")

    def _fill(self, fresh: GenerationEngine, progress: Progress) -> Filled:
        """Put everybody into a generation, and take out who is gone."""
        filled = Filled({}, [])
        left = fresh.versions()
        for batch in prefetch(self._everybody()):
            for expert_id in batch.ids:
                left.pop(expert_id, None)
            fresh.put(batch.found, batch.gone, batch.vectors)
            filled.versions.update((item.id, item.version) for item in batch.found)
            filled.missing.extend(batch.missing)
            progress(len(batch.ids))
        # Whom only a generation taken up again holds.
        self._refresh_in(fresh, list(left))
        return filled

    def _everybody(self) -> Iterator[Batch]:
        after = ""
        while True:
            with self.database.reading() as session:
                ids = experts.ids_after(session, after, WALK_CHUNK)
            if not ids:
                return
            yield self._read(ids)
            after = ids[-1]

    def request_rebuild(self) -> None:
        """Owe the process that writes the index a rebuild."""
        request_rebuild(self.database)

    def _request_rebuild_once(self) -> None:
        with self.database.reading() as session:
            is_owed = outbox.count(session, REBUILD_REQUESTED) > 0
        if not is_owed:
            self.request_rebuild()

    def _refresh_in(self, engine: GenerationEngine, expert_ids: Sequence[str]) -> Filled:
        """Refresh documents of one generation."""
        batch = self._read(expert_ids)
        engine.put(batch.found, batch.gone, batch.vectors)
        return Filled({item.id: item.version for item in batch.found}, batch.missing)

    def _read(self, expert_ids: Sequence[str]) -> Batch:
        """Read experts afresh, and make their documents."""
        wordlists = self.wordlists.current()
        with self.database.reading() as session:
            profiles = experts.load(session, expert_ids)
            versions = {profile.expert.id: profile.expert.version for profile in profiles}
            found = _built(profiles, wordlists)
            vectors: dict[str, Vector] = {}
            free = {item.id: skill_vectors.free_skills(item.skills, wordlists).keys() for item in found}
            known: set[str] = set()
            if self.encoder:
                vectors = embeddings.stored(session, self.encoder.name, (item.text_hash for item in found))
                known = embeddings.known(session, self.encoder.name, chain.from_iterable(free.values()))
        gone = {key: versions.get(key, FOR_GOOD) for key in set(expert_ids) - {item.id for item in found}}
        missing = [item.id for item in found if item.text_hash not in vectors or not known.issuperset(free[item.id])]
        return Batch(expert_ids, found, gone, vectors, missing)

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
        return self.concepts.centre


def generations_of(settings: Settings, encoder: Encoder | None) -> Generations:
    """Return the generations of an installation, on the engine that its settings name."""
    if not settings.opensearch_url:
        return EmbeddedGenerations(settings.data_dir.resolve() / "index")
    return OpenSearchGenerations(
        Node(settings.opensearch_url),
        settings.opensearch_prefix,
        encoder.name if encoder else None,
        refresh_ms=settings.opensearch_refresh_ms,
        replicas=settings.opensearch_replicas,
    )


def request_rebuild(database: Database) -> None:
    """Owe the process that writes the index a rebuild."""
    with database.writing() as session:
        outbox.record(session, REBUILD_REQUESTED, [str(uuid4())])


def _documents(session: Session, expert_ids: Sequence[str], wordlists: Wordlists) -> list[Document]:
    """Return the documents of those among some experts who may be found."""
    return _built(experts.load(session, expert_ids), wordlists)


def _built(profiles: Iterable[Profile], wordlists: Wordlists) -> list[Document]:
    return [documents.build(profile, wordlists) for profile in profiles if experts.is_findable(profile.expert)]


def _texts_to_encode(found: Iterable[Document], wordlists: Wordlists) -> dict[str, str]:
    """Return what needs a vector for some documents, by hash: each one's text, and its free skills."""
    wanted: dict[str, str] = {}
    for item in found:
        wanted[item.text_hash] = documents.text_to_embed(item.headline, item.skills, item.summary)
        wanted.update(skill_vectors.free_skills(item.skills, wordlists))
    return wanted
