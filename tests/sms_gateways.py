"""A real HTTP gateway for SMS on this machine: what it took, and what it answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "s3cret-t0ken"


@dataclass
class Taken:
    """What a gateway took, and what it answers next: lists are used up first."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    answers: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    asked: int = 0


@contextmanager
def serving(token: str = TOKEN) -> Iterator[Taken]:
    """Give a gateway that listens while the block runs."""
    taken = Taken()

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            taken.asked += 1
            self.answer(*self.judged(body))

        def judged(self, body: dict[str, Any]) -> tuple[int, str]:
            if self.headers.get("Authorization") != f"Bearer {token}":
                return 401, "who are you?"
            if taken.answers:
                return taken.answers.pop(0)
            if body["id"] in {message["id"] for message in taken.messages}:
                return 409, "known"
            taken.messages.append(body)
            return 202, "{}"

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    taken.url = f"http://127.0.0.1:{server.server_port}/sms"
    try:
        yield taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
