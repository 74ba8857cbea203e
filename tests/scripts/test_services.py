"""`scripts/services`, run for real: what it starts answers, and it stops that and nothing else."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis import Redis

from foundation.database import Database
from foundation.settings import ROOT
from migrations import upgrades
from scripts.backends import javas, runs
from scripts.backends.runs import Name
from tests.builders import eventually

Services = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Return a way to run the command beside whatever this checkout runs already."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts.backends", *arguments, "--file", str(tmp_path / "services.json")]
        return subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )

    yield run
    run("down")


def status(services: Services) -> dict[str, Any]:
    return json.loads(services("status", "--json").stdout)


def is_gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_part_of_them_can_be_started_used_and_stopped(services: Services, tmp_path: Path) -> None:
    up = services("up", "postgres", "redis")
    assert up.returncode == 0, up.stderr
    exported = dict(line.removeprefix("export ").split("=", 1) for line in up.stdout.splitlines())
    assert set(exported) == {"PORTULAN_DATABASE_URL", "PORTULAN_REDIS_URL"}

    database = Database(exported["PORTULAN_DATABASE_URL"])
    upgrades.run(database)
    assert upgrades.is_current(database)
    database.close()
    answer = subprocess.run(
        ["redis-cli", "-u", exported["PORTULAN_REDIS_URL"], "ping"], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "PONG"

    running = status(services)
    assert services("status").returncode == 0
    assert Path(f"/proc/{running['postgres']['pid']}").stat().st_uid != 0
    folder = Path(running["redis"]["log"]).parent.parent
    assert folder.is_dir()

    assert services("down").returncode == 0
    assert all(is_gone(one["pid"]) for one in running.values())
    assert not folder.exists()
    assert not (tmp_path / "services.json").exists()
    assert services("status").returncode == 1
    again = services("down")
    assert (again.returncode, again.stderr) == (0, "nothing runs\n")


def test_up_can_be_repeated_and_starts_only_what_is_gone(services: Services) -> None:
    first = services("up", "redis", "--json")
    before = status(services)
    second = services("up", "postgres", "redis", "--json")
    assert json.loads(second.stdout)["PORTULAN_REDIS_URL"] == json.loads(first.stdout)["PORTULAN_REDIS_URL"]
    assert status(services)["redis"]["pid"] == before["redis"]["pid"]

    os.kill(before["redis"]["pid"], signal.SIGKILL)
    eventually(lambda: is_gone(before["redis"]["pid"]))
    assert services("status").returncode == 1
    kept = status(services)
    assert (kept["postgres"]["ready"], kept["redis"]["ready"]) == (True, False)

    assert services("up", "redis").returncode == 0
    after = status(services)
    assert after["redis"]["ready"]
    assert after["redis"]["pid"] != before["redis"]["pid"]
    assert after["postgres"]["pid"] == kept["postgres"]["pid"]


def test_a_number_given_to_another_process_is_left_alone(services: Services, tmp_path: Path) -> None:
    services("up", "redis")
    run = runs.read(tmp_path / "services.json")
    assert run is not None
    daemon = run.backends[Name.REDIS].daemon
    assert daemon is not None
    os.kill(daemon.pid, signal.SIGKILL)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        daemon.pid = stranger.pid
        (tmp_path / "services.json").write_text(run.model_dump_json())
        assert services("down").returncode == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_the_node_searches_words_and_neighbours(opensearch_address: str) -> None:
    def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310
            f"{opensearch_address}/{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)

    vector = {"type": "knn_vector", "dimension": 2, "space_type": "cosinesimil"}
    vector["method"] = {"name": "hnsw", "engine": "lucene"}
    ask(
        "PUT",
        "test-services",
        {"settings": {"index.knn": True}, "mappings": {"properties": {"name": {"type": "text"}, "at": vector}}},
    )
    try:
        ask("PUT", "test-services/_doc/east?refresh=true", {"name": "Vers l'est", "at": [1, 0]})
        ask("PUT", "test-services/_doc/north?refresh=true", {"name": "Vers le nord", "at": [0, 1]})
        nearest = ask("POST", "test-services/_search", {"query": {"knn": {"at": {"vector": [0.9, 0.1], "k": 1}}}})
        assert [hit["_id"] for hit in nearest["hits"]["hits"]] == ["east"]
        worded = ask("POST", "test-services/_search", {"query": {"match": {"name": "nord"}}})
        assert [hit["_id"] for hit in worded["hits"]["hits"]] == ["north"]
    finally:
        ask("DELETE", "test-services")


def test_the_fixtures_give_empty_databases_of_the_run(postgres_address: str, redis_address: str) -> None:
    with psycopg.connect(postgres_address.replace("+psycopg", "")) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert found is not None
    with Redis.from_url(redis_address) as redis:
        assert redis.connection_pool.connection_kwargs["db"] > 0
        assert redis.dbsize() == 0


# Readable failures


def old_java(folder: Path) -> Path:
    """Make the home of a Java 17, as far as anybody looks."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch()
    (folder / "release").write_text('JAVA_VERSION="17.0.15"\n')
    return folder


def test_without_a_new_java_it_says_what_to_do(services: Services, tmp_path: Path) -> None:
    home = old_java(tmp_path / "jdk-17")
    done = services(
        "up", "opensearch", TMPDIR=str(tmp_path), PORTULAN_TEST_JAVA_HOME=str(home), PORTULAN_TEST_OPENSEARCH_URL=""
    )
    assert done.returncode == 1
    assert "OpenSearch needs Java 21 or newer" in done.stderr
    assert f"17 in {home}" in done.stderr
    assert "PORTULAN_TEST_OPENSEARCH_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("portulan-services-*")), "no folder is left behind"


def test_without_a_new_java_a_running_node_is_taken(
    services: Services, tmp_path: Path, opensearch_address: str
) -> None:
    settings = {
        "PORTULAN_TEST_JAVA_HOME": str(old_java(tmp_path / "jdk-17")),
        "PORTULAN_TEST_OPENSEARCH_URL": opensearch_address,
    }
    done = services("up", "opensearch", "--json", **settings)
    assert json.loads(done.stdout) == {"PORTULAN_OPENSEARCH_URL": opensearch_address}
    assert "taking the running node" in done.stderr
    assert "not ours, left running" in services("down").stderr
    with urllib.request.urlopen(opensearch_address, timeout=60) as response:  # noqa: S310
        assert response.status == 200


def test_a_node_elsewhere_that_does_not_answer_is_refused(services: Services, tmp_path: Path) -> None:
    settings = {
        "PORTULAN_TEST_JAVA_HOME": str(old_java(tmp_path / "jdk-17")),
        "PORTULAN_TEST_OPENSEARCH_URL": "http://127.0.0.1:9",
    }
    done = services("up", "opensearch", **settings)
    assert done.returncode == 1
    assert "http://127.0.0.1:9 does not answer as OpenSearch does" in done.stderr


def test_without_a_network_it_says_so(services: Services, tmp_path: Path) -> None:
    nowhere = f"-Dmaven.repo.local={tmp_path / 'm2'} -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9"
    done = services("up", "redis", "opensearch", MAVEN_OPTS=nowhere, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 1
    assert "opensearch: the parts of OpenSearch could not be had from Maven Central: is there a network?" in done.stderr
    assert "Traceback" not in done.stderr
    assert status(services)["redis"]["ready"], "what can run does"
    assert not list((tmp_path / "cache" / "portulan").iterdir()), "nothing half made is kept"


def test_the_newest_java_is_taken(tmp_path: Path) -> None:
    homes = [old_java(tmp_path / name) for name in ("a", "b", "c")]
    assert javas.newest(homes) is None
    (homes[1] / "release").write_text('JAVA_VERSION="25.0.3"\n')
    (homes[2] / "release").write_text('JAVA_VERSION="21"\n')
    assert javas.newest(homes) == homes[1]
    assert javas.newest([tmp_path / "nothing"]) is None
