"""`portulan index`: building, looking at and checking the index."""

import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from accounts import experts
from accounts.events import EXPERT_CHANGED
from foundation import clock, leases, logs, outbox
from foundation.database import Database
from foundation.errors import Conflict
from foundation.settings import Settings
from indexer import embeddings, encoders, indexes, verifications
from indexer.engines import choices
from indexer.events import REBUILD_REQUESTED, VECTOR_MISSING
from indexer.indexes import Index
from scripts import authors, databases, tables
from scripts.authors import As
from taxonomy.wordlists import LiveWordlists

app = typer.Typer(help="Build, look at and check the index.", no_args_is_help=True)
errors = Console(stderr=True, highlight=False)
POLL_SECONDS = 0.3
FALLS_SHORT = 1
KIND = "index"
"""What the audit log calls it."""
SHOWN_DIFFERENCES = 50
VERIFYING_LOOKS = 6
_DELIVERIES = {REBUILD_REQUESTED: "rebuilding", EXPERT_CHANGED: "indexing words", VECTOR_MISSING: "encoding"}


@app.command()
def rebuild(author: As = "") -> None:
    """Build a new generation from the database, words and vectors, and swap it in; searches go on meanwhile."""
    settings, database = _opened()
    by = authors.find(database, author)
    leases.check(database, indexes.BUILDING)
    with database.writing() as session:
        indexes.request_rebuild(session)
        by.note(session, "index_rebuild_asked", KIND, at=clock.now())
    deliver(settings, database)
    with database.reading() as session:
        left = sum(outbox.count(session, topic) for topic in _DELIVERIES)
    if left:
        errors.print(f"{left} deliveries failed and will be tried again: see `portulan index status` and the log.")
        raise typer.Exit(FALLS_SHORT)


@app.command()
def rollback(author: As = "") -> None:
    """Bring the generation before the live one up to date and search it again."""
    settings, database = _opened()
    by = authors.find(database, author)
    logs.configure(settings.model_copy(update={"log_level": "warning"}))
    index = Index(settings, database, LiveWordlists(database=database), encoders.load(settings, background=False))
    try:
        index.open()
        index.roll_back()
        live = index.generations.live()
    finally:
        index.close()
    with database.writing() as session:
        by.note(session, "index_rolled_back", KIND, at=clock.now(), generation=live)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    longest_wait: Annotated[
        float | None, typer.Option(min=0, help="Exit 1 if a change waits for longer than so many seconds.")
    ] = None,
) -> None:
    """Tell what the index holds and what it still waits for."""
    settings, database = _opened()
    state = read_status(settings, database)
    if as_json:
        tables.put_json(state)
    else:
        for name, value in state.items():
            typer.echo(f"{name.replace('_', ' '):<22} {'-' if value is None else value}")
    if longest_wait is not None and state["oldest_waiting_seconds"] > longest_wait:
        raise typer.Exit(FALLS_SHORT)


@app.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Compare the index with the database, document by document; exit 1 when they differ."""
    settings, database = _opened()
    wordlists = LiveWordlists(database=database).refresh()
    with database.reading() as session:
        total = experts.count(session)
    with _bar("Verifying") as bar:
        task = bar.add_task("verify", total=total)
        differences = verifications.run(
            choices.generations_of(settings, None),
            database,
            wordlists,
            lambda done: bar.advance(task, done),
            looks=VERIFYING_LOOKS,
        )
    if as_json:
        tables.put_json({"differences": len(differences), "details": differences})
    else:
        for difference in differences[:SHOWN_DIFFERENCES]:
            typer.echo(difference)
        typer.echo(f"{len(differences)} differences")
    if differences:
        raise typer.Exit(FALLS_SHORT)


def deliver(settings: Settings, database: Database) -> None:
    """See the outbox emptied: by a serving process as long as there is one, else here. Shows progress."""
    logs.configure(settings.model_copy(update={"log_level": "warning"}))
    index = Index(settings, database, LiveWordlists(database=database), encoder=None)
    if not _reserve_or_watch(database, index):
        return
    try:
        index.encoder = encoders.load(settings, background=False)
        with errors.status("Opening the index"):
            index.open()
        index.renew_if_outdated()
        if not settings.shares_index:
            outbox.reclaim(database)
        _drain(database, index)
        if settings.shares_index:
            _wait_for_workers(database, index)
    finally:
        index.close()


def read_status(settings: Settings, database: Database) -> dict[str, Any]:
    """Return what the index holds and what it waits for, without opening it for writing."""
    generations = choices.generations_of(settings, None)
    documents, fingerprint, encoder, dimension, texts = 0, None, None, None, list[str]()
    with generations.held() as held:
        if held is not None:
            documents, fingerprint = len(held.versions()), held.property("fingerprint")
            encoder, dimension = held.property("encoder"), held.property("dimension")
            texts = held.text_hashes()
    with database.reading() as session:
        oldest = outbox.oldest(session, EXPERT_CHANGED)
        return {
            "engine": generations.engine_name,
            "generation": generations.live(),
            "documents": documents,
            "experts": experts.count(session),
            "texts": len(texts),
            "vectors": embeddings.count_stored(session, encoder, texts) if encoder else 0,
            "waiting_for_words": outbox.count(session, EXPERT_CHANGED),
            "waiting_for_vectors": outbox.count(session, VECTOR_MISSING),
            "oldest_waiting_seconds": (clock.now() - oldest.astimezone(UTC)).total_seconds() if oldest else 0,
            "dead_letters": outbox.count_dead(session),
            "encoder": encoder,
            "dimension": int(dimension) if dimension else None,
            "made_with": fingerprint,
        }


def _drain(database: Database, index: Index) -> None:
    """Deliver everything here, with a bar for words and one for vectors."""
    from web import deliveries, reactions  # noqa: PLC0415 - most commands need none of the web, which takes seconds

    with _bar("Indexing") as bar, database.reading() as session:
        words = bar.add_task("words", total=max(outbox.count(session, EXPERT_CHANGED), experts.count(session)))
        vectors = bar.add_task("vectors", total=None)
        tasks = {EXPERT_CHANGED: words, VECTOR_MISSING: vectors}

        def show(topic: str, count: int) -> None:
            if topic in tasks:
                bar.advance(tasks[topic], count)
            if topic != VECTOR_MISSING:
                with database.reading() as counting:
                    bar.update(vectors, total=outbox.count(counting, VECTOR_MISSING))

        def rebuild_here(_: object) -> None:
            index.rebuild(lambda done: bar.advance(words, done))

        lanes = [
            replace(lane, reaction=rebuild_here) if lane.topic == REBUILD_REQUESTED else lane
            for lane in reactions.table(index)
        ]
        deliveries.drain(database, lanes, show)


def _reserve_or_watch(database: Database, index: Index) -> bool:
    """Take the writer's lock; return False if the process that holds it has delivered everything before."""
    with errors.status("The serving process is at work") as spinner:
        while True:
            with suppress(Conflict):
                index.reserve()
                return True
            with database.reading() as session:
                waiting = {topic: outbox.count(session, topic) for topic in _DELIVERIES}
            if not any(waiting.values()):
                return False
            parts = [f"{_DELIVERIES[topic]} ({count} to go)" for topic, count in waiting.items() if count]
            spinner.update("The serving process is " + ", ".join(parts))
            time.sleep(POLL_SECONDS)


def _wait_for_workers(database: Database, index: Index) -> None:
    """See to it that what workers had taken before us is delivered, by them or, if they die, here; or has failed."""
    from web import deliveries, reactions  # noqa: PLC0415 - as above

    while True:
        with database.reading() as session:
            if not any(outbox.count_untried(session, topic) for topic in _DELIVERIES):
                return
        time.sleep(POLL_SECONDS)
        deliveries.drain(database, reactions.table(index), lambda _topic, _count: None)


def _bar(title: str) -> Progress:
    return Progress(
        TextColumn(title),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )


def _opened() -> tuple[Settings, Database]:
    settings = Settings()
    return settings, databases.opened(settings)
