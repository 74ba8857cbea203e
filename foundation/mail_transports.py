"""Where mails leave by: a server that speaks SMTP, or a folder of files where there is none."""

import os
import smtplib
import ssl
import time
from collections.abc import Callable, Collection, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from foundation.errors import Unreachable
from foundation.settings import Settings

TIMEOUT_S = 20.0
"""For each answer of the server."""
PAUSE_S = 15.0
"""For how long a server that did not answer is left alone."""
LOGIN_PAUSE_S = 300.0
"""The same where it refused our name or password: who tries too often is locked out."""
DEFAULT_PORTS = {"smtp": 25, "smtps": 465}
STARTTLS_PORT = 587
_CLOSING = 421
"""What a server answers, to whatever was asked, before it hangs up (RFC 5321, 3.8)."""

Send = Callable[[str, EmailMessage], None]
"""Sends a message, which has an id, to whom it names under `To`."""


class Refused(Exception):
    """The server will never take this mail: its recipient or its content was refused for good."""


class Transport(Protocol):
    """A way for mails to leave."""

    def connected(self) -> AbstractContextManager[Send]:
        """Give what sends while the block runs; raise Unreachable where nothing can be sent at all."""
        ...

    def list_kept(self) -> list[str]:
        """Return the ids of messages that are kept here."""
        ...

    def drop(self, mail_ids: Collection[str]) -> None:
        """Keep some messages no longer."""
        ...


def choose(settings: Settings, pause_s: float = PAUSE_S) -> Transport:
    """Return how mails leave an installation."""
    return Smtp(settings, pause_s=pause_s) if settings.smtp_url else Folder(settings.mail_folder)


class Folder:
    """Writes each mail into a file, which only the user who runs the site may read; again means over it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def connected(self) -> Generator[Send]:
        """Give what writes."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield self._write

    def list_kept(self) -> list[str]:
        """Return the ids of the mails in the folder."""
        return [path.stem for path in self._path.glob("*.eml")]

    def drop(self, mail_ids: Collection[str]) -> None:
        """Remove files."""
        for mail_id in mail_ids:
            (self._path / f"{mail_id}.eml").unlink(missing_ok=True)

    def read(self, mail_id: str) -> bytes | None:
        """Return a mail as it was written; None if it is not here. Only ids of rows may be asked for."""
        try:
            return (self._path / f"{mail_id}.eml").read_bytes()
        except FileNotFoundError:
            return None

    def _write(self, mail_id: str, message: EmailMessage) -> None:
        unfinished = self._path / f"{mail_id}.part"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(message.as_bytes())
        unfinished.replace(self._path / f"{mail_id}.eml")


class Smtp:
    """Hands mails to a server, several on one connection; never in the clear where encryption was asked for."""

    def __init__(self, settings: Settings, *, pause_s: float = PAUSE_S, login_pause_s: float = LOGIN_PAUSE_S) -> None:
        parts = urlsplit(settings.smtp_url)
        self._is_encrypted = parts.scheme == "smtps"
        self._starts_tls = bool(parts.query)
        self._host = parts.hostname or ""
        self._port = parts.port or (STARTTLS_PORT if self._starts_tls else DEFAULT_PORTS[parts.scheme])
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "") or settings.smtp_password.get_secret_value()
        self._ca_file = settings.smtp_ca_file
        self._pause_s, self._login_pause_s = pause_s, login_pause_s
        self._alone_until, self._reason = 0.0, ""

    @contextmanager
    def connected(self) -> Generator[Send]:
        """Give what sends on a connection to the server."""
        if time.monotonic() < self._alone_until:
            raise Unreachable(self._reason)
        server = self._connect()
        try:
            yield lambda _, message: self._send(server, message)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def list_kept(self) -> list[str]:
        """Return nothing: the server keeps what it took."""
        return []

    def drop(self, mail_ids: Collection[str]) -> None:
        """Do nothing: the server keeps what it took."""

    def _connect(self) -> smtplib.SMTP:
        """Return a connection on which mails may be sent."""
        server: smtplib.SMTP | None = None
        try:
            server = self._dial()
            if self._starts_tls:
                server.starttls(context=self._context())
            if self._user:
                server.login(self._user, self._password)
        except smtplib.SMTPAuthenticationError as error:
            _hang_up(server)
            raise self._leave_alone(self._login_pause_s, f"refuses our name or password: {_said(error)}") from error
        except UnicodeError:
            # What it says would show a part of the password.
            _hang_up(server)
            raise self._leave_alone(self._login_pause_s, "takes no name or password but in ASCII") from None
        except (smtplib.SMTPException, OSError) as error:
            _hang_up(server)
            raise self._leave_alone(self._pause_s, f"can’t be used: {_said(error)}") from error
        return server

    def _dial(self) -> smtplib.SMTP:
        if self._is_encrypted:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=self._context())
        return smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)

    def _send(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        # Where notices about the mail go; by rights the last server writes the header (RFC 5321, 4.4).
        returned_to = parseaddr(message.get("Return-Path", ""))[1] or None
        del message["Return-Path"]
        try:
            server.send_message(message, from_addr=returned_to)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise self._verdict(code, text, error) from error
        except smtplib.SMTPDataError as error:
            raise self._verdict(error.smtp_code, error.smtp_error, error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused(f"the mail server can’t write to such an address: {error}") from error
        except smtplib.SMTPResponseException as error:
            # Our own address was refused: no fault of this mail, so it is tried again.
            raise (self._closes(error) if error.smtp_code == _CLOSING else error) from error
        except OSError as error:
            raise self._leave_alone(self._pause_s, f"hung up: {_said(error)}") from error

    def _verdict(self, code: int, text: bytes | str, error: Exception) -> Exception:
        """Return what an answer to a mail means: for good (5xx), that the server closes (421), or for now (4xx)."""
        if code == _CLOSING:
            return self._closes(error)
        answer = text.decode(errors="replace") if isinstance(text, bytes) else text
        return Refused(f"{code} {answer}") if code >= 500 else error

    def _closes(self, error: Exception) -> Unreachable:
        return self._leave_alone(self._pause_s, f"closes: {_said(error)}")

    def _leave_alone(self, pause_s: float, reason: str) -> Unreachable:
        self._alone_until = time.monotonic() + pause_s
        self._reason = f"the mail server {self._host}:{self._port} {reason}"
        return Unreachable(self._reason)


def _hang_up(server: smtplib.SMTP | None) -> None:
    if server:
        server.close()


def _said(error: Exception) -> str:
    """Return what went wrong in words; no password is in it."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
    return str(error) or type(error).__name__
