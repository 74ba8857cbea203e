"""A Redis of a test's own, which it may stop, freeze and start again at the same address."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.backends import daemons, redis
from scripts.backends.daemons import Daemon, Launch
from tests.builders import eventually


class OwnRedis:
    """A real Redis process on a port that was free."""

    def __init__(self, folder: Path) -> None:
        launch = redis.prepare(folder)
        assert isinstance(launch, Launch)
        self._launch = launch
        self._daemon: Daemon | None = None

    @property
    def address(self) -> str:
        """Return where it is, running or not."""
        return self._launch.address

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._daemon = daemons.start(self._launch)
        eventually(lambda: redis.is_ready(self.address))

    def kill(self) -> None:
        """Kill it at once."""
        if self._daemon:
            daemons.stop(self._daemon, signal.SIGKILL)
        self._daemon = None

    def freeze(self) -> None:
        """Have it answer nothing, though it takes connections."""
        assert self._daemon
        os.kill(self._daemon.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it answer again."""
        assert self._daemon
        os.kill(self._daemon.pid, signal.SIGCONT)


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    """Give a running Redis, and stop it in the end."""
    folder.mkdir(exist_ok=True)
    found = OwnRedis(folder)
    found.start()
    try:
        yield found
    finally:
        found.kill()
