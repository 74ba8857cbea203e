"""Who reacts to what: the one table from event to task, and the threads that deliver the outbox here."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from accounts.events import EXPERT_CHANGED
from foundation import outbox
from foundation.database import Database
from foundation.outbox import Reaction
from indexer.events import REBUILD_REQUESTED, VECTOR_MISSING
from indexer.indexes import Index

IDLE_SECONDS = 0.2
"""How long a change made by another process may wait before its delivery begins."""
AFTER_ERROR_SECONDS = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lane:
    """Deliveries that wait for each other and for no other lane: one slow task never delays the quick ones."""

    topic: str
    reaction: Reaction
    batch: int


def table(index: Index) -> list[Lane]:
    """Return the table event → task."""
    return [
        Lane(EXPERT_CHANGED, index.refresh, batch=1_000),
        Lane(VECTOR_MISSING, index.embed, batch=16),
        Lane(REBUILD_REQUESTED, lambda _: index.rebuild(), batch=100),
    ]


@dataclass
class Deliveries:
    """Delivers the outbox in threads of this process, one a lane, until stopped."""

    database: Database
    lanes: list[Lane]
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Take back what a process that died had claimed, and begin."""
        outbox.reclaim(self.database)
        for lane in self.lanes:
            thread = threading.Thread(target=self._run, args=(lane,), name=f"outbox {lane.topic}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Finish the batches under way and stop."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def is_alive(self) -> bool:
        """Tell whether every lane runs."""
        return all(thread.is_alive() for thread in self._threads)

    def _run(self, lane: Lane) -> None:
        while not self._stopping.is_set():
            try:
                delivered = outbox.drain(self.database, lane.topic, lane.reaction, batch=lane.batch)
            except Exception:
                log.exception("delivering failed", topic=lane.topic)
                self._stopping.wait(AFTER_ERROR_SECONDS)
            else:
                if not delivered:
                    self._stopping.wait(IDLE_SECONDS)


def drain(database: Database, lanes: list[Lane], progress: Callable[[str, int], None]) -> None:
    """Deliver everything that is due, in this thread, until nothing is left."""
    outbox.reclaim(database)
    while True:
        delivered = 0
        for lane in lanes:
            while count := outbox.drain(database, lane.topic, lane.reaction, batch=lane.batch):
                delivered += count
                progress(lane.topic, count)
        if not delivered:
            return
