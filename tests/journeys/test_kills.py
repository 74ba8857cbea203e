"""Processes are killed in the midst of work, as `kill -9` does: nothing is lost, they start again clean."""

import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import orjson
import pytest
from sqlalchemy import func, select

from accounts.events import EXPERT_CHANGED
from accounts.models.experts import Expert, StagedExpert
from foundation import outbox
from foundation.database import Database
from foundation.outbox import OutboxRow
from indexer import verifications
from indexer.engines.embedded.generations import EmbeddedGenerations, live_path
from indexer.events import REBUILD_REQUESTED
from tests.builders import eventually, import_all, lines, record, shared_wordlists
from tests.commands import run, start
from tests.live import answers, free_port

MANY = 3_000
SOME = 1_200
LONGEST_IMPORT_SECONDS = 2.0
SOAK = (pytest.mark.long, pytest.mark.timeout(1_200))


def count(database: Database, table: type[Expert | StagedExpert]) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def headlines(database: Database) -> Counter[str]:
    with database.reading() as session:
        return Counter(session.execute(select(Expert.headline)).scalars())


def owed(database: Database, topic: str = EXPERT_CHANGED) -> int:
    with database.reading() as session:
        return outbox.count(session, topic)


def owes_anything(database: Database) -> bool:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(OutboxRow)).scalar_one() > 0


def kill_at_a_random_moment(process: subprocess.Popen[bytes], longest: float) -> None:
    """Kill a process within some seconds, unless it ends before."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=random.uniform(0, longest))  # noqa: S311 - any moment will do
    process.kill()
    process.wait()


def write(path: Path, headline: str, size: int = MANY) -> Path:
    path.write_bytes(b"".join(lines(record(f"E{number:05}", headline=headline) for number in range(size))))
    return path


def kill_an_import(folder: Path, database: Database, attempt: int) -> None:
    """Kill an import that changes everybody; all of it or nothing must have happened."""
    before, owed_before = headlines(database), owed(database)
    new = f"Consultant export {attempt}"
    process = start(folder, "experts", "import", str(write(folder / "new.jsonl", new)))
    eventually(lambda: count(database, StagedExpert) or process.poll() is not None, seconds=60)
    kill_at_a_random_moment(process, LONGEST_IMPORT_SECONDS)
    after = headlines(database)
    assert after in (before, Counter({new: MANY}))
    assert owed(database) - owed_before == (0 if after == before else MANY)


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=SOAK)])
def test_imports_that_are_killed_leave_all_or_nothing(tmp_path: Path, database: Database, kills: int) -> None:
    for attempt in range(kills):
        kill_an_import(tmp_path, database, attempt)
    last = run(tmp_path, "experts", "import", str(write(tmp_path / "last.jsonl", "Enfin")))
    assert (last.returncode, last.stderr.strip()) == (0, "")
    assert headlines(database) == Counter({"Enfin": MANY})


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Give a serving process that answers, and its address; kill it in the end."""
    port = free_port()
    process = start(folder, "serve", "--port", str(port))
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/readyz"), seconds=60)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def differences(folder: Path, database: Database) -> list[str]:
    return verifications.run(EmbeddedGenerations(folder / "index"), database, shared_wordlists().current())


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=SOAK)])
def test_serving_processes_that_are_killed_while_they_index_lose_nothing(
    tmp_path: Path, database: Database, kills: int
) -> None:
    for attempt in range(kills):
        with serving(tmp_path) as (process, _):
            import_all(database, (record(f"E{number}", headline=f"Apiculture {attempt}") for number in range(SOME)))
            kill_at_a_random_moment(process, 2.0)
    with serving(tmp_path) as (_, address):
        eventually(lambda: not owed(database), seconds=60)
        found = httpx2.get(f"{address}/api/v1/experts", params={"q": "apiculture"}).json()
        assert found["total"] == SOME
        assert differences(tmp_path, database) == []


def test_beside_a_serving_process_the_commands_work_and_a_second_one_is_refused(
    tmp_path: Path, database: Database
) -> None:
    import_all(database, [record("A"), record("B")])
    with serving(tmp_path) as (process, _):
        for command in (("serve", "--port", str(free_port())), ("worker",)):
            refused = run(tmp_path, *command)
            assert refused.returncode == 1
            assert f"the index is held by process {process.pid}" in refused.stderr
        eventually(lambda: not owed(database) and not owed(database, REBUILD_REQUESTED), seconds=60)
        before = live_path(tmp_path / "index")
        assert run(tmp_path, "index", "rebuild").returncode == 0
        assert live_path(tmp_path / "index") != before
        verified = run(tmp_path, "index", "verify", "--json")
        assert (verified.returncode, orjson.loads(verified.stdout)["differences"]) == (0, 0)


def test_a_rebuild_goes_on_without_the_serving_process_that_died_over_it(tmp_path: Path, database: Database) -> None:
    import_all(database, [record("A"), record("B")])
    with serving(tmp_path) as (process, _):
        # Whoever is stopped in the middle of writing keeps SQLite's writers waiting for ever.
        eventually(lambda: not owes_anything(database), seconds=60)
        before = live_path(tmp_path / "index")
        process.send_signal(signal.SIGSTOP)
        rebuild = start(tmp_path, "index", "rebuild")
        eventually(lambda: owed(database, REBUILD_REQUESTED), seconds=60)
    assert rebuild.wait(timeout=60) == 0
    assert live_path(tmp_path / "index") != before
    assert differences(tmp_path, database) == []


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_an_import_of_100000_lines_stays_under_a_gibibyte(tmp_path: Path, database: Database) -> None:
    path = tmp_path / "many.jsonl"
    summary = "Développement commercial à l'export, douane et logistique. " * 12
    with path.open("wb") as target:
        target.writelines(lines(record(f"E{number:06}", summary=summary) for number in range(100_000)))
    process = start(tmp_path, "experts", "import", str(path))
    _, status, used = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert count(database, Expert) == 100_000
    assert used.ru_maxrss < 1024 * 1024
