"""What may be done after an answer, or not at all: a bounded backlog that one thread of this process works off.

Whoever adds to it never waits. What comes while it is full is dropped and counted: truth is never kept this way.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

Item = TypeVar("Item")
log = structlog.get_logger(__name__)


class Backlog(Generic[Item]):
    """Hands what was added within `every_seconds` to `take`, all at once, at most `size` items."""

    def __init__(
        self, name: str, take: Callable[[Sequence[Item]], None], *, size: int, every_seconds: float = 1.0
    ) -> None:
        self.name = name
        self._take = take
        self._size, self._every_seconds = size, every_seconds
        self._waiting: list[Item] = []
        self._changing = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.dropped = 0

    def start(self) -> None:
        """Begin to work it off."""
        self._thread.start()

    def stop(self) -> None:
        """Work off what is left, and stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def add(self, item: Item) -> bool:
        """Leave something to be done; tell whether there was room."""
        with self._changing:
            if len(self._waiting) >= self._size:
                self.dropped += 1
                return False
            self._waiting.append(item)
            return True

    def _run(self) -> None:
        while not self._stopping.wait(self._every_seconds):
            self._work_off()
        self._work_off()

    def _work_off(self) -> None:
        with self._changing:
            batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            self._take(batch)
        except Exception as error:  # noqa: BLE001 - what comes later may work again
            log.warning("a backlog's work failed and is dropped", backlog=self.name, size=len(batch), error=repr(error))
