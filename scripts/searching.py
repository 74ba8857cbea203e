"""Searching from the command line, beside the process that serves: reads the index, never writes it."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from foundation import logs
from foundation.database import Database
from foundation.errors import Invalid
from foundation.http import validation_fault
from foundation.settings import Settings
from indexer import encoders
from indexer.indexes import Index
from ranking.profiles import Profile
from scripts import databases
from search_api import pointers, rankings, requests
from search_api.pointers import LivePointers
from search_api.requests import Parameters, SearchRequest
from search_api.searches import Searcher
from taxonomy.wordlists import LiveWordlists

errors = Console(stderr=True, highlight=False)
Query = Annotated[str, typer.Option("--query", help="What is searched.")]
Filters = Annotated[str, typer.Option("--filters", help="What narrows it, like in an address: country=MA&language=fr")]


@dataclass(frozen=True)
class Looking:
    """An open index to search, and the database beside it."""

    database: Database
    searcher: Searcher
    engine_name: str

    def request(self, query: str, filters: str = "", size: int = 20) -> SearchRequest:
        """Return a checked request; raise Invalid with every fault."""
        given = {"q": query, "size": size, "lang": "en", **requests.parse(filters)}
        try:
            parameters = Parameters.model_validate(given)
        except ValidationError as error:
            raise Invalid([validation_fault(detail, "en") for detail in error.errors()]) from None
        return requests.resolve(parameters, self.searcher.wordlists)

    def profile(self, name: str | None, request: SearchRequest) -> Profile:
        """Return the profile that a name means, or the live one of the request's surface."""
        surface = pointers.surface_of(request)
        with self.database.reading() as session:
            return rankings.get(session, rankings.find_id(session, name or "live", surface))

    def ranked_by(self, profile: Profile) -> Searcher:
        """Return a searcher that ranks by a profile."""
        return replace(self.searcher, profile=profile)


@contextmanager
def looking() -> Generator[Looking]:
    """Give an open index to search."""
    settings = Settings()
    logs.configure(settings.model_copy(update={"log_level": "warning"}))
    database = databases.opened(settings)
    wordlists = LiveWordlists(database=database)
    wordlists.refresh()
    with errors.status("Opening the index"):
        index = Index(settings, database, wordlists, encoders.load(settings, background=False))
        index.look()
    try:
        live = LivePointers(database).current()["search"].live
        yield Looking(
            database,
            Searcher(
                database,
                index.engine,
                index.encoder,
                index.concepts,
                index.skill_vectors,
                wordlists.current(),
                live,
            ),
            index.generations.engine_name,
        )
    finally:
        index.close()
        database.close()
