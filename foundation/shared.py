"""What processes share through Redis and can do without: limits and caches, never truth.

Redis that is away, slow or swallows everything costs one caller a fifth of a second now and then, nobody else.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

SOCKET_SECONDS = 0.2
PAUSE_SECONDS = 5.0
"""For how long Redis is left alone after it failed; then one caller tries it."""

Result = TypeVar("Result")
log = structlog.get_logger(__name__)


class SharedMemory:
    """One Redis, asked only while it answers."""

    def __init__(self, address: str) -> None:
        self.pool = ConnectionPool.from_url(
            address,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=SOCKET_SECONDS,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )
        self._client = Redis(connection_pool=self.pool)
        self._deciding = threading.Lock()
        self._closed_until = 0.0

    def attempt(self, work: Callable[[Redis], Result]) -> Result | None:
        """Return what work on Redis gives, or None while Redis is away."""
        if not self._may_try():
            return None
        try:
            found = work(self._client)
        except (RedisError, OSError) as error:
            self._leave_alone(error)
            return None
        self._closed_until = 0.0
        return found

    def answers(self) -> bool:
        """Tell whether Redis is there."""
        return bool(self.attempt(lambda client: client.ping()))

    def close(self) -> None:
        """Give the connections back."""
        self.pool.disconnect()

    def _may_try(self) -> bool:
        """Tell whether to ask Redis: always while it works, and one caller at a time after a pause."""
        if not self._closed_until:
            return True
        with self._deciding:
            if time.monotonic() < self._closed_until:
                return False
            self._closed_until = time.monotonic() + PAUSE_SECONDS
            return True

    def _leave_alone(self, error: Exception) -> None:
        with self._deciding:
            if not self._closed_until:
                log.warning("Redis is away: going on without", error=repr(error))
            self._closed_until = time.monotonic() + PAUSE_SECONDS
        self.pool.disconnect(inuse_connections=False)
