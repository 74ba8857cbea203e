"""A moved pointer reaches every process that serves: real processes, no restart."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ranking.profiles import FIRST
from tests import builders, commands, databases
from tests.builders import lines, record
from tests.live import answers, free_port

PROMISED_SECONDS = 5.0


def ranked_by(address: str) -> str:
    with urllib.request.urlopen(f"{address}/api/v1/experts?q=douane", timeout=5) as response:  # noqa: S310
        return json.load(response)["ranking_profile"]


@contextmanager
def serving(folder: Path, database_url: str) -> Iterator[str]:
    """Give the address of a process that serves an index of its own over a database that others share."""
    port = free_port()
    process = commands.start(folder, "serve", "--port", str(port), PORTULAN_DATABASE_URL=database_url)
    try:
        builders.eventually(lambda: answers(f"http://127.0.0.1:{port}/readyz"), seconds=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def ranking(folder: Path, database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.run(folder, "ranking", *arguments, PORTULAN_DATABASE_URL=database_url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_move_is_seen_by_every_process_in_time(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    database_url = f"sqlite:///{tmp_path / 'shared.db'}"
    if kind == "postgresql":
        server = databases.server_at(request.getfixturevalue("postgres_address"))
        database_url = databases.schema_of(server, tmp_path)
    people = tmp_path / "people.jsonl"
    people.write_bytes(b"".join(lines([record("H001", skills=["Douane"])])))
    first, second = tmp_path / "first", tmp_path / "second"
    assert commands.run(first, "experts", "import", str(people), PORTULAN_DATABASE_URL=database_url).returncode == 0
    with ExitStack() as stack:
        sites = [stack.enter_context(serving(folder, database_url)) for folder in (first, second)]
        assert {ranked_by(site) for site in sites} == {FIRST.id}
        made = json.loads(ranking(first, database_url, "set", "TEXT_WEIGHT=0.4", "--json").stdout)["id"]
        for arguments, expected in ((("promote", made, "--override", "a test"), made), (("rollback",), FIRST.id)):
            assert ranking(first, database_url, *arguments).returncode == 0
            moved = time.monotonic()
            builders.eventually(
                lambda expected=expected: {ranked_by(site) for site in sites} == {expected}, seconds=PROMISED_SECONDS
            )
            assert time.monotonic() - moved < PROMISED_SECONDS
