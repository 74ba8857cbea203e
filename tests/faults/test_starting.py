"""Processes that start while PostgreSQL, OpenSearch or Redis is away: they say so, and begin when it is back."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from foundation.locks import ProcessLock
from tests.builders import eventually, record
from tests.faults.installations import OUTAGES, Installation, installation, running, see_refused
from tests.live import answers, free_port

SECONDS = 60
AWAY = [
    ("PORTULAN_OPENSEARCH_URL", "index", "down"),
    ("PORTULAN_DATABASE_URL", "database", "down"),
    ("PORTULAN_DATABASE_URL", "database", "black-holed"),
]


@pytest.mark.parametrize(("setting", "check", "fault"), AWAY)
def test_a_site_says_what_is_missing_and_needs_no_second_start(
    empty: Installation, setting: str, check: str, fault: str
) -> None:
    port = free_port()
    empty.address = f"http://127.0.0.1:{port}"
    with ExitStack() as site:
        with OUTAGES[fault](empty.ways[setting]):
            site.enter_context(running(empty, "serve", "--port", str(port)))
            eventually(lambda: answers(f"{empty.address}/healthz"), seconds=SECONDS)
            see_refused(empty.get("/experts", q="apiculture", lang="fr"), "Indisponible pour l’instant")
            see_refused(empty.get("/", lang="en"), "Not available just now")
            assert empty.get("/ranking").status_code == 200
            probe = empty.get("/readyz")
            assert (probe.status_code, probe.json()["ready"]) == (503, False)
            assert probe.json()["checks"][check] != "ok"
            empty.load([record("A1", headline="Apiculture")])
        eventually(lambda: empty.get("/readyz").status_code == 200, seconds=SECONDS)
        eventually(lambda: empty.total("apiculture") == 1, seconds=SECONDS)
        empty.see_index_equal_database()
    log = (empty.folder / "log").read_text()
    assert log.count("not ready, trying again every second") >= 1
    assert "Traceback" not in log


def test_a_site_that_can_not_begin_after_all_says_why_and_ends(empty: Installation) -> None:
    """Whoever runs it would else take it for one that still waits."""
    del empty.ways["PORTULAN_OPENSEARCH_URL"]
    empty.straight["PORTULAN_OPENSEARCH_URL"] = ""
    lock = ProcessLock(empty.folder / "index" / "writer.lock", "the index")
    with ExitStack() as site:
        with empty.ways["PORTULAN_DATABASE_URL"].down():
            process = site.enter_context(running(empty, "serve", "--port", str(free_port())))
            eventually(lambda: "not ready" in (empty.folder / "log").read_text(), seconds=SECONDS)
            site.enter_context(lock)
        assert process.wait(timeout=SECONDS) != 0
    log = (empty.folder / "log").read_text()
    assert "can't begin" in log
    assert f"the index is held by process {os.getpid()}" in log
    assert "Traceback" not in log


def test_a_worker_begins_when_what_it_works_on_is_there(empty: Installation) -> None:
    with ExitStack() as site:
        with empty.ways["PORTULAN_OPENSEARCH_URL"].down():
            worker = site.enter_context(running(empty, "worker"))
            eventually(lambda: "not ready" in (empty.folder / "log").read_text(), seconds=SECONDS)
            empty.load([record("A1", headline="Apiculture")])
            assert worker.poll() is None
        empty.see_index_equal_database()
    assert "Traceback" not in (empty.folder / "log").read_text()


def test_redis_that_is_away_keeps_nobody_from_starting(
    tmp_path: Path, postgres_address: str, opensearch_address: str, redis_address: str, toxiproxy_address: str
) -> None:
    addresses = (postgres_address, opensearch_address, toxiproxy_address, redis_address)
    port = free_port()
    with installation(tmp_path, *addresses) as found, ExitStack() as site:
        found.address = f"http://127.0.0.1:{port}"
        with found.ways["PORTULAN_REDIS_URL"].down():
            commands = (("serve", "--port", str(port)), ("worker",), ("worker", "--beat"))
            processes = [site.enter_context(running(found, *command)) for command in commands]
            eventually(lambda: answers(f"{found.address}/readyz"), seconds=SECONDS)
            assert found.get("/readyz").json()["degraded"]
            found.load([record("A1", headline="Apiculture")])
            eventually(lambda: found.total("apiculture") == 1, seconds=SECONDS)
        eventually(lambda: found.get("/readyz").json()["checks"]["redis"] == "ok", seconds=SECONDS)
        assert [process.poll() for process in processes] == [None, None, None]
        found.see_index_equal_database()
    assert "Traceback" not in (tmp_path / "log").read_text()
