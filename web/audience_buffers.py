"""What was seen, on its way from the processes that serve to the database: a list in Redis that workers empty.

A batch stays in a second list while a worker is at it. Batches found there later are taken again, which changes
nothing if they were kept (`accounts.audiences.record`): a worker that dies loses none and doubles none.
"""

import threading
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from accounts import audiences
from accounts.audiences import Audience
from foundation.database import Database
from foundation.shared import SharedMemory

WAITING = "portulan:audience:waiting"
TAKEN = "portulan:audience:taken"
MOST_BATCHES = 300
"""Batches in Redis above which nothing more is taken: no worker seems to listen."""
EVERY_SECONDS = 1.0

_BATCH = TypeAdapter(Audience)
log = structlog.get_logger(__name__)


class AudienceBuffer:
    """Batches of what was seen, in Redis."""

    def __init__(self, shared: SharedMemory) -> None:
        self._shared = shared

    def put(self, audience: Audience) -> bool | None:
        """Leave a batch; tell whether there was room, None while Redis is away."""
        batch = _BATCH.dump_json(audience)

        def push(redis: Any) -> bool:
            if redis.llen(WAITING) + redis.llen(TAKEN) >= MOST_BATCHES:
                return False
            redis.rpush(WAITING, batch)
            return True

        return self._shared.attempt(push)

    def take(self) -> bytes | None:
        """Return the next batch, which stays taken until it is settled."""

        def move(redis: Any) -> bytes | None:
            return redis.lmove(WAITING, TAKEN, "LEFT", "RIGHT")

        return self._shared.attempt(move)

    def left_behind(self) -> list[bytes]:
        """Return the batches that are taken and not settled."""

        def read(redis: Any) -> list[bytes]:
            return redis.lrange(TAKEN, 0, -1)

        return self._shared.attempt(read) or []

    def settle(self, batch: bytes) -> None:
        """Have a batch no more."""

        def remove(redis: Any) -> None:
            redis.lrem(TAKEN, 1, batch)

        self._shared.attempt(remove)


class AudienceDrain:
    """Brings what was seen from Redis into the database, in a thread, until stopped."""

    def __init__(self, database: Database, buffer: AudienceBuffer, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._database, self._buffer = database, buffer
        self._every_seconds = every_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audience", daemon=True)

    def start(self) -> None:
        """Begin to empty the list."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch under way, and stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def drain(self) -> int:
        """Keep all that waits; return how many batches that was."""
        batches = 0
        for batch in self._buffer.left_behind():
            self._keep(batch)
            batches += 1
        while not self._stopping.is_set() and (batch := self._buffer.take()) is not None:
            self._keep(batch)
            batches += 1
        return batches

    def _keep(self, batch: bytes) -> None:
        try:
            audience = _BATCH.validate_json(batch)
        except ValidationError as error:
            log.warning("a batch of impressions and views can't be read and is dropped", faults=error.error_count())
        else:
            self._database.write(lambda session: audiences.record(session, audience))
        self._buffer.settle(batch)

    def _run(self) -> None:
        while not self._stopping.wait(self._every_seconds):
            try:
                self.drain()
            except Exception as error:  # noqa: BLE001 - what is taken stays in Redis and is tried again
                log.warning("impressions and views wait", error=repr(error))
