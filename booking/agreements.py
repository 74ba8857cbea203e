"""What was agreed, read from an accepted version's content. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from booking.models.missions import Portage
from booking.models.quotes import QuoteVersion


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the roadmap."""

    name: str
    starts_on: date
    ends_on: date


def objectives(version: QuoteVersion) -> tuple[str, ...]:
    """Return the objectives, in the quote's order."""
    return tuple(_said(version).get("objectives", ()))


def title(version: QuoteVersion) -> str:
    """Return what the work is called."""
    return str(_said(version).get("title", ""))


def portage(version: QuoteVersion) -> tuple[Portage, str]:
    """Return who contracts in the expert's place, and the name of that company."""
    said = _said(version)
    return Portage(said.get("portage") or Portage.NONE), str(said.get("portage_company") or "")


def skills(version: QuoteVersion) -> tuple[str, ...]:
    """Return the areas of expertise that the mission uses, each once."""
    return tuple(dict.fromkeys(_said(version).get("skills", ())))


def roadmap(version: QuoteVersion) -> tuple[Step, ...]:
    """Return the dated steps, in their order in time."""
    found = [
        Step(item["name"], date.fromisoformat(item["starts_on"]), date.fromisoformat(item["ends_on"]))
        for item in _said(version).get("roadmap", ())
    ]
    return tuple(sorted(found, key=lambda step: (step.starts_on, step.name)))


def _said(version: QuoteVersion) -> dict[str, Any]:
    """Return what the expert says, without the legal identities beside it."""
    return version.content.get("content", version.content)
