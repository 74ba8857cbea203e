"""Leaving a backend alone that does not answer, so that not every caller waits for it in vain."""

import threading
import time

from foundation.errors import Unreachable

FAILURES = 3
"""After how many failures in a row nobody waits any more: one slow search is no outage."""
PAUSE_SECONDS = 1.0


class Circuit:
    """Open after some failures in a row; then one caller at a time tries, after a pause.

    `backend` is what it is called, and `answer_seconds` how long such a trial may take.
    """

    def __init__(self, backend: str, answer_seconds: float) -> None:
        self._backend = backend
        self._trial_seconds = answer_seconds + PAUSE_SECONDS
        self._deciding = threading.Lock()
        self._failures = 0
        self._try_at = 0.0

    def check(self) -> None:
        """Let the caller ask, or raise Unreachable at once."""
        with self._deciding:
            if self._failures < FAILURES:
                return
            if time.monotonic() < self._try_at:
                raise Unreachable(f"{self._backend} did not answer a moment ago")
            self._try_at = time.monotonic() + self._trial_seconds

    def count_failure(self) -> None:
        """Note that there was no answer."""
        with self._deciding:
            self._failures += 1
            self._try_at = time.monotonic() + PAUSE_SECONDS

    def close(self) -> None:
        """Note that there was an answer."""
        self._failures = 0
