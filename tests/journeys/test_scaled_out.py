"""PostgreSQL, OpenSearch, Redis, two processes that serve, two workers and beat: what a person sees is the same."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import pytest

from accounts.events import EXPERT_CHANGED
from foundation import outbox
from foundation.database import Database
from tests import databases
from tests.builders import eventually, import_all, record
from tests.commands import run, start
from tests.live import answers, free_port
from tests.redises import OwnRedis, own_redis

pytestmark = pytest.mark.alone

MANY = 1_500


class Installation:
    """A scaled-out installation and what runs of it."""

    def __init__(self, folder: Path, database: Database, redis: OwnRedis, settings: dict[str, str]) -> None:
        self.folder = folder
        self.database = database
        self.redis = redis
        self._settings = settings
        self.sites = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]

    @contextmanager
    def running(self) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
        """Start everything; kill what is left in the end."""
        with ExitStack() as stack:
            found: dict[str, subprocess.Popen[bytes]] = {}

            def begin(name: str, *arguments: str) -> None:
                found[name] = start(self.folder, *arguments, **self._settings)
                stack.callback(found[name].wait)
                stack.callback(found[name].kill)

            for site in self.sites:
                begin(site, "serve", "--port", site.rpartition(":")[2])
                eventually(lambda site=site: answers(f"{site}/readyz"), seconds=60)
            for name in ("first worker", "second worker"):
                begin(name, "worker")
            begin("beat", "worker", "--beat")
            yield found

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return run(self.folder, *arguments, **self._settings)

    def totals(self, **parameters: Any) -> list[int]:
        """Return how many each site finds."""
        return [httpx2.get(f"{site}/api/v1/experts", params=parameters).json()["total"] for site in self.sites]

    def refs(self, **parameters: Any) -> set[str]:
        """Return whom any site finds."""
        found = [httpx2.get(f"{site}/api/v1/experts", params=parameters).json() for site in self.sites]
        return {item["ref"] for one in found for item in one["results"]}

    def owed(self) -> int:
        with self.database.reading() as session:
            return outbox.count(session, EXPERT_CHANGED)


@pytest.fixture
def installation(tmp_path: Path, postgres_address: str, opensearch_address: str) -> Iterator[Installation]:
    address = databases.own_of(databases.server_at(postgres_address), tmp_path / "own")
    databases.bring_up(address)
    database = Database(address)
    prefix = f"test-{uuid4().hex[:12]}"
    with own_redis(tmp_path / "redis") as redis:
        settings = {
            "PORTULAN_DATABASE_URL": address,
            "PORTULAN_OPENSEARCH_URL": opensearch_address,
            "PORTULAN_OPENSEARCH_PREFIX": prefix,
            "PORTULAN_REDIS_URL": redis.address,
        }
        yield Installation(tmp_path, database, redis, settings)
    database.close()
    httpx2.delete(f"{opensearch_address}/{prefix}-*")


def test_a_worker_is_killed_in_the_midst_and_redis_goes_and_everybody_sees_the_same(installation: Installation) -> None:
    with installation.running() as processes:
        import_all(
            installation.database,
            (record(f"E{number}", headline="Apiculture", name=f"Expert E{number}") for number in range(MANY)),
        )
        # At once: whichever worker was woken is at it or about to be.
        processes["first worker"].kill()
        # What the dead one had taken is due again when its lease ends.
        eventually(lambda: not installation.owed(), seconds=outbox.LEASE.total_seconds() + 30)
        eventually(lambda: installation.totals(q="apiculture") == [MANY, MANY])

        assert "E7" in installation.refs(q="E7")
        assert installation.run("experts", "hide", "E7").returncode == 0
        assert "E7" not in installation.refs(q="E7")
        eventually(lambda: installation.totals(q="apiculture") == [MANY - 1, MANY - 1])

        # One process has looked for a word in vain, another one writes it.
        assert installation.totals(q="sellerie") == [0, 0]
        import_all(installation.database, [record("E8", headline="Apiculture et sellerie", name="Expert E8")])
        eventually(lambda: installation.totals(q="sellerie") == [1, 1])

        installation.redis.kill()
        assert installation.run("experts", "show", "E7").returncode == 0
        eventually(lambda: installation.totals(q="apiculture") == [MANY, MANY], seconds=30)
        assert httpx2.get(f"{installation.sites[0]}/readyz").json()["degraded"]

        verified = installation.run("index", "verify", "--json")
        assert (verified.returncode, orjson.loads(verified.stdout)["differences"]) == (0, 0)
