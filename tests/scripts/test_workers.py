"""Real workers and a real beat on a real Redis, killed and cut off: nothing is lost, nothing counts twice."""

import random
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, select
from sqlmodel import col

from accounts.events import EXPERT_CHANGED
from foundation import clock, outbox
from foundation.database import Database
from foundation.outbox import OutboxRow
from indexer import verifications
from indexer.engines.embedded.generations import EmbeddedGenerations
from scripts import workers
from tests.builders import eventually, import_all, record, settings_in, shared_wordlists
from tests.commands import start
from tests.redises import OwnRedis, own_redis
from tests.scripts.conftest import Portulan
from web import queues

SOME = 1_200
LONGEST_BATCH_SECONDS = 0.4
SOON_SECONDS = 6.0
assert SOON_SECONDS < workers.LOOK_SECONDS, "or else a worker might have looked by itself"


@pytest.fixture
def redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRedis]:
    """Give a Redis of the test's own; commands use it."""
    with own_redis(tmp_path / "redis") as found:
        monkeypatch.setenv("PORTULAN_REDIS_URL", found.address)
        yield found


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process of the command line, and kill it in the end."""
    process = start(folder, *arguments)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def is_delivered(database: Database) -> bool:
    with database.reading() as session:
        return outbox.count(session, EXPERT_CHANGED) == 0


def differences(folder: Path, database: Database) -> list[str]:
    return verifications.run(EmbeddedGenerations(folder / "index"), database, shared_wordlists().current())


def change(database: Database, round_number: int, size: int = 3) -> None:
    import_all(database, (record(f"E{number}", headline=f"Apiculture {round_number}") for number in range(size)))


def see_changes_delivered_soon(database: Database, rounds: range) -> None:
    """Each round is quicker than a worker that looks by itself could be in all of them."""
    for number in rounds:
        change(database, number)
        eventually(lambda: is_delivered(database), seconds=SOON_SECONDS)


@pytest.mark.alone
def test_a_worker_delivers_when_beat_wakes_it(tmp_path: Path, database: Database, redis: OwnRedis) -> None:
    assert redis.address
    with running(tmp_path, "worker"), running(tmp_path, "worker", "--beat"):
        change(database, 0)
        eventually(lambda: is_delivered(database), seconds=60)
        see_changes_delivered_soon(database, range(1, 4))
    assert differences(tmp_path, database) == []


@pytest.mark.alone
def test_a_worker_goes_on_while_redis_is_away_and_is_woken_again_when_it_is_back(
    tmp_path: Path, database: Database, redis: OwnRedis
) -> None:
    with running(tmp_path, "worker") as worker, running(tmp_path, "worker", "--beat") as beat:
        change(database, 0)
        eventually(lambda: is_delivered(database), seconds=60)
        redis.kill()
        change(database, 1)
        eventually(lambda: is_delivered(database), seconds=3 * workers.LOOK_SECONDS)
        redis.start()
        client = Redis.from_url(redis.address)
        eventually(lambda: client.exists("_kombu.binding.portulan"), seconds=60)
        client.close()
        time.sleep(queues.SWEEP_SECONDS)
        see_changes_delivered_soon(database, range(2, 5))
        assert worker.poll() is beat.poll() is None
    assert differences(tmp_path, database) == []


def leased(database: Database) -> int:
    """Count the rows that somebody is delivering, or was when it died."""
    statement = select(func.count()).where(col(OutboxRow.due_at) > clock.now())
    with database.reading() as session:
        return session.execute(statement).scalar_one()


def kill_in_the_midst_of_a_batch(process: subprocess.Popen[bytes], database: Database) -> None:
    eventually(lambda: leased(database), seconds=30)
    time.sleep(random.uniform(0, LONGEST_BATCH_SECONDS))  # noqa: S311 - any moment will do
    process.kill()
    process.wait()


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=(pytest.mark.long, pytest.mark.timeout(1_200)))])
def test_workers_that_are_killed_in_the_midst_of_a_batch_lose_nothing_and_double_nothing(
    tmp_path: Path, database: Database, redis: OwnRedis, kills: int
) -> None:
    client = Redis.from_url(redis.address)
    interrupted = 0
    with running(tmp_path, "worker", "--beat"):
        for attempt in range(kills):
            client.delete("_kombu.binding.portulan")
            with running(tmp_path, "worker") as worker:
                eventually(lambda: client.exists("_kombu.binding.portulan"), seconds=60)
                change(database, attempt, SOME)
                kill_in_the_midst_of_a_batch(worker, database)
                interrupted += not is_delivered(database)
        with running(tmp_path, "worker"):
            eventually(lambda: is_delivered(database), seconds=60)
    client.close()
    assert interrupted
    assert differences(tmp_path, database) == []
    with database.reading() as session:
        assert outbox.count_dead(session) == 0


def test_a_worker_that_is_asked_to_stop_ends_what_it_is_at(tmp_path: Path, database: Database, redis: OwnRedis) -> None:
    client = Redis.from_url(redis.address)
    with running(tmp_path, "worker") as worker, running(tmp_path, "worker", "--beat") as beat:
        eventually(lambda: client.exists("_kombu.binding.portulan"), seconds=60)
        change(database, 0, SOME)
        worker.terminate()
        beat.terminate()
        assert (worker.wait(timeout=120), beat.wait(timeout=120)) == (0, 0)
    client.close()
    assert leased(database) == 0


def test_beat_ends_when_asked_to_while_it_tries_to_reach_a_redis_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("PORTULAN_REDIS_URL", f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        with running(tmp_path, "worker", "--beat") as beat:
            listener.settimeout(60)
            listener.accept()[0].close()
            beat.terminate()
            assert beat.wait(timeout=120) == 0


def test_beat_without_redis_says_what_is_missing(portulan: Portulan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTULAN_REDIS_URL", raising=False)
    outcome = portulan("worker", "--beat")
    assert outcome.code == 2
    assert outcome.err.startswith("PORTULAN_REDIS_URL: ")


def test_where_nobody_listens_messages_do_not_pile_up(tmp_path: Path, redis: OwnRedis) -> None:
    client = Redis.from_url(redis.address)
    client.rpush(queues.QUEUE, *(["{}"] * queues.MOST_WAITING))
    with running(tmp_path, "worker", "--beat"):
        time.sleep(3 * queues.SWEEP_SECONDS)
    assert client.llen(queues.QUEUE) == queues.MOST_WAITING
    client.close()


def test_a_commit_wakes_workers_through_redis(tmp_path: Path, database: Database, redis: OwnRedis) -> None:
    waker = queues.Waker(queues.connect(settings_in(tmp_path, redis_url=redis.address)))
    database.announce = waker.wake
    waker.start()
    change(database, 0)
    client = Redis.from_url(redis.address)
    eventually(lambda: client.llen(queues.QUEUE) == 1)
    waker.stop()
    (message,) = client.lrange(queues.QUEUE, 0, -1)
    client.close()
    assert queues.DRAIN.encode() in message


@pytest.mark.alone
def test_a_commit_does_not_wait_for_a_redis_that_swallows_everything(tmp_path: Path, database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as black_hole:
        waker = queues.Waker(
            queues.connect(settings_in(tmp_path, redis_url=f"redis://127.0.0.1:{black_hole.getsockname()[1]}/0"))
        )
        database.announce = waker.wake
        waker.start()
        started_at = time.monotonic()
        for number in range(5):
            change(database, number)
        assert time.monotonic() - started_at < 2.0
        waker.stop()
    assert waker.is_alive() is False
