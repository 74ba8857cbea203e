"""How fast a complete search over OpenSearch is beside what one would take instead, in one run on the same documents.

The bare engine does BM25 with the same facets and filters, with and without the same neighbours: over whoever holds
a word of the query, as BM25 does by itself, and once more with Portulan's rule of how many words a match needs, which
without synonyms and translations finds a tenth of what Portulan does, or nobody. PostgreSQL does its full-text search.
The searches of one query follow each other at once, in changing order, so that a busy moment hits all of them.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import cycle, islice

import numpy as np
from rich.console import Console
from rich.table import Table

from foundation.settings import Settings
from indexer import embeddings
from indexer.documents import Document
from indexer.engines.interface import Vector
from scripts.backends import runs
from scripts.backends.runs import Name
from scripts.benchmarks import directories, machines, speed
from scripts.benchmarks.directories import Directory
from scripts.benchmarks.rivals.opensearch import BareOpenSearch
from scripts.benchmarks.rivals.postgresql import FullText
from scripts.benchmarks.speed import MIX
from search_api import meanings, requests, understanding
from search_api.searches import Searcher
from search_api.understanding import Understanding

ROUNDS = 160
SLOW_ROUNDS = 32
"""PostgreSQL takes tens of times longer."""
CHUNK = 1_000

Timed = dict[str, list[float]]
Rival = tuple[str, Callable[[], object]]


def search(sizes: list[int]) -> dict[str, float]:
    """Compare at each size (thousands of generated experts)."""
    console = Console(width=140)
    console.print(machines.line())
    were_running = runs.read() is not None
    run = runs.up([Name.OPENSEARCH, Name.POSTGRES])
    addresses = {name: run.backends[name].address for name in (Name.OPENSEARCH, Name.POSTGRES)}
    figures: dict[str, float] = {}
    try:
        for size in sizes:
            figures |= _compare(console, size, addresses)
    finally:
        if not were_running:
            runs.down()
    console.print(machines.line())
    return figures


def _compare(console: Console, size: int, addresses: dict[Name, str]) -> dict[str, float]:
    name = f"generated_{size}k"
    bare, full_text = BareOpenSearch(addresses[Name.OPENSEARCH]), FullText(addresses[Name.POSTGRES])
    embedded = speed.generated_directory(name, size * 1_000)
    settings = embedded.settings.model_copy(update={"opensearch_url": addresses[Name.OPENSEARCH]})
    try:
        documents, vectors = list(_documents(embedded)), _vectors(embedded)
        started = time.perf_counter()
        bulk_per_s = bare.load(documents, vectors) / (time.perf_counter() - started)
        full_text.load(documents)
        embedded.close()
        indexed_per_s, directory = _indexed(settings, size * 1_000)
        console.print(
            f"{size}k: {indexed_per_s:,.0f} documents a second through the indexer, {bulk_per_s:,.0f} by bare bulk, "
            f"ratio {indexed_per_s / bulk_per_s:.2f}"
        )
        bare.settle(f"{settings.opensearch_prefix}_live")
        times = _times(directory.searcher(), bare, full_text)
        directory.close()
    finally:
        bare.close()
        full_text.close()
    prefix = f"search.opensearch.{size}k"
    return {
        **_report(console, f"{size}k experts", prefix, times),
        f"index.opensearch.{size}k.ratio": indexed_per_s / bulk_per_s,
    }


def _indexed(settings: Settings, count: int) -> tuple[float, Directory]:
    """Build Portulan's own index of the same database; return documents a second, and the directory over it.

    Experts and vectors are read from the database, cut into terms and written; the new generation is refreshed, checked
    and made the live one. The vectors are those that the bare engine gets, moved to the middle of their language.
    """
    directory = directories.open_empty(settings)
    started = time.perf_counter()
    directory.index.rebuild()
    return count / (time.perf_counter() - started), directory


def _documents(directory: Directory) -> Iterator[Document]:
    ids = list(directory.index.engine.versions())
    for start in range(0, len(ids), CHUNK):
        yield from directory.index.engine.documents(ids[start : start + CHUNK]).values()


def _vectors(directory: Directory) -> dict[str, Vector]:
    if directory.encoder is None:
        raise SystemExit("the encoder can't run here: there are no neighbours to compare")
    with directory.database.reading() as session:
        return embeddings.stored(session, directory.encoder.name, directory.index.engine.text_hashes())


def _times(searcher: Searcher, bare: BareOpenSearch, full_text: FullText) -> Timed:
    """Return milliseconds by who searched; PostgreSQL takes part in the first rounds only."""
    mix = [(kind, parameters) for kind, several in MIX.items() for parameters in several]
    times: Timed = defaultdict(list)
    for number, (_, parameters) in enumerate(islice(cycle(mix), len(mix) + ROUNDS)):
        request = requests.resolve(parameters, searcher.wordlists)
        understood = understanding.read(request.q, searcher.wordlists, searcher.engine)
        vector = meanings.place(understood, searcher.encoder, searcher.concepts).vector
        needed = _needed(understood)
        rivals: dict[str, Callable[[], object]] = {
            "portulan": lambda request=request: searcher.find(request),
            "bare": lambda request=request, vector=vector: bare.search(request.q, request.filters, vector),
            "bare.words": lambda request=request: bare.search(request.q, request.filters, None),
            "bare.strict": lambda request=request, vector=vector, needed=needed: bare.search(
                request.q, request.filters, vector, needed
            ),
        }
        if number < len(mix) + SLOW_ROUNDS:
            rivals["postgresql"] = lambda request=request: full_text.search(request.q, request.filters)
        for who, work in _turned(list(rivals.items()), number):
            started = time.perf_counter()
            work()
            if number >= len(mix):  # the first time round warms up
                times[who].append(1e3 * (time.perf_counter() - started))
    return times


def _needed(understood: Understanding) -> str | None:
    """Return how many words of a query a match needs by Portulan's rule."""
    words = understanding.minimum_words(understood.telling_words)
    return str(math.ceil(words)) if words else None


def _turned(several: list[Rival], number: int) -> list[Rival]:
    at = number % len(several)
    return several[at:] + several[:at]


def _report(console: Console, title: str, prefix: str, times: Timed) -> dict[str, float]:
    table = Table("who", "median ms", "p95 ms", "ratio to it, median", "ratio, p95", title=title)
    p50 = {who: float(np.percentile(spent, 50)) for who, spent in times.items()}
    p95 = {who: float(np.percentile(spent, 95)) for who, spent in times.items()}
    for who in times:
        table.add_row(
            who,
            f"{p50[who]:.1f}",
            f"{p95[who]:.1f}",
            f"{p50['portulan'] / p50[who]:.2f}",
            f"{p95['portulan'] / p95[who]:.2f}",
        )
    console.print(table)
    return {
        f"{prefix}.p50_ms": p50["portulan"],
        f"{prefix}.p95_ms": p95["portulan"],
        f"{prefix}.ratio_p50": p50["portulan"] / p50["bare"],
        f"{prefix}.ratio_p95": p95["portulan"] / p95["bare"],
        f"{prefix}.strict.ratio_p50": p50["portulan"] / p50["bare.strict"],
        f"{prefix}.strict.ratio_p95": p95["portulan"] / p95["bare.strict"],
        f"{prefix}.words.ratio_p50": p50["portulan"] / p50["bare.words"],
        f"{prefix}.words.ratio_p95": p95["portulan"] / p95["bare.words"],
        f"{prefix.replace('opensearch', 'postgres')}.p50_ms": p50["postgresql"],
        f"{prefix.replace('opensearch', 'postgres')}.p95_ms": p95["postgresql"],
    }
