"""Static files: addresses that change with the content, and how long browsers may keep each."""

import hashlib
from functools import lru_cache

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import QueryParams
from starlette.types import Scope

from foundation.settings import ROOT

FOLDER = ROOT / "web" / "static"
KEPT = "public, max-age=31536000, immutable"
"""For an address that carries the content's mark."""
CHECKED = "no-cache"
"""For any other: kept, but asked for again each time."""


@lru_cache(maxsize=64)
def mark(name: str) -> str:
    """Return what tells one content of a file from another."""
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:10]


def address(name: str) -> str:
    """Return the address of a static file, which changes with its content."""
    return f"/static/{name}?v={mark(name)}"


class Assets(StaticFiles):
    """Serves the static files."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Let a file be kept for a year where its address carries the mark of what is served."""
        response = await super().get_response(path, scope)
        version = QueryParams(scope["query_string"]).get("v")
        is_current = response.status_code in {200, 304} and version == mark(path)
        response.headers["Cache-Control"] = KEPT if is_current else CHECKED
        return response
