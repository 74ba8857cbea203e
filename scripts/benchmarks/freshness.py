"""How soon a committed change is found: fifty changes a second, on the processes that an operator runs.

Embedded: a serving process on SQLite, changed from another process, as the command line does. On OpenSearch:
a serving process, a worker and beat, with PostgreSQL and Redis; who commits wakes the worker, as the serving process
does. Both encode what changed in the background meanwhile.

Most changes are edits, every tenth an import. Each puts a word of its own into a headline. Every ninth is watched: its
word is searched over HTTP among those who share the expert's skill, sector and country, in turn with the others, until
the page shows who has it. Without filters a made-up word brings 80 neighbours, which took whoever looked, and the site,
more time than all changes together, and may leave no room on the page. A change counts from its commit to the end of
the first answer that holds it, so a round of looking is in the figures.
"""

import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import numpy as np
import orjson
from rich.console import Console
from sqlalchemy import create_engine, make_url

from accounts import experts, imports
from accounts.events import EXPERT_CHANGED
from foundation import clock, outbox
from foundation.database import Database
from foundation.settings import Settings
from indexer.events import VECTOR_MISSING
from scripts.backends import runs
from scripts.backends.runs import Name
from scripts.benchmarks import directories, generated, machines, speed
from web import queues

COUNT = 3_000
PER_SECOND = 50
SECONDS = 30
WATCHED = 9
"""Every so many changes one is looked for."""
IMPORTED = 10
"""Every so many changes one is an import."""
LOOK_EVERY_SECONDS = 0.05
SETTLE_SECONDS = 30
"""How long the last change may take; one that isn't found by then fails the run."""
LETTERS = "bcdfghjklmnpqrstvwxz"
SCHEMA = "bench_freshness"


@dataclass
class Change:
    """One change: whose, by which word, when it was committed and found."""

    ref: str
    word: str
    among: dict[str, str]
    """Filters that let the expert pass and few others."""
    committed_at: float
    found_at: float = 0.0


def run(engine: str) -> dict[str, float]:
    """Measure on `embedded` or `opensearch`; print and return median, p95 and p99 in seconds."""
    console = Console(width=120)
    console.print(machines.line())
    with ExitStack() as stack:
        settings = stack.enter_context(_opensearch()) if engine == "opensearch" else Settings()
        settings = settings.model_copy(update={"data_dir": directories.FOLDER / f"freshness_{engine}"})
        records = _fill(settings)
        address = stack.enter_context(_running(settings))
        changes = _change_and_look(settings, records, address)
    seconds = [change.found_at - change.committed_at for change in changes]
    rate = WATCHED * (len(changes) - 1) / (changes[-1].committed_at - changes[0].committed_at)
    figures = {f"p{share}_s": float(np.percentile(seconds, share)) for share in (50, 95, 99)}
    said = ", ".join(f"{name.removesuffix('_s')} {value:.2f} s" for name, value in figures.items())
    console.print(
        f"{engine}: {len(changes):,} of {PER_SECOND * SECONDS:,} changes, {rate:.0f} a second, "
        f"among {COUNT:,} experts: {said}"
    )
    console.print(machines.line())
    return {f"index.freshness.{engine}.{name}": value for name, value in figures.items()}


@contextmanager
def _opensearch() -> Generator[Settings]:
    """Give the settings of an installation on PostgreSQL, Redis and OpenSearch, empty at first."""
    were_running = runs.read() is not None
    found = runs.up().backends
    url = make_url(found[Name.POSTGRES].address)
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
    server.dispose()
    own = url.update_query_dict({"options": f"-csearch_path={SCHEMA}"}).render_as_string(hide_password=False)
    try:
        yield Settings(
            database_url=own,
            opensearch_url=found[Name.OPENSEARCH].address,
            opensearch_prefix=f"bench-freshness-{int(time.time())}",
            redis_url=found[Name.REDIS].address,
        )
    finally:
        if not were_running:
            runs.down()


def _fill(settings: Settings) -> list[dict[str, Any]]:
    """Index generated experts with vectors; return their records."""
    directories.remove(settings.data_dir)
    directory = directories.open_empty(settings)
    lines = list(generated.lines(COUNT, seed=17))
    imports.run(directory.database, lines, at=clock.now())
    directories.drain(directory, EXPERT_CHANGED)
    directory.index.engine.refresh()
    generated.give_vectors(directory)
    # The skills that no list has are encoded now, so that what is measured starts with nothing owed.
    directories.drain(directory, VECTOR_MISSING)
    directory.index.rebuild()
    directory.close()
    return [orjson.loads(line) for line in lines]


@contextmanager
def _running(settings: Settings) -> Generator[str]:
    """Run the processes of an installation; give the address of the one that serves, once it is ready."""
    port = speed.free_port()
    commands = [["serve", "--port", str(port)]]
    if settings.has_workers:
        commands += [["worker"], ["worker", "--beat"]]
    environment = {
        **os.environ,
        "PORTULAN_DATA_DIR": str(settings.data_dir),
        "PORTULAN_DATABASE_URL": settings.database_url,
        "PORTULAN_OPENSEARCH_URL": settings.opensearch_url,
        "PORTULAN_OPENSEARCH_PREFIX": settings.opensearch_prefix,
        "PORTULAN_REDIS_URL": settings.redis_url,
        "PORTULAN_SEARCH_PER_SECOND": "100000",
        "PORTULAN_LOG_LEVEL": "warning",
    }
    processes = [
        subprocess.Popen([sys.executable, "-m", "scripts.cli", *command], env=environment)  # noqa: S603 - our own
        for command in commands
    ]
    try:
        speed.connect(port).close()
        time.sleep(5)  # workers come up beside
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=60)


def _change_and_look(settings: Settings, records: list[dict[str, Any]], address: str) -> list[Change]:
    """Change experts at a steady rate while another thread looks for what was changed."""
    database = Database(settings.database_address)
    waker = queues.Waker(queues.connect(settings)) if settings.has_workers else None
    if waker:
        database.announce = waker.wake
        waker.start()
    changes: list[Change] = []
    is_over = threading.Event()
    looking = threading.Thread(target=_look, args=(address, changes, is_over))
    looking.start()
    begun = time.monotonic()
    try:
        for number, record in enumerate(records[: PER_SECOND * SECONDS]):
            time.sleep(max(0.0, begun + number / PER_SECOND - time.monotonic()))
            word = _word(number)
            _change(database, record["ref"], f"{record['headline']} {word}", imported=number % IMPORTED == 0)
            if number % WATCHED == 0:
                changes.append(Change(record["ref"], word, _among(record), time.monotonic()))
    finally:
        is_over.set()
        looking.join()
        if waker:
            waker.stop()
    if lost := [change.ref for change in changes if not change.found_at]:
        raise SystemExit(f"{len(lost)} changes are not found after {SETTLE_SECONDS} s, the first one of {lost[0]}")
    with database.reading() as session:
        if outbox.count(session, EXPERT_CHANGED):
            raise SystemExit("changes are found and still owed")
    database.close()
    return changes


def _change(database: Database, ref: str, headline: str, *, imported: bool) -> None:
    if imported:
        imports.run(database, [orjson.dumps({"ref": ref, "headline": headline})], at=clock.now())
    else:
        database.write(lambda session: experts.change(session, ref, {"headline": headline}, at=clock.now()))


def _look(address: str, changes: list[Change], is_over: threading.Event) -> None:
    """Ask for the words of changes that are not found yet, again and again."""
    deadline: Callable[[], bool] = _Deadline(is_over).has_passed
    while not deadline():
        was_over = is_over.is_set()
        waiting = [change for change in tuple(changes) if not change.found_at]
        if was_over and not waiting:
            return
        time.sleep(LOOK_EVERY_SECONDS)
        for change in waiting:
            if change.ref in _found_by_words(address, change):
                change.found_at = time.monotonic()


class _Deadline:
    """Some time after the last change."""

    def __init__(self, is_over: threading.Event) -> None:
        self._is_over = is_over
        self._until: float | None = None

    def has_passed(self) -> bool:
        """Tell whether who looks has looked for long enough."""
        if self._until is None and self._is_over.is_set():
            self._until = time.monotonic() + SETTLE_SECONDS
        return self._until is not None and time.monotonic() > self._until


def _among(record: dict[str, Any]) -> dict[str, str]:
    return {"skill": record["skills"][0], "sector": record["sectors"][0], "country": record["countries"][0]}


def _found_by_words(address: str, change: Change) -> set[str]:
    """Return who is found by a change's word itself: neighbours in meaning stand beside, and prove nothing."""
    query = urlencode({"q": change.word, **change.among, "explain": "true"})
    try:
        with urllib.request.urlopen(f"{address}/api/v1/experts?{query}", timeout=30) as response:  # noqa: S310 - our own
            results = orjson.loads(response.read())["results"]
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        return set()  # no answer in time: whoever looks looks again, and the change waits
    return {
        item["ref"]
        for item in results
        if any(part["part"] == "text" and part["value"] > 0 for part in item["explanation"])
    }


def _word(number: int) -> str:
    """Return a word that no edit of another one gives and that no language has."""
    draw = np.random.default_rng(number)
    return "".join(draw.choice(list(LETTERS), size=12))
