"""What recording impressions costs a search: pages of results over HTTP, of a person and of a bot, in turns.

Nothing of a bot is recorded, so that both are the same page from the same process at the same time but for that.
"""

import http.client
import subprocess
import sys
import time
from itertools import cycle, islice

import numpy as np
from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.table import Table

from scripts.benchmarks import directories, machines, speed
from scripts.benchmarks.directories import Directory
from search_api import requests
from web.recorders import Recorder

SIZE = 10
"""Thousands of experts."""
ROUNDS = 600
WARM = 60
AGENTS = {
    "recorded": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "not recorded": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
}


def run() -> dict[str, float]:
    """Measure pages with and without recording, side by side."""
    console = Console(width=140)
    console.print(machines.line())
    name = f"generated_{SIZE}k"
    directory = speed.generated_directory(name, SIZE * 1_000)
    noting = _noting(directory)
    directory.close()
    port = speed.free_port()
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "scripts.cli", "serve", "--port", str(port)],
        env={"PORTULAN_DATA_DIR": str(directories.FOLDER / name), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
    )
    try:
        times = _measure(speed.connect(port))
    finally:
        process.terminate()
        process.wait(timeout=60)
    table = Table("page of results", "median ms", "p95 ms", title="audience")
    for kind, spent in times.items():
        table.add_row(kind, f"{np.median(spent):.2f}", f"{np.percentile(spent, 95):.2f}")
    console.print(table)
    differences = np.array(times["recorded"]) - np.array(times["not recorded"])
    cost = float(np.median(differences))
    console.print(
        f"recording costs a page {cost:.2f} ms (median of pairs), {noting:.3f} ms of it to note what was seen"
    )
    console.print(machines.line())
    return {
        "audience.cost_p50_ms": cost,
        "audience.noting_p50_ms": noting,
        "audience.recorded.p50_ms": float(np.median(times["recorded"])),
        "audience.not_recorded.p50_ms": float(np.median(times["not recorded"])),
    }


def _noting(directory: Directory) -> float:
    """Return the median of what the request itself spends: all else is a thread's, which nobody waits for."""
    site = FastAPI()
    site.state.settings = directory.settings
    headers = [(b"user-agent", AGENTS["recorded"].encode())]
    scope = {"type": "http", "method": "GET", "path": "/experts", "query_string": b"", "scheme": "http", "app": site}
    recorder = Recorder(directory.database, None, directory.wordlists, CollectorRegistry())
    searcher = directory.searcher(with_meaning=False)
    times: list[float] = []
    for parameters in islice(cycle([item for kind in speed.MIX.values() for item in kind]), ROUNDS // 4):
        asked = requests.resolve(parameters, searcher.wordlists)
        found = searcher.find(asked)
        request = Request({**scope, "headers": headers, "client": ("192.0.2.1", 1), "state": {}})
        started = time.perf_counter()
        recorder.note_results(request, asked, found)
        times.append(1e3 * (time.perf_counter() - started))
    return float(np.median(times))


def _measure(connection: http.client.HTTPConnection) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {kind: [] for kind in AGENTS}
    asked = list(islice(cycle([item for kind in speed.MIX.values() for item in kind]), ROUNDS))
    for number, parameters in enumerate([*asked[:WARM], *asked]):
        # Whoever comes second may find something warm: they take turns.
        kinds = list(AGENTS) if number % 2 else list(reversed(AGENTS))
        for kind in kinds:
            started = time.perf_counter()
            connection.request("GET", f"/experts?{speed.query_of(parameters)}", headers={"User-Agent": AGENTS[kind]})
            connection.getresponse().read()
            if number >= WARM:
                times[kind].append(1e3 * (time.perf_counter() - started))
    return times
