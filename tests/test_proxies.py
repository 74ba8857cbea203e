"""What fault tests stand on: a way to a backend that is made bad and good again, with a real Toxiproxy and Redis."""

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests import proxies
from tests.proxies import Proxy


@pytest.fixture
def way(toxiproxy_address: str, redis_address: str) -> Iterator[Proxy]:
    with proxies.to(toxiproxy_address, redis_address) as proxy:
        yield proxy


def ping(way: Proxy, timeout: float = 1.0) -> bytes:
    where = urlsplit(way.address)
    with socket.create_connection((where.hostname, where.port), timeout=timeout) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(16)


def test_a_way_leads_there(way: Proxy) -> None:
    assert ping(way) == b"+PONG\r\n"


def test_a_slow_way_answers_late(way: Proxy) -> None:
    with way.slow(300):
        started = time.monotonic()
        assert ping(way) == b"+PONG\r\n"
        assert time.monotonic() - started >= 0.3


def test_a_black_hole_never_answers_until_it_is_gone(way: Proxy) -> None:
    with way.black_hole(), pytest.raises(TimeoutError):
        ping(way, timeout=0.5)
    assert ping(way) == b"+PONG\r\n"


def test_a_way_that_is_down_refuses(way: Proxy) -> None:
    with way.down(), pytest.raises(OSError, match=r"refused|reset"):
        ping(way)
    assert ping(way) == b"+PONG\r\n"
