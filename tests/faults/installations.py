"""An installation of real processes whose ways to PostgreSQL, OpenSearch and Redis can be made bad."""

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from accounts.events import EXPERT_CHANGED
from foundation import outbox
from foundation.database import Database
from foundation.settings import ROOT
from indexer.engines.opensearch.nodes import Node
from tests import databases, proxies
from tests.builders import eventually, import_all, record
from tests.live import PORTULAN, answers, free_port
from tests.proxies import Proxy

LONGEST_ANSWER_SECONDS = 2.0
SLOWEST_START_SECONDS = 30.0
"""While nothing is away yet, and whoever just started indexes and reads all for the first time."""
_CLIENT = httpx2.Client(timeout=SLOWEST_START_SECONDS)
"""One for all: making one takes longer than many an answer."""


@dataclass
class Installation:
    """Where things are: processes go through the ways, the test looks straight at the database."""

    folder: Path
    database: Database
    ways: dict[str, Proxy]
    straight: dict[str, str]
    """The environment of commands that no fault may touch."""
    address: str = ""
    answers_within_s: float = LONGEST_ANSWER_SECONDS

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of what the faults hit."""
        return {**self.straight, **{name: way.address for name, way in self.ways.items()}}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that goes through the ways."""
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen([PORTULAN, *arguments], env=self.environment, stdout=log, stderr=log)

    def run(self, *arguments: str) -> str:
        """Run a command past the faults to its success, and return what it printed."""
        done = subprocess.run([PORTULAN, *arguments], env=self.straight, capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return done.stdout.decode()

    def load(self, records: Iterable[dict[str, Any]]) -> None:
        """Import records past the faults; when this returns, the change is acknowledged."""
        import_all(self.database, records)

    def fill(self, people: int) -> None:
        """Import people whose headline is “Apiculture”, and wait until all are found, however slow the start is."""
        within_s, self.answers_within_s = self.answers_within_s, SLOWEST_START_SECONDS
        self.load(record(f"A{number}", headline="Apiculture") for number in range(people))
        eventually(lambda: self.total("apiculture") == people, seconds=60)
        self.answers_within_s = within_s

    def get(self, path: str, **parameters: str) -> httpx2.Response:
        """Ask the site, which must answer in time, whatever it says, and never with a bare 500."""
        started_at = time.monotonic()
        found = _CLIENT.get(f"{self.address}{path}", params=parameters)
        lasted = time.monotonic() - started_at
        assert lasted < self.answers_within_s, f"{path} took {lasted:.2f} s"
        assert found.status_code in {200, 404, 503}, found.text
        return found

    def total(self, query: str) -> int | None:
        """Return how many a search finds, or None while it is not answered."""
        found = self.get("/api/v1/experts", q=query)
        return found.json()["total"] if found.status_code == 200 else None

    def owed(self) -> int:
        """Count the changes that are still to be indexed."""
        with self.database.reading() as session:
            return outbox.count(session, EXPERT_CHANGED)

    def see_index_equal_database(self) -> None:
        """Wait until all is delivered; then nothing may differ, and nothing was given up."""
        eventually(lambda: self.owed() == 0, seconds=45)
        with self.database.reading() as session:
            assert outbox.count_dead(session) == 0
        assert self.run("index", "verify").strip() == "0 differences"


def see_refused(found: httpx2.Response, words: str) -> None:
    """Check an answer that says, in the reader's language, that it can't be given now."""
    assert (found.status_code, found.headers["Retry-After"]) == (503, "1")
    assert words in found.text


@contextmanager
def installation(
    folder: Path, postgres: str, opensearch: str, control: str, redis: str = "", encoder: str = "none"
) -> Iterator[Installation]:
    """Give an empty one; `control` is Toxiproxy's address, and without Redis whoever serves delivers."""
    prefix = f"test-{uuid4().hex[:12]}"
    addresses = {
        "PORTULAN_DATABASE_URL": databases.own_of(databases.server_at(postgres), folder),
        "PORTULAN_OPENSEARCH_URL": opensearch,
        **({"PORTULAN_REDIS_URL": redis} if redis else {}),
    }
    straight = {
        **os.environ,
        **addresses,
        "PORTULAN_DATA_DIR": str(folder),
        "PORTULAN_OPENSEARCH_PREFIX": prefix,
        "PORTULAN_ENCODER": encoder,
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }
    databases.bring_up(addresses["PORTULAN_DATABASE_URL"])
    database = Database(addresses["PORTULAN_DATABASE_URL"])
    try:
        with ExitStack() as stack:
            ways = {name: stack.enter_context(proxies.to(control, address)) for name, address in addresses.items()}
            yield Installation(folder, database, ways, straight)
    finally:
        database.close()
        databases.drop_in(folder)
        node = Node(opensearch)
        node.find("DELETE", f"/{prefix}-*")
        node.close()


@contextmanager
def running(found: Installation, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process, and kill it in the end."""
    process = found.start(*arguments)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def serving(found: Installation) -> Iterator[Installation]:
    """Have the site served, and ready."""
    port = free_port()
    found.address = f"http://127.0.0.1:{port}"
    with running(found, "serve", "--port", str(port)):
        eventually(lambda: answers(f"{found.address}/readyz"), seconds=60)
        yield found


Fault = Callable[[Proxy], Any]
OUTAGES: dict[str, Fault] = {
    "down": Proxy.down,
    "slow": lambda way: way.slow(3_000),
    "black-holed": Proxy.black_hole,
}
