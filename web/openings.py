"""Starting while a backend is away: tried again until all are there, so that nobody has to start anything twice."""

import threading
from collections.abc import Callable

import structlog

from foundation.errors import Unavailable

AGAIN_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Opening:
    """What a process does before it can work; `done` tells whether it was done."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.insist, name="opening", daemon=True)
        self.done = False
        self._last_said = ""

    def attempt(self) -> bool:
        """Do it, or say what is missing; raise what waiting does not help against."""
        try:
            self._work()
        except Unavailable as error:
            if str(error) != self._last_said:
                log.warning("not ready, trying again every second", reason=str(error))
            self._last_said = str(error)
            return False
        self.done = True
        if self._last_said:
            log.info("ready: what was missing is there")
        return True

    def insist(self) -> None:
        """Try until it is done, or until stopped."""
        while not self.attempt() and not self._stopping.wait(AGAIN_SECONDS):
            pass

    def start(self) -> None:
        """Try once now, and go on in a thread if something is missing."""
        if not self.attempt():
            self._thread.start()

    def stop(self) -> None:
        """Try no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
