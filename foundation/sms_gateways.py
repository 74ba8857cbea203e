"""Where SMS leave by: a gateway that speaks HTTP, or a folder of files where there is none.

A gateway is one address that takes `POST` with a JSON body:

    {"id": "0b6f…", "from": "Portulan", "to": "+33612345678", "text": "…"}

`id` is the same when the same SMS comes again: a gateway that knows it already sends nothing, and answers 409 or as it
did before. With a token the request has the header `Authorization: Bearer TOKEN`. What answers mean:

    2xx, 409            it is taken
    401, 403            our token is refused: everything waits, and somebody has to see to it
    408, 425, 429, 503  not now: everything waits a little
    other 4xx           this SMS is refused for good; the body, cut short, is kept as the reason
    other 5xx           this SMS is tried again later

A few lines make any provider's own interface speak this.
"""

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

import orjson

from foundation.errors import Unreachable
from foundation.settings import Settings
from foundation.sms import SmsRow

TIMEOUT_S = 15.0
PAUSE_S = 15.0
"""For how long a gateway that did not answer is left alone."""
REFUSED_PAUSE_S = 300.0
"""The same where it refused our token."""
_ANSWER_BYTES = 2_000
_KNOWN_ALREADY = 409
_TOKEN_REFUSED = frozenset({401, 403})
_NOT_NOW = frozenset({408, 425, 429, 503})


class Refused(Exception):
    """The gateway will never take this SMS."""


class Failed(Exception):
    """The gateway failed at this SMS; it may be tried again."""


class Gateway(Protocol):
    """A way for SMS to leave."""

    def send(self, sms: SmsRow) -> None:
        """Send an SMS; raise Refused, Failed, or Unreachable where nothing can be sent at all."""
        ...

    def list_kept(self) -> list[str]:
        """Return the ids of SMS that are kept here."""
        ...

    def drop(self, sms_ids: Collection[str]) -> None:
        """Keep some SMS no longer."""
        ...


def choose(settings: Settings, pause_s: float = PAUSE_S) -> Gateway:
    """Return how SMS leave an installation."""
    return HttpGateway(settings, pause_s=pause_s) if settings.sms_url else Folder(settings.sms_folder)


class Folder:
    """Writes each SMS into a file, which only the user who runs the site may read; again means over it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, sms: SmsRow) -> None:
        """Write the file: the number, an empty line, the text."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._path / f"{sms.id}.part"
        with os.fdopen(
            os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(f"{sms.recipient}\n\n{sms.text}\n")
        unfinished.replace(self._path / f"{sms.id}.txt")

    def list_kept(self) -> list[str]:
        """Return the ids of the SMS in the folder."""
        return [path.stem for path in self._path.glob("*.txt")]

    def drop(self, sms_ids: Collection[str]) -> None:
        """Remove files."""
        for sms_id in sms_ids:
            (self._path / f"{sms_id}.txt").unlink(missing_ok=True)


class HttpGateway:
    """Hands SMS to a gateway, as the top of this module says."""

    def __init__(
        self, settings: Settings, *, pause_s: float = PAUSE_S, refused_pause_s: float = REFUSED_PAUSE_S
    ) -> None:
        self._url, self._sender = settings.sms_url, settings.sms_sender
        self._token = settings.sms_token.get_secret_value()
        self._pause_s, self._refused_pause_s = pause_s, refused_pause_s
        self._alone_until, self._reason = 0.0, ""

    def send(self, sms: SmsRow) -> None:
        """Post an SMS."""
        if time.monotonic() < self._alone_until:
            raise Unreachable(self._reason)
        body = orjson.dumps({"id": sms.id, "from": self._sender, "to": sms.recipient, "text": sms.text})
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self._url, data=body, headers=headers)  # noqa: S310 - our own setting
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310 - the same
                return
        except urllib.error.HTTPError as error:
            with error:
                self._judge(error.code, error.read(_ANSWER_BYTES).decode(errors="replace").strip())
        except (OSError, http.client.HTTPException) as error:
            raise self._leave_alone(self._pause_s, f"can’t be used: {error}") from error

    def list_kept(self) -> list[str]:
        """Return nothing: the gateway keeps what it took."""
        return []

    def drop(self, sms_ids: Collection[str]) -> None:
        """Do nothing: the gateway keeps what it took."""

    def _judge(self, status: int, answer: str) -> None:
        if status == _KNOWN_ALREADY:
            return
        if status in _TOKEN_REFUSED:
            raise self._leave_alone(self._refused_pause_s, f"refuses our token ({status})")
        if status in _NOT_NOW:
            raise self._leave_alone(self._pause_s, f"asks to wait ({status})")
        if status < 500:
            raise Refused(f"{status} {answer}")
        raise Failed(f"{status} {answer}")

    def _leave_alone(self, pause_s: float, reason: str) -> Unreachable:
        self._alone_until = time.monotonic() + pause_s
        self._reason = f"the SMS gateway {reason}"
        return Unreachable(self._reason)
