"""Who may write to whom, and when somebody is told of a message: decisions about values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from accounts.models.accounts import Role
from booking.models.threads import Side

MAY_WRITE = frozenset({Role.OWNER, Role.BUYER})
"""Colleagues who speak for a company; all others read along (mission row B10)."""
TOLD_EVERY = timedelta(minutes=5)
"""Somebody gets one mail about a thread in this time; what is written meanwhile goes into the next."""
UNREACHABLE_FOR = timedelta(days=7)
"""For how long an address whose mails came back gets no more news of messages."""


class Closed(StrEnum):
    """Why nobody can write in a thread any more, or just now."""

    EXPERT_GONE = "expert_gone"
    EXPERT_WITHHELD = "expert_withheld"
    CLIENT_GONE = "client_gone"
    READS_ALONG = "reads_along"
    """A colleague who does not speak for the company."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a thread's two sides."""

    has_expert: bool
    is_withheld: bool
    has_client: bool
    """Somebody of the client's is there who can read."""


def may_start(side: Side, *, is_own_client: bool = False, knows_from_outside: bool = False) -> bool:
    """Tell whether a side may write first (mission row S10): clients always.

    An expert never, but to their own clients (S16), or to a registered company that they know from outside.
    """
    return side is Side.CLIENT or (side is Side.EXPERT and (is_own_client or knows_from_outside))


def why_closed(standing: Standing, side: Side, role: Role | None) -> Closed | None:
    """Return why a side can't write; None where it can. An operator answers as an expert does."""
    if not standing.has_expert:
        return Closed.EXPERT_GONE
    if standing.is_withheld:
        return Closed.EXPERT_WITHHELD
    if not standing.has_client:
        return Closed.CLIENT_GONE
    return Closed.READS_ALONG if side is Side.CLIENT and role not in MAY_WRITE else None


@dataclass(frozen=True, slots=True)
class Known:
    """How far somebody knows a thread."""

    read_position: int
    told_position: int
    told_at: datetime | None


def tell_when(known: Known, latest: int, at: datetime) -> datetime | None:
    """Return when somebody is to be told of a thread whose latest message by others is `latest`; None for never."""
    if latest <= max(known.read_position, known.told_position):
        return None
    return max(at, known.told_at + TOLD_EVERY) if known.told_at else at


def is_unreachable(failed_at: datetime | None, at: datetime) -> bool:
    """Tell whether mails to an address came back of late."""
    return failed_at is not None and at - failed_at < UNREACHABLE_FOR
