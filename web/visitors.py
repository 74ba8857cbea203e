"""Who asks for a page: what is known of them for a moment, and whether anybody looks at all."""

from functools import lru_cache
from typing import NamedTuple

from crawleruseragents import is_crawler
from fastapi import Request

from accounts.models.accounts import AccountKind
from accounts.models.audiences import VisitorKind
from web import sign_ins

LONGEST_AGENT = 400
"""Letters of a browser's name that are looked at: whoever sends more is no browser, and patterns take their time."""


_KINDS = {
    AccountKind.COMPANY: VisitorKind.COMPANY,
    AccountKind.PRIVATE_CLIENT: VisitorKind.COMPANY,
    AccountKind.EXPERT: VisitorKind.EXPERT,
}
"""Who is counted as what; whoever is not named here is not counted: operators look at profiles for their work."""


class Visitor(NamedTuple):
    """Who looks at a page. Address and agent are personal: they never leave the process's memory."""

    address: str
    agent: str
    kind: VisitorKind = VisitorKind.ANONYMOUS
    expert_id: str | None = None
    """Who it is, if an expert is signed in."""


def read(request: Request) -> Visitor | None:
    """Return who looks at the page of a request; None where nobody does who counts.

    A browser that fetches it ahead or asks for its head does not, and neither do operators.
    """
    purpose = request.headers.get("sec-purpose", request.headers.get("purpose", ""))
    if "prefetch" in purpose or request.scope.get("is_head", False):
        return None
    address = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    signed_in = sign_ins.current(request)
    if signed_in is None:
        return Visitor(address, agent)
    kind = _KINDS.get(signed_in.kind)
    return Visitor(address, agent, kind, signed_in.expert_id) if kind else None


@lru_cache(maxsize=4_096)
def is_bot(agent: str) -> bool:
    """Tell a program from a person's browser by the name that it gives itself."""
    return not agent.strip() or len(agent) > LONGEST_AGENT or is_crawler(agent)
