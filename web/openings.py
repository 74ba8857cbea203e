"""Starting while a backend is away: tried again until all are there, so that nobody has to start anything twice."""

import os
import signal
import threading
from collections.abc import Callable

import structlog

from foundation.errors import DomainError, Unavailable

AGAIN_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Opening:
    """What a process does before it can work; `done` tells whether it was done."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._insist_or_end, name="opening", daemon=True)
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
        """Try once now, and go on in a thread if something is missing.

        The process is told to end where waiting does not help: it would look like one that still waits.
        """
        if not self.attempt():
            self._thread.start()

    def stop(self) -> None:
        """Try no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _insist_or_end(self) -> None:
        try:
            self.insist()
        except DomainError as error:
            log.error("can't begin, ending", reason=str(error))  # noqa: TRY400 - a sentence says it all
        except Exception:
            log.exception("can't begin, ending")
        else:
            return
        os.kill(os.getpid(), signal.SIGTERM)
