"""The part of the port to a payment provider to which papers are sent: who somebody is, and that a business exists."""

from dataclasses import dataclass
from typing import Protocol

from billing.provider_states import PaperKind, PaperState


@dataclass(frozen=True, slots=True)
class PaperPage:
    """One file of a paper: PDF, JPEG or PNG."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PaperRequest:
    """A paper of an owner that is to be looked at."""

    key: str
    user_id: str
    kind: PaperKind
    pages: tuple[PaperPage, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as the provider has it now."""

    provider_id: str
    key: str | None
    kind: PaperKind
    state: PaperState
    reason: str | None = None
    """Why it was refused, as the provider's code."""
    explanation: str = ""
    """The same in words, where there are any."""


class Papers(Protocol):
    """Papers."""

    def send_paper(self, request: PaperRequest) -> Paper:
        """Send a paper with all its pages, and ask to look at it. Sending it again with one key makes no other."""
        ...

    def fetch_paper(self, provider_id: str) -> Paper | None:
        """Return a paper as it stands."""
        ...
