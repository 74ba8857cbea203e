"""People who search come first: whoever encodes profiles in the background waits while they do."""

import time

QUIET_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 1.0


class Courtesy:
    """Knows when somebody last searched."""

    def __init__(self) -> None:
        self._last_query_at = 0.0

    def note_query(self) -> None:
        """Note that somebody searches."""
        self._last_query_at = time.monotonic()

    def wait_for_quiet(self) -> None:
        """Wait until nobody has searched for a moment, a second at most."""
        until = time.monotonic() + LONGEST_WAIT_SECONDS
        while time.monotonic() - self._last_query_at < QUIET_SECONDS and time.monotonic() < until:
            time.sleep(QUIET_SECONDS)
