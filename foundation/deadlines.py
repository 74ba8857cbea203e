"""By when somebody who waits has to be answered: set once for a request, heeded by whatever it waits for.

Threads that a request does not start know nothing of it: what is done in the background takes the time it takes.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from foundation.errors import Unreachable

_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def within(seconds: float) -> Generator[None]:
    """Have everything in the block done within some seconds."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def left() -> float | None:
    """Return how many seconds are left, none below zero; None where nobody waits."""
    until = _until.get()
    return None if until is None else max(0.0, until - time.monotonic())


def check() -> None:
    """Raise Unreachable if no time is left."""
    if left() == 0:
        raise Unreachable("the time for an answer was used up before")


def shorten(seconds: float) -> float:
    """Return for how long to wait for something that may take some seconds; raise Unreachable if no time is left."""
    check()
    remaining = left()
    return seconds if remaining is None else min(seconds, remaining)
