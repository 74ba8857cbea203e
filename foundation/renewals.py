"""Keeping what lasts a while as long as it is needed: renewed in a thread, so that who died loses it soon."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

import structlog

RENEWALS = 4
"""How often something is renewed before it would end."""
log = structlog.get_logger(__name__)


@contextmanager
def renewing(name: str, lasts: timedelta, renew: Callable[[], None]) -> Generator[None]:
    """Renew what lasts so long while the block runs; a renewal that fails is noted, and tried again in its turn."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(lasts.total_seconds() / RENEWALS):
            try:
                renew()
            except Exception:
                log.exception("a lease could not be renewed", name=name)

    thread = threading.Thread(target=go_on, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
