"""Directories to measure on: loaded through the same import and index as everybody's."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from accounts import imports
from accounts.events import EXPERT_CHANGED
from foundation import clock, outbox
from foundation.database import Database
from foundation.settings import ROOT, Settings
from indexer import encoders
from indexer.encoders import Encoder
from indexer.events import VECTOR_MISSING
from indexer.indexes import Index
from migrations import upgrades
from ranking import profiles
from search_api.searches import Searcher
from taxonomy.wordlists import LiveWordlists

FOLDER = ROOT / "var" / "bench"


@dataclass
class Directory:
    """An indexed directory."""

    settings: Settings
    database: Database
    wordlists: LiveWordlists
    encoder: Encoder | None
    index: Index

    def searcher(self, *, with_meaning: bool = True) -> Searcher:
        """Return a searcher by words and meaning, or by words only."""
        return Searcher(
            self.database,
            self.index.engine,
            self.encoder if with_meaning else None,
            self.index.concepts if with_meaning else None,
            self.index.skill_vectors if with_meaning else None,
            self.wordlists.current(),
            profiles.FIRST,
        )

    def close(self) -> None:
        """Give the index back."""
        self.index.close()
        self.database.close()


def load(name: str, lines: Iterable[bytes], *, with_vectors: bool = True) -> Directory:
    """Import records and index them; what an earlier run left in `var/bench` is brought up to date."""
    settings = Settings(data_dir=FOLDER / name)
    directory = open_empty(settings)
    outcome = imports.run(directory.database, lines, at=clock.now())
    if outcome.faults:
        raise SystemExit("\n".join(map(str, outcome.faults[:20])))
    drain(directory, EXPERT_CHANGED)
    if with_vectors:
        drain(directory, VECTOR_MISSING, batch=64)
    return directory


def open_empty(settings: Settings) -> Directory:
    """Open a directory as it is."""
    database = Database(settings.database_address)
    upgrades.run(database)
    wordlists = LiveWordlists(database=database)
    encoder = encoders.load(settings, background=False)
    index = Index(settings, database, wordlists, encoder)
    index.open()
    if index.is_outdated():
        index.rebuild()
    return Directory(settings, database, wordlists, encoder, index)


def drain(directory: Directory, topic: str, batch: int = 2_000) -> None:
    """Deliver everything owed on a topic."""
    outbox.reclaim(directory.database)
    reaction = directory.index.refresh if topic == EXPERT_CHANGED else directory.index.embed
    while outbox.drain(directory.database, topic, reaction, batch=batch):
        pass


def remove(path: Path) -> None:
    """Remove what an earlier run left."""
    if path.exists():
        for child in path.iterdir():
            remove(child) if child.is_dir() else child.unlink()
        path.rmdir()
