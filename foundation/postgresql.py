"""Connections to PostgreSQL that nobody waits for in vain.

libpq bounds connecting (two seconds at least) and sees a network that is gone. A server, or something before it, that
takes a statement and never answers is waited for without end, and `statement_timeout` helps nobody whom the server's
answer doesn't reach. So the waiting itself ends here, and the connection with it: there is no telling what would
still come. The server sees that soon and ends the statement (`client_connection_check_interval`).
"""

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Engine, event

from foundation import deadlines

CONNECTING = {
    "connect_timeout": 2,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Parameters of libpq: who can't reach the server soon hears so, and a network that is gone is seen within 25 s."""
_LOOK_AT_CLIENT = "-c client_connection_check_interval=1000"

Given = TypeVar("Given")
Result = TypeVar("Result")


class PromptConnection(psycopg.Connection[Any]):
    """A connection whose waits end with the request's time, and after `longest_wait_s` where that is set."""

    longest_wait_s: float | None = None

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Generator[Any, Any, Any]:
        return (yield from _in_time(super()._connect_gen(conninfo), deadlines.left()))

    def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
        """Wait for an answer of the server; give the connection up when there is no time left."""
        waits = [seconds for seconds in (deadlines.left(), self.longest_wait_s) if seconds is not None]
        try:
            return super().wait(_in_time(gen, min(waits, default=None)), *arguments, **options)
        except psycopg.errors.ConnectionTimeout:
            self.close()
            raise


def prepare(engine: Engine, longest_wait_s: float | None) -> None:
    """Have an engine make such connections."""

    def connect(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> PromptConnection:
        options["options"] = f"{options.get('options', '')} {_LOOK_AT_CLIENT}".strip()
        connection = PromptConnection.connect(*arguments, **options)
        connection.longest_wait_s = longest_wait_s
        return connection

    event.listen(engine, "do_connect", connect)


def _in_time(steps: Generator[Given, Any, Result], seconds: float | None) -> Generator[Given, Any, Result]:
    """Take psycopg's steps of waiting; it comes by every tenth of a second, whether there is anything or not."""
    until = None if seconds is None else time.monotonic() + seconds
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            # Whether anything came says little: an answer may trickle in without end.
            if until is not None and time.monotonic() >= until:
                raise psycopg.errors.ConnectionTimeout(f"no answer within {seconds:.1f} s")
            wanted = steps.send(ready)
    except StopIteration as end:
        return end.value
