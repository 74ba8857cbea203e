"""How fast an index is filled: the three rates, and what bounds each."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from accounts import experts, imports
from accounts.events import EXPERT_CHANGED
from foundation import clock
from foundation.settings import Settings
from scripts.benchmarks import directories, generated, machines
from scripts.benchmarks.directories import Directory

COUNT = 2_000
ENCODED_AT_ONCE = 50
LONGEST_ENCODING_SECONDS = 240


def index() -> dict[str, float]:
    """Measure import, text index and vectors of 2,000 experts; of fewer vectors where they take minutes."""
    console = Console(width=120)
    console.print(machines.line())
    directories.remove(directories.FOLDER / "rates")
    directory = directories.open_empty(Settings(data_dir=directories.FOLDER / "rates"))
    lines = list(generated.lines(COUNT, seed=11))
    table = Table("step", "experts", "a second", "processors busy", "bound by")
    rates: dict[str, float] = {}

    def measure(step: str, bound: str, work: Callable[[], int]) -> None:
        started, begun = time.perf_counter(), time.process_time()
        count = work()
        spent, busy = time.perf_counter() - started, time.process_time() - begun
        rates[step] = count / spent
        rate = f"{rates[step]:,.0f}" if rates[step] > 100 else f"{rates[step]:.1f}"
        table.add_row(step, f"{count:,}", rate, f"{busy / spent:.1f}", bound)

    def add() -> int:
        return imports.run(directory.database, lines, at=clock.now()).created

    def refresh() -> int:
        directories.drain(directory, EXPERT_CHANGED)
        return directory.index.engine.count()

    measure("import", "checking lines and writing rows, one processor", add)
    measure("words", "cutting text into terms in Python, one processor", refresh)
    measure("vectors", "the encoder, all processors", lambda: _encode(directory))
    directory.close()
    console.print(table)
    console.print(machines.line())
    return {f"index.embedded.{step}_per_s": rate for step, rate in rates.items()}


def _encode(directory: Directory) -> int:
    """Encode profiles until all have their vector or minutes have passed; return how many."""
    until = time.monotonic() + LONGEST_ENCODING_SECONDS
    after, count = "", 0
    while time.monotonic() < until:
        with directory.database.reading() as session:
            ids = experts.ids_after(session, after, ENCODED_AT_ONCE)
        if not ids:
            break
        directory.index.embed(ids)
        after, count = ids[-1], count + len(ids)
    return count
