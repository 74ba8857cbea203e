"""The words of one event, before they are filled in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NewsText:
    """The words of one event."""

    subject: str
    lead: str
    action: str
