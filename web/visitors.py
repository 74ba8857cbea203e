"""Who asks for a page: what is known of them for a moment, and whether anybody looks at all."""

from dataclasses import dataclass
from functools import lru_cache

from crawleruseragents import is_crawler
from fastapi import Request

from accounts.models.audiences import VisitorKind

LONGEST_AGENT = 400
"""Letters of a browser's name that are looked at: whoever sends more is no browser, and patterns take their time."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page. Address and agent are personal: they never leave the process's memory."""

    address: str
    agent: str
    kind: VisitorKind = VisitorKind.ANONYMOUS
    expert_id: str | None = None
    """Who it is, if an expert is signed in."""


def read(request: Request) -> Visitor | None:
    """Return who looks at the page of a request; None where a browser only fetches it ahead, or asks for its head."""
    purpose = request.headers.get("sec-purpose", request.headers.get("purpose", ""))
    if "prefetch" in purpose or request.scope.get("is_head", False):
        return None
    address = request.client.host if request.client else ""
    return Visitor(address, request.headers.get("user-agent", ""))


@lru_cache(maxsize=4_096)
def is_bot(agent: str) -> bool:
    """Tell a program from a person's browser by the name that it gives itself."""
    return not agent.strip() or len(agent) > LONGEST_AGENT or is_crawler(agent)
