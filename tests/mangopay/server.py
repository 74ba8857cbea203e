"""The stand-in's socket: OAuth, idempotency keys, limits, pages of lists, and faults.

Faults (`server.faults.add`): `500` (nothing was done), `500 after` (it was), `502`, `slow`, `cut` (the connection ends
before anything was done), `cut after`, `429`, `401`, `404`, `html` (an answer that is no JSON), `in process` (the key
is known, and its answer not yet).
"""

import base64
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen
from uuid import uuid4

from tests.mangopay import declarations, endpoints
from tests.mangopay.state import Faults, Item, Mangopay, Refusal

CLIENT, API_KEY = "portulan-test", "an-api-key-that-nobody-may-read"
SLOW_S = 3.0
_KEY = re.compile(r"[A-Za-z0-9-]{16,36}")
_ROOT = f"/v2.01/{CLIENT}"
assert declarations.STATES, "its routes are noted"


class StandIn:
    """A server that listens, with what it holds and what goes wrong next."""

    def __init__(self) -> None:
        self.state, self.faults = Mangopay(), Faults()
        self.tokens: set[str] = set()
        self.requests: list[tuple[str, str]] = []
        self.rates: dict[str, str] = {}
        self.url = ""
        self.lock = threading.RLock()

    def asked(self, method: str, path: str) -> int:
        """Return how often something was asked."""
        return sum(found == (method, path) for found in self.requests)

    def call_hooks(self) -> None:
        """Call the addresses that were registered about everything that has happened since."""
        told, self.state.told = self.state.told, []
        for event, item_id in told:
            self.call_hook(event, item_id)

    def call_hook(self, event: str, item_id: str) -> None:
        """Call about one event, whether or not it happened."""
        for hook in list(self.state.hooks.values()):
            if hook["EventType"] == event:
                url = f"{hook['Url']}?EventType={event}&RessourceId={item_id}&Date={int(time.time())}"
                with urlopen(url, timeout=30) as answer:  # noqa: S310 - our own site
                    assert answer.status == 200


@contextmanager
def serving() -> Iterator[StandIn]:
    """Give a stand-in that listens while the block runs."""
    stand_in = StandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"stand_in": stand_in}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stand_in
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    stand_in: StandIn

    def do_GET(self) -> None:
        self.serve("GET")

    def do_POST(self) -> None:
        self.serve("POST")

    def do_PUT(self) -> None:
        self.serve("PUT")

    def serve(self, method: str) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        if parts.path == "/v2.01/oauth/token":
            return self.give_token()
        path = parts.path.removeprefix(_ROOT)
        self.stand_in.requests.append((method, path))
        fault = self.stand_in.faults.take(method, path)
        if fault == "slow":
            time.sleep(SLOW_S)
        if fault == "cut":
            return self.cut()
        early = self.refused_early(fault)
        if early:
            return self.answer(*early)
        with self.stand_in.lock:
            status, content, headers = self.work(method, path, raw, dict(parse_qsl(parts.query)), fault)
        if fault == "cut after":
            return self.cut()
        if fault == "html":
            content = b"<html>Maintenance</html>"
        if fault == "500 after":
            status, content = 500, Refusal(500, "internal_error").body
        return self.answer(status, content, headers)

    def refused_early(self, fault: str) -> tuple[int, Any] | None:
        """Return what is answered before anything is looked at."""
        if fault == "401" or self.headers.get("Authorization", "").removeprefix("bearer ") not in self.stand_in.tokens:
            return 401, {"error": "invalid_token", "error_description": "The token has expired."}
        if fault == "429":
            return 429, Refusal(429, "rate_limit").body
        if fault == "502":
            return 502, b"<html>Bad gateway</html>"
        if fault == "in process":
            return 409, Refusal(409, "idempotent_creation_conflict").body
        return None

    def work(
        self, method: str, path: str, raw: bytes, query: dict[str, str], fault: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Return what is answered, and keep it under the key that came along."""
        key = self.headers.get("Idempotency-Key", "")
        found = re.fullmatch(r"/responses/([^/]+)", path)
        if found:
            return self.recall(found[1])
        if method == "POST" and not _KEY.fullmatch(key):
            return 400, Refusal(400, "param_error", {"IdempotencyKey": "16 to 36 characters"}).body, {}
        if method == "POST" and (CLIENT, key) in self.stand_in.state.responses:
            return 409, Refusal(409, "idempotent_creation_conflict").body, {}
        if fault in {"500", "404"}:
            kind = {"500": "internal_error", "404": "ressource_not_found"}[fault]
            status, content, headers = int(fault), Refusal(int(fault), kind, {}).body, {}
        else:
            status, content, headers = self.do(method, path, json.loads(raw) if raw else {}, query)
        if method == "POST":
            kept = 500 if fault == "500 after" else status
            self.stand_in.state.responses[CLIENT, key] = {
                "StatusCode": str(kept),
                "ContentType": "application/json",
                "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
                "RequestURL": f"{self.stand_in.url}{self.path}",
                "Resource": content if kept == status else Refusal(500, "internal_error").body,
            }
        if isinstance(content, list):
            return self.page_of(content, query)
        return status, content, headers

    def do(self, method: str, path: str, body: Item, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        try:
            return (*endpoints.answer(self.stand_in.state, method, path, body, query), {})
        except Refusal as refusal:
            return refusal.status, refusal.body, refusal.headers

    def recall(self, key: str) -> tuple[int, Any, dict[str, str]]:
        kept = self.stand_in.state.responses.get((CLIENT, key))
        return (200, kept, {}) if kept else (404, Refusal(404, "ressource_not_found", {}).body, {})

    def page_of(self, items: list[Item], query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        each, page = min(int(query.get("per_page", 10)), 100), int(query.get("page", 1))
        headers = {"x-number-of-pages": str(-(-len(items) // each)), "x-number-of-items": str(len(items))}
        return 200, items[(page - 1) * each : page * each], headers

    def give_token(self) -> None:
        given = base64.b64encode(f"{CLIENT}:{API_KEY}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {given}":
            return self.answer(401, {"error": "invalid_client", "error_description": "Unknown client."})
        token = uuid4().hex
        self.stand_in.tokens.add(token)
        return self.answer(200, {"access_token": token, "token_type": "bearer", "expires_in": 3600})

    def answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        data = content if isinstance(content, bytes) else b"" if status == 204 else json.dumps(content).encode()
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in {**self.stand_in.rates, **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    def cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        del format, args
