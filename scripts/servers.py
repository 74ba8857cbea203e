"""Running the site."""

import socket
import sys

import structlog
import uvicorn

from foundation import logs
from foundation.database import Database
from foundation.errors import Conflict
from foundation.settings import Settings
from indexer.indexes import Index
from taxonomy.wordlists import LiveWordlists
from web import app as applications

log = structlog.get_logger(__name__)


def run(host: str | None, port: int | None) -> None:
    """Serve until stopped."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=given)
    logs.configure(settings)
    if not settings.shares_index:
        _refuse_second_process(settings)
    with _bound(settings.host, settings.port) as listener:
        site = applications.create(settings)
        server = _Server(uvicorn.Config(site, log_level="warning", access_log=False))
        server.run([listener])
    if not server.started:
        sys.exit(1)


class _Server(uvicorn.Server):
    """Says where it serves once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port, *_ = sockets[0].getsockname()
            log.info("serving", address=f"http://{f'[{host}]' if ':' in host else host}:{port}")


def _bound(host: str, port: int) -> socket.socket:
    """Take the address before the slow part of starting; raise Conflict if somebody has it."""
    # Named TCP, or asyncio leaves small packets waiting for each other: every answer then takes 40 ms more.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Conflict(
            f"can't listen on {host}:{port}: {error.strerror}. Choose another address with --host and --port."
        ) from None
    return listener


def _refuse_second_process(settings: Settings) -> None:
    """Say at once, and plainly, that another process holds the index."""
    index = Index(settings, Database(settings.database_address), LiveWordlists(), None)
    try:
        index.reserve()
    except Conflict as error:
        raise Conflict(
            f"{error}: a process serves this data folder already. Stop it, or give this one another "
            "PORTULAN_DATA_DIR and --port."
        ) from None
    index.close()
