from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from foundation.shared import SharedMemory
from indexer.engines.interface import Vector
from search_api.query_vectors import KEPT_FOR, SharedQueries
from tests.redises import OwnRedis, own_redis


class Counting:
    """An encoder that remembers what it had to encode."""

    dimension = 4

    def __init__(self, name: str = "counting") -> None:
        self.name = name
        self.encoded: list[str] = []

    def encode_query(self, text: str) -> Vector:
        self.encoded.append(text)
        return np.array([len(text), 0.1, 1 / 3, -2], dtype=np.float32)

    def encode_passages(self, passages: Sequence[str]) -> list[Vector]:
        return [self.encode_query(text) for text in passages]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis(tmp_path) as found:
        yield found


def in_a_process(redis: OwnRedis, name: str = "counting") -> tuple[SharedQueries, Counting]:
    """Return what a process of its own would encode with."""
    encoder = Counting(name)
    return SharedQueries(encoder, SharedMemory(redis.address)), encoder


def test_what_one_process_has_encoded_the_others_need_not(redis: OwnRedis) -> None:
    (one, _), (other, idle) = in_a_process(redis), in_a_process(redis)
    assert np.array_equal(one.encode_query("douane"), other.encode_query("douane"))
    assert idle.encoded == []


def test_a_process_asks_once(redis: OwnRedis) -> None:
    queries, encoder = in_a_process(redis)
    for _ in range(3):
        queries.encode_query("douane")
    redis.kill()
    queries.encode_query("douane")
    assert encoder.encoded == ["douane"]


def test_vectors_of_two_encoders_do_not_mix(redis: OwnRedis) -> None:
    (one, _), (other, busy) = in_a_process(redis), in_a_process(redis, "another")
    one.encode_query("douane")
    other.encode_query("douane")
    assert busy.encoded == ["douane"]


def test_without_redis_queries_are_encoded(redis: OwnRedis) -> None:
    queries, encoder = in_a_process(redis)
    redis.kill()
    assert queries.encode_query("douane")[0] == 6
    assert encoder.encoded == ["douane"]


def test_nonsense_in_redis_is_not_taken_for_a_vector(redis: OwnRedis) -> None:
    (one, _), (other, busy) = in_a_process(redis), in_a_process(redis)
    one.encode_query("douane")
    client = Redis.from_url(redis.address)
    (key,) = client.keys("query-vector/*")
    assert 0 < client.ttl(key) <= KEPT_FOR.total_seconds()
    client.set(key, b"nonsense")
    client.close()
    assert other.encode_query("douane")[0] == 6
    assert busy.encoded == ["douane"]


def test_redis_is_not_told_what_was_searched_for(redis: OwnRedis) -> None:
    queries, _ = in_a_process(redis)
    queries.encode_query("douane")
    client = Redis.from_url(redis.address)
    assert [b"douane" in key for key in client.scan_iter()] == [False]
    client.close()
