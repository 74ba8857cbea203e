"""Bad ways to a backend, made by a real Toxiproxy: slow, trickling, black-holed, cut."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen
from uuid import uuid4

from scripts.backends import ports


@dataclass(frozen=True)
class Proxy:
    """A way to a backend: `address` is the backend's with host and port replaced."""

    control: str
    name: str
    address: str

    @contextmanager
    def slow(self, latency_ms: int) -> Iterator[None]:
        """Let every answer come late."""
        with self._toxic("latency", {"latency": latency_ms, "jitter": 0}):
            yield

    @contextmanager
    def trickle(self) -> Iterator[None]:
        """Let answers come a few bytes at a time, without a pause that would look like silence."""
        with self._toxic("slicer", {"average_size": 10, "size_variation": 1, "delay": 10_000}):
            yield

    @contextmanager
    def black_hole(self) -> Iterator[None]:
        """Let nothing come back, and no connection end."""
        with self._toxic("timeout", {"timeout": 0}):
            yield

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse connections and cut those that are."""
        _call(self.control, "POST", f"/proxies/{self.name}", {"enabled": False})
        try:
            yield
        finally:
            _call(self.control, "POST", f"/proxies/{self.name}", {"enabled": True})

    def cut(self) -> None:
        """End the connections that are, once; new ones are taken."""
        with self.down():
            pass

    @contextmanager
    def _toxic(self, kind: str, attributes: dict[str, int]) -> Iterator[None]:
        made = _call(self.control, "POST", f"/proxies/{self.name}/toxics", {"type": kind, "attributes": attributes})
        try:
            yield
        finally:
            _call(self.control, "DELETE", f"/proxies/{self.name}/toxics/{made['name']}")


@contextmanager
def to(control: str, address: str) -> Iterator[Proxy]:
    """Give a proxy to a backend's address; `control` is Toxiproxy's own."""
    where = urlsplit(address)
    name = f"proxy_{uuid4().hex[:8]}"
    listen = f"127.0.0.1:{ports.any_free()}"
    made = {"name": name, "listen": listen, "upstream": f"{where.hostname}:{where.port}", "enabled": True}
    _call(control, "POST", "/proxies", made)
    user, at, _ = where.netloc.rpartition("@")
    try:
        yield Proxy(control, name, urlunsplit(where._replace(netloc=f"{user}{at}{listen}")))
    finally:
        _call(control, "DELETE", f"/proxies/{name}")


def _call(control: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{control}{path}", data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    with urlopen(request, timeout=60) as answer:  # noqa: S310 - our own address
        text = answer.read()
    return json.loads(text) if text else {}
