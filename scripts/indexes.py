"""`portulan index`: building, looking at and checking the index."""

import sys
import time
from datetime import UTC
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from accounts import experts
from accounts.events import EXPERT_CHANGED
from foundation import clock, logs, outbox
from foundation.database import Database
from foundation.errors import Conflict
from foundation.settings import Settings
from indexer import embeddings, encoders, indexes
from indexer.engines.embedded.storage import Storage
from indexer.events import REBUILD_REQUESTED, VECTOR_MISSING
from indexer.indexes import Index
from migrations import upgrades
from taxonomy.wordlists import LiveWordlists
from web import reactions

app = typer.Typer(help="Build, look at and check the index.", no_args_is_help=True)
errors = Console(stderr=True, highlight=False)
POLL_SECONDS = 0.3
FALLS_SHORT = 1
SHOWN_DIFFERENCES = 50


@app.command()
def rebuild() -> None:
    """Build a new generation from the database, words and vectors, and swap it in; searches go on meanwhile."""
    settings, database = _opened()
    indexes.request_rebuild(database)
    deliver(settings, database)


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
        sys.stdout.write(orjson.dumps(state).decode() + "\n")
    else:
        for name, value in state.items():
            typer.echo(f"{name.replace('_', ' '):<22} {'-' if value is None else value}")
    if longest_wait is not None and state["oldest_waiting_seconds"] > longest_wait:
        raise typer.Exit(FALLS_SHORT)


@app.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Compare the index with the database, document by document; exit 1 when they differ."""
    settings, database = _opened()
    wordlists = LiveWordlists().current()
    with database.reading() as session:
        total = experts.count(session)
    with _bar("Verifying") as bar:
        task = bar.add_task("verify", total=total)
        differences = indexes.verify(
            settings.data_dir.resolve() / "index", database, wordlists, lambda done: bar.advance(task, done)
        )
    if as_json:
        sys.stdout.write(orjson.dumps({"differences": len(differences), "details": differences}).decode() + "\n")
    else:
        for difference in differences[:SHOWN_DIFFERENCES]:
            typer.echo(difference)
        typer.echo(f"{len(differences)} differences")
    if differences:
        raise typer.Exit(FALLS_SHORT)


def deliver(settings: Settings, database: Database) -> None:
    """See the outbox emptied: by a serving process if there is one, else here. Shows progress."""
    logs.configure(settings.model_copy(update={"log_level": "warning"}))
    try:
        index = _open_index(settings, database)
    except Conflict:
        _watch(database)
        return
    try:
        _drain(database, index)
    finally:
        index.close()


def read_status(settings: Settings, database: Database) -> dict[str, Any]:
    """Return what the index holds and what it waits for, without opening it for writing."""
    path = indexes.live_path(settings.data_dir.resolve() / "index")
    documents, fingerprint, encoder, dimension = 0, None, None, None
    if path is not None:
        storage = Storage(path)
        documents, fingerprint = len(storage.versions()), storage.property("fingerprint")
        encoder, dimension = storage.property("encoder"), storage.property("dimension")
        storage.close()
    with database.reading() as session:
        oldest = outbox.oldest(session, EXPERT_CHANGED)
        return {
            "engine": "embedded",
            "generation": path.stem if path else None,
            "documents": documents,
            "experts": experts.count(session),
            "vectors": embeddings.count_documents(session, encoder) if encoder else 0,
            "waiting_for_words": outbox.count(session, EXPERT_CHANGED),
            "waiting_for_vectors": outbox.count(session, VECTOR_MISSING),
            "oldest_waiting_seconds": (clock.now() - oldest.astimezone(UTC)).total_seconds() if oldest else 0,
            "dead_letters": outbox.count_dead(session),
            "encoder": encoder,
            "dimension": int(dimension) if dimension else None,
            "made_with": fingerprint,
        }


def _open_index(settings: Settings, database: Database) -> Index:
    index = Index(settings, database, LiveWordlists(), encoder=None)
    index.reserve()
    index.encoder = encoders.load(settings, background=False)
    with errors.status("Opening the index"):
        index.open()
    index.renew_if_outdated()
    return index


def _drain(database: Database, index: Index) -> None:
    """Deliver everything here, with a bar for words and one for vectors."""
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

        lanes = reactions.table(index)
        lanes[-1] = reactions.Lane(REBUILD_REQUESTED, rebuild_here, batch=100)
        reactions.drain(database, lanes, show)


def _watch(database: Database) -> None:
    """Wait until the serving process has delivered everything."""
    topics = {REBUILD_REQUESTED: "rebuilding", EXPERT_CHANGED: "indexing words", VECTOR_MISSING: "encoding"}
    with errors.status("The serving process is at work") as spinner:
        while True:
            with database.reading() as session:
                waiting = {topic: outbox.count(session, topic) for topic in topics}
            if not any(waiting.values()):
                return
            parts = [f"{topics[topic]} ({count} to go)" for topic, count in waiting.items() if count]
            spinner.update("The serving process is " + ", ".join(parts))
            time.sleep(POLL_SECONDS)


def _bar(title: str) -> Progress:
    return Progress(
        TextColumn(title),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
    )


def _opened() -> tuple[Settings, Database]:
    settings = Settings()
    database = Database(settings.database_address)
    upgrades.run(database)
    return settings, database
