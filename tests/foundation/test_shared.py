import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi import Request

from foundation import shared
from foundation.http import Limits, SearchLimit
from foundation.shared import SharedMemory
from tests.builders import eventually
from tests.redises import OwnRedis, own_redis

pytestmark = pytest.mark.alone

CALLERS = 20


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis(tmp_path) as found:
        yield found


@pytest.fixture
def memory(redis: OwnRedis) -> Iterator[SharedMemory]:
    found = SharedMemory(redis.address)
    yield found
    found.close()


def seconds_of(memory: SharedMemory, times: int) -> float:
    started_at = time.monotonic()
    for _ in range(times):
        assert memory.attempt(lambda client: client.ping()) is None
    return time.monotonic() - started_at


def test_what_one_process_puts_there_another_finds(redis: OwnRedis, memory: SharedMemory) -> None:
    other = SharedMemory(redis.address)
    assert memory.attempt(lambda client: client.set("key", b"value"))
    assert other.attempt(lambda client: client.get("key")) == b"value"
    other.close()


def test_a_redis_that_is_gone_costs_nearly_nothing(redis: OwnRedis, memory: SharedMemory) -> None:
    assert memory.answers()
    redis.kill()
    assert seconds_of(memory, 1_000) < 2 * shared.SOCKET_SECONDS
    assert not memory.answers()


def test_a_redis_that_does_not_answer_costs_one_wait_not_one_a_caller(redis: OwnRedis, memory: SharedMemory) -> None:
    assert memory.answers()
    redis.freeze()
    started_at = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(lambda _: seconds_of(memory, 100), range(CALLERS)))
    assert time.monotonic() - started_at < 5 * shared.SOCKET_SECONDS
    redis.thaw()


def test_a_redis_that_is_back_is_used_again(redis: OwnRedis, memory: SharedMemory) -> None:
    assert memory.answers()
    redis.kill()
    assert not memory.answers()
    redis.start()
    eventually(memory.answers, seconds=2 * shared.PAUSE_SECONDS)
    assert all(memory.answers() for _ in range(10))


def request() -> Request:
    return Request({"type": "http", "client": ("192.0.2.1", 1)})


def test_processes_limit_an_address_together(redis: OwnRedis, memory: SharedMemory) -> None:
    other = SharedMemory(redis.address)
    one, two = SearchLimit(3, Limits(memory)), SearchLimit(3, Limits(other))
    allowed = [limit.allows(request()) for limit in (one, two, one, two, one, two)]
    assert allowed == [True, True, True, False, False, False]
    other.close()


def test_while_redis_is_away_each_process_limits_by_itself(redis: OwnRedis, memory: SharedMemory) -> None:
    limit = SearchLimit(2, Limits(memory))
    assert limit.allows(request())
    redis.kill()
    assert [limit.allows(request()) for _ in range(3)] == [True, True, False]
