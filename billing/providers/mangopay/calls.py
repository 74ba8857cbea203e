"""Requests to Mangopay, by the official SDK's transport, with what it leaves to its users.

The SDK's request layer knows hosts, OAuth and headers. Its models are not used: they take a 404 on a POST for success
without an id, and leave out fields of answers that they don't know. What is done here besides:

- nothing of what the SDK logs gets out: on every error it writes whole bodies, names and account numbers among them;
- a 404 is None for what is read, and Refused for what is made;
- no answer, a 5xx, or being asked to wait is `Unreachable`; a refused token is renewed once;
- errors are read whichever way they are spelled (`errors`, `Errors`, `error`);
- an owner's wallet that is not shown without its owner is `Guarded`, which a refused token is not.
"""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import structlog
from mangopay.api import APIRequest
from mangopay.auth import StorageStrategyBase
from mangopay.exceptions import APIError, DecodeError

from billing.providers.resources import Guarded
from foundation.circuits import Circuit
from foundation.errors import Unreachable

TIMEOUT_S = 10.0
PAUSE_S = 15.0
"""How long to wait where Mangopay asks to and does not say how long."""
LONGEST_PAUSE_S = 900.0
"""Its shortest window; whoever used up a longer one is let in again and told anew."""
PER_PAGE = 100
_REPLAYED = 409
_LIMITED = 429
_TOKEN_REFUSED = 401
_ASKS_OWNER = "PendingUserAction"
_ODD_BUT_FINAL = frozenset({400, 403, 404, 405, 411, 413, 415, 422})

log = structlog.get_logger(__name__)


class Refused(Exception):
    """Mangopay will not do it; `code` is its own, with the fields at fault."""

    def __init__(self, status: int, code: str, fields: Mapping[str, str] | None = None) -> None:
        self.status, self.code, self.fields = status, code, dict(fields or {})
        names = ", ".join(sorted(self.fields))
        super().__init__(f"{code} ({names})" if names else code)


class Replayed(Exception):
    """The key was used before: what came of that is to be asked for."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """By what Mangopay knows the operator."""

    url: str
    """Of the host, without the version."""
    client_id: str
    api_key: str


class _Token(StorageStrategyBase):
    """The OAuth token of one client, in memory only: the SDK would share it between clients, or write it to a file."""

    def __init__(self) -> None:
        self._token: dict[str, Any] | None = None

    def get(self, env_key: str) -> dict[str, Any] | None:  # pyright: ignore[reportIncompatibleMethodOverride] - untyped
        del env_key
        return self._token

    def store(self, token: dict[str, Any] | None, env_key: str) -> None:
        del env_key
        self._token = token

    def forget(self) -> None:
        self._token = None


class Calls:
    """One client's requests."""

    def __init__(self, credentials: Credentials, *, timeout_s: float = TIMEOUT_S) -> None:
        _silence()
        self._token = _Token()
        self._transport = APIRequest(
            client_id=credentials.client_id,
            apikey=credentials.api_key,
            api_url=f"{credentials.url.rstrip('/')}/v2.01/",
            sandbox=False,
            timeout=timeout_s,
            storage_strategy=self._token,
        )
        self._circuit = Circuit("Mangopay", timeout_s)
        self._waiting = threading.Lock()
        self._alone_until = 0.0

    def get(self, path: str, **params: Any) -> Any:
        """Return what stands at a path; None where nothing does."""
        answer = self._ask("GET", path, None, None, params)
        return None if answer.status_code == requests.codes.not_found else _shown(answer)

    def every(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Return the items of a list, page by page."""
        page = 1
        while True:
            answer = self._ask("GET", path, None, None, {**params, "page": page, "per_page": PER_PAGE})
            if answer.status_code == requests.codes.not_found:
                return
            yield from _shown(answer) or []
            if page >= int(answer.headers.get("x-number-of-pages") or 1):
                return
            page += 1

    def post(self, path: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Make something; raise Replayed where the key was used before, Refused where it can't be made."""
        return self._change("POST", path, body, key)

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change something; may be repeated."""
        return self._change("PUT", path, body, None)

    def _change(self, method: str, path: str, body: Mapping[str, Any], key: str | None) -> dict[str, Any]:
        answer = self._ask(method, path, dict(body), key, {})
        if answer.status_code == requests.codes.not_found:
            raise refusal(answer.status_code, _body(answer))
        return _body(answer) or {}

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, key: str | None, params: Mapping[str, Any]
    ) -> requests.Response:
        if time.monotonic() < self._alone_until:
            raise Unreachable("Mangopay asks to wait")
        self._circuit.check()
        try:
            return self._send(method, path, body, key, params)
        except _TokenRefused:
            self._token.forget()
        try:
            # It was not read: nothing was made, and the key is not used up.
            return self._send(method, path, body, key, params)
        except _TokenRefused:
            raise self._leave_alone(PAUSE_S, "refuses our credentials") from None

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, key: str | None, params: Mapping[str, Any]
    ) -> requests.Response:
        try:
            answer, _ = self._transport.request(method, path, data=body, idempotency_key=key, **params)
        except DecodeError as error:
            raise self._no_answer(method, path, "answers what can't be read") from error
        except APIError as error:
            raise self._judge(method, path, error) from None
        except requests.RequestException as error:
            raise self._no_answer(method, path, type(error).__name__) from None
        self._circuit.close()
        self._heed(answer.headers)
        return answer

    def _judge(self, method: str, path: str, error: APIError) -> Exception:
        """Return what an answer means that is an error."""
        status, headers = error.code, error.headers or {}
        if status is None:
            return self._no_answer(method, path, "does not answer")
        log.warning("Mangopay refuses", method=method, path=path, status=status, code=_code(error.content))
        if status == _TOKEN_REFUSED:
            return Guarded(path) if _ASKS_OWNER in _header(headers, "www-authenticate") else _TokenRefused()
        if status == _LIMITED:
            return self._leave_alone(_pause_of(headers), "asks to wait")
        if status == _REPLAYED and method == "POST":
            return Replayed()
        self._circuit.close()
        if status in _ODD_BUT_FINAL or status == _REPLAYED:
            return refusal(status, error.content)
        return Unreachable(f"Mangopay fails ({status})")

    def _heed(self, headers: Mapping[str, str]) -> None:
        """Wait before the next request, where none is left in one of the windows."""
        if "0" in _numbers(headers, "x-ratelimit-remaining"):
            self._leave_alone(_pause_of(headers), "")

    def _no_answer(self, method: str, path: str, reason: str) -> Unreachable:
        self._circuit.count_failure()
        log.warning("no answer from Mangopay", method=method, path=path, reason=reason)
        return Unreachable(f"Mangopay {reason}")

    def _leave_alone(self, pause_s: float, reason: str) -> Unreachable:
        with self._waiting:
            self._alone_until = max(self._alone_until, time.monotonic() + pause_s)
        return Unreachable(f"Mangopay {reason}")


class _TokenRefused(Exception):
    """The token is not taken: it ended early, or was taken back."""


def refusal(status: int, content: object) -> Refused:
    """Return what Mangopay's words mean."""
    words: Mapping[str, Any] = content if isinstance(content, dict) else {}
    fields = words.get("errors") or words.get("Errors")
    return Refused(status, _code(content), fields if isinstance(fields, dict) else None)


def _code(content: object) -> str:
    words: Mapping[str, Any] = content if isinstance(content, dict) else {}
    return str(words.get("Type") or words.get("error") or "unknown_error")


def _body(answer: requests.Response) -> Any:
    return answer.json() if answer.content else None


def _shown(answer: requests.Response) -> Any:
    """Return what was asked for; raise Guarded where only a page is named that its owner has to visit first."""
    body = _body(answer)
    if isinstance(body, dict) and body.keys() == {_ASKS_OWNER}:
        raise Guarded(answer.url)
    return body


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for found, value in headers.items() if found.lower() == name), "")


def _pause_of(headers: Mapping[str, str]) -> float:
    """Return how long to wait: until the first window opens in which nothing is left."""
    left, resets = _numbers(headers, "x-ratelimit-remaining"), _numbers(headers, "x-ratelimit-reset")
    used_up = [float(reset) - time.time() for rest, reset in zip(left, resets, strict=False) if rest == "0"]
    return min(max(max(used_up, default=PAUSE_S), 1.0), LONGEST_PAUSE_S)


def _numbers(headers: Mapping[str, str], name: str) -> list[str]:
    found = [number.strip() for number in (headers.get(name) or "").split(",")]
    return [number for number in found if number.isdecimal()]


def _silence() -> None:
    """Let nothing out of what the SDK logs."""
    sdk = logging.getLogger("mangopay")
    if _drop not in sdk.filters:
        sdk.addFilter(_drop)


def _drop(_record: logging.LogRecord) -> bool:
    return False
