"""Receiving replies by mail in a process of its own."""

import signal
import threading
from typing import Annotated

import typer

from foundation import logs
from foundation.database import LONGEST_WAIT_S, Database
from foundation.settings import Settings

DEFAULT_PORT = 8024


def mail_in(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
    smtp: Annotated[bool, typer.Option("--smtp", help="Speak SMTP instead of LMTP.")] = False,
) -> None:
    """Receive replies to our mails: a mail server hands them over by LMTP, and they land in their conversations."""
    from web.mail_in import Listener  # noqa: PLC0415 - loading the mail library takes a moment

    found = Settings()
    given = {"mail_in_host": host or found.mail_in_host, "mail_in_port": port or found.mail_in_port or DEFAULT_PORT}
    settings = found.model_copy(update=given)
    logs.configure(settings)
    database = Database(settings.database_address, longest_wait_s=LONGEST_WAIT_S)
    listener = Listener(settings, database, protocol="smtp" if smtp else None)
    stopping = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopping.set())
    listener.start()
    stopping.wait()
    listener.stop()
    database.close()
