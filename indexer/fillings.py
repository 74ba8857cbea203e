"""Putting the database's experts into a generation: all of them, some of them, and whether they have arrived."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy.orm import Session

from accounts import experts, review_priors
from accounts.experts import Profile
from foundation.database import Database
from foundation.errors import Unavailable
from foundation.pipelines import prefetch
from indexer import documents, embeddings, skill_vectors
from indexer.documents import Document
from indexer.encoders import Encoder
from indexer.engines.generations import GenerationEngine, Progress
from indexer.engines.interface import Changes, Vector
from indexer.engines.opensearch.calibrations import SAMPLED
from taxonomy.wordlists import LiveWordlists, Wordlists

WALK_CHUNK = 500
CHECKED = 500
"""How many documents of a new generation are looked at."""
CHANGING_SHARE = 0.01
"""Which share of experts other processes may have hidden before a new generation is checked."""
FOR_GOOD = 1 << 62
"""The version at which somebody is gone whose row is: an id is never given out again."""


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


class Filler:
    """Reads the database for generations, with the word lists and the encoder of one index."""

    def __init__(self, database: Database, wordlists: LiveWordlists, encoder: Encoder | None) -> None:
        self.database = database
        self.wordlists = wordlists
        self.encoder = encoder

    def fill(self, fresh: GenerationEngine, progress: Progress) -> Filled:
        """Put everybody into a generation, and take out who is gone."""
        filled = Filled({}, [])
        left = fresh.versions()

        def read() -> Iterator[Changes]:
            for batch in prefetch(self._everybody()):
                yield batch.found, batch.gone, batch.vectors
                for expert_id in batch.ids:
                    left.pop(expert_id, None)
                filled.versions.update((item.id, item.version) for item in batch.found)
                filled.missing.extend(batch.missing)
                progress(len(batch.ids))

        fresh.put_all(read())
        # Whom only a generation taken up again holds.
        self.refresh(fresh, list(left))
        return filled

    def refresh(self, engine: GenerationEngine, expert_ids: Sequence[str]) -> Filled:
        """Refresh documents of one generation."""
        batch = self._read(expert_ids)
        engine.put(batch.found, batch.gone, batch.vectors)
        return Filled({item.id: item.version for item in batch.found}, batch.missing)

    def _everybody(self) -> Iterator[Batch]:
        after = ""
        while True:
            with self.database.reading() as session:
                ids = experts.ids_after(session, after, WALK_CHUNK)
            if not ids:
                return
            yield self._read(ids)
            after = ids[-1]

    def _read(self, expert_ids: Sequence[str]) -> Batch:
        """Read experts afresh, and make their documents."""
        wordlists = self.wordlists.current()
        with self.database.reading() as session:
            profiles = experts.load(session, expert_ids)
            versions = {profile.expert.id: profile.expert.version for profile in profiles}
            found = build(profiles, wordlists, review_priors.read(session))
            vectors: dict[str, Vector] = {}
            free = {item.id: skill_vectors.free_skills(item.skills, wordlists).keys() for item in found}
            known: set[str] = set()
            if self.encoder:
                vectors = embeddings.stored(session, self.encoder.name, (item.text_hash for item in found))
                known = embeddings.known(session, self.encoder.name, chain.from_iterable(free.values()))
        gone = {key: versions.get(key, FOR_GOOD) for key in set(expert_ids) - {item.id for item in found}}
        missing = [item.id for item in found if item.text_hash not in vectors or not known.issuperset(free[item.id])]
        return Batch(expert_ids, found, gone, vectors, missing)

    def check(self, fresh: GenerationEngine, filled: Filled, changed: Collection[str]) -> None:
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

    def sample(self) -> list[tuple[Document, Vector | None]]:
        """Return enough documents to take averages of, or all, with the vectors that are known."""
        wordlists = self.wordlists.current()
        sample: list[tuple[Document, Vector | None]] = []
        with self.database.reading() as session:
            after = ""
            while len(sample) < SAMPLED and (ids := experts.ids_after(session, after, WALK_CHUNK)):
                found = documents_of(session, ids, wordlists)
                hashes = [item.text_hash for item in found]
                vectors = embeddings.stored(session, self.encoder.name, hashes) if self.encoder else {}
                sample.extend((item, vectors.get(item.text_hash)) for item in found)
                after = ids[-1]
        return sample


def documents_of(session: Session, expert_ids: Sequence[str], wordlists: Wordlists) -> list[Document]:
    """Return the documents of those among some experts who may be found."""
    return build(experts.load(session, expert_ids), wordlists, review_priors.read(session))


def build(profiles: Iterable[Profile], wordlists: Wordlists, priors: Mapping[str, float]) -> list[Document]:
    """Return the documents of those profiles that may be found; `priors` are the mean ratings of sectors."""
    return [documents.build(profile, wordlists, priors) for profile in profiles if experts.is_findable(profile.expert)]


def hashes_in_use(database: Database, wordlists: Wordlists) -> set[str]:
    """Return what names the vectors of everybody's present text and free skills, hidden ones' too."""
    found: set[str] = set()
    after = ""
    while True:
        with database.reading() as session:
            ids = experts.ids_after(session, after, WALK_CHUNK)
            profiles = [profile.expert for profile in experts.load(session, ids)]
        if not ids:
            return found
        for expert in profiles:
            found.add(documents.hash_of(expert.headline, expert.skills, expert.summary))
            found.update(skill_vectors.free_skills(expert.skills, wordlists))
        after = ids[-1]


def texts_to_encode(found: Iterable[Document], wordlists: Wordlists) -> dict[str, str]:
    """Return what needs a vector for some documents, by hash: each one's text, and its free skills."""
    wanted: dict[str, str] = {}
    for item in found:
        wanted[item.text_hash] = documents.text_to_embed(item.headline, item.skills, item.summary)
        wanted.update(skill_vectors.free_skills(item.skills, wordlists))
    return wanted
