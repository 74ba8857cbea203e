"""What an approved platform does for us: it takes documents, and tells what becomes of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Status:
    """A step of an invoice's life cycle, as the platform tells it."""

    number: str
    """Of our document."""
    code: str
    """Such as 213; `statuses.STATES` knows what it means."""
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What a platform told at once."""

    name: str
    """By which the platform knows that we have read it."""
    statuses: Sequence[Status]


class Platform(Protocol):
    """A way to one platform; every call may be repeated."""

    def deposit(self, number: str, pdf: bytes) -> str:
        """Hand a document over, and return what the platform calls that; raise Conflict where it will never take it.

        Raises Unreachable where it can't be handed over now.
        """
        ...

    def fetch(self, *, at: datetime) -> Iterator[Message]:
        """Yield what was told and not settled yet, the oldest first; raise Unreachable."""
        ...

    def settle(self, message: Message, *, is_known: bool) -> None:
        """Say that a message was read; not `is_known` where it is about none of our documents."""
        ...

    def unread(self) -> Sequence[str]:
        """Return the names of messages that could not be read, or are about none of ours; raise Unreachable."""
        ...
