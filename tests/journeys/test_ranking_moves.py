"""A moved pointer reaches every process that serves: real processes, no restart."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from ranking.profiles import FIRST
from tests import builders, commands, databases
from tests.builders import lines, record
from tests.live import answers, free_port

pytestmark = pytest.mark.alone

PROMISED_SECONDS = 5.0


def answer(address: str, **asked: str | int) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}/api/v1/experts?{urlencode(asked)}", timeout=60) as response:  # noqa: S310
        return json.load(response)


def ranked_by(address: str) -> str:
    return answer(address, q="douane")["ranking_profile"]


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
        process.wait(timeout=120)


def ranking(folder: Path, database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.run(folder, "ranking", *arguments, PORTULAN_DATABASE_URL=database_url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_move_is_seen_by_every_process_in_time(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    database_url = f"sqlite:///{tmp_path / 'shared.db'}"
    if kind == "postgresql":
        server = databases.server_at(request.getfixturevalue("postgres_address"))
        database_url = databases.own_of(server, tmp_path)
        databases.provide(database_url)
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


def test_two_processes_cut_pages_from_the_same_mix(tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'shared.db'}"
    people = tmp_path / "people.jsonl"
    records = [
        record(
            f"E{number:02}",
            summary=" ".join(["douane", "Transport de vin.", "Certificats."][: 1 + number % 3]),
            reviews=[{"skill": "Douane", "rating": 1 + number % 5, "on": "2026-03-14"}] * (number % 4),
            boosted_until="2099-01-01" if number % 5 == 0 else None,
        )
        for number in range(30)
    ]
    people.write_bytes(b"".join(lines(records)))
    first, second = tmp_path / "first", tmp_path / "second"
    assert commands.run(first, "experts", "import", str(people), PORTULAN_DATABASE_URL=database_url).returncode == 0
    queries = [f"douane vin {word}" for word in ("certificats", "transport", "consultant")]

    def order(*sites: str) -> dict[str, list[str]]:
        """Return everybody in order by query, each page asked of another site."""
        return {
            query: [
                result["ref"]
                for page in (1, 2, 3)
                for result in answer(sites[page % len(sites)], q=query, size=10, page=page)["results"]
            ]
            for query in queries
        }

    with ExitStack() as stack:
        one, other = (stack.enter_context(serving(folder, database_url)) for folder in (first, second))
        alone = order(one)
        made = json.loads(
            ranking(first, database_url, "set", "REVIEW_MEAN_WEIGHT=0.9", "TEXT_WEIGHT=0.05", "--json").stdout
        )["id"]
        assert ranking(first, database_url, "canary", made, "99", "--interleave").returncode == 0
        builders.eventually(lambda: all(order(site) != alone for site in (one, other)), seconds=PROMISED_SECONDS)
        mixed = order(one, other)
        assert mixed == order(other, one) == order(one)
        assert all(sorted(refs) == sorted(alone[query]) for query, refs in mixed.items())
        assert {answer(site, q=query)["ranking_profile"] for query in queries for site in (one, other)} == {FIRST.id}
