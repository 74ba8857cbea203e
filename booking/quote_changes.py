"""What differs between two versions of a quote, part by part, for whoever has to agree to the newer one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from booking.quote_contents import Document


@dataclass(frozen=True, slots=True)
class Change:
    """A part that differs. Values are as the document holds them: texts, dates, steps, lines, cents."""

    part: str
    removed: tuple[Any, ...] = ()
    added: tuple[Any, ...] = ()


_LISTS = ("objectives", "deliverables", "roadmap", "mentions", "skills", "days", "items")
_SINGLE = (
    *("kind", "title", "terms", "specifics", "means", "strengths", "personal_message", "currency"),
    *("day_rate_cents", "starts_on", "ends_on", "valid_until", "portage", "portage_company"),
    *("tax", "net_cents", "tax_cents", "gross_cents"),
)
_ORDER = (
    *("kind", "title", "objectives", "terms", "deliverables", "specifics", "means", "roadmap", "starts_on", "ends_on"),
    *("skills", "strengths", "personal_message", "currency", "day_rate_cents", "days", "items", "net_cents"),
    *("tax", "tax_cents", "gross_cents", "mentions", "portage", "portage_company", "valid_until", "expert", "client"),
)
"""Parts as a quote shows them."""
_SIDES = ("expert", "client")


def between(before: Document, after: Document) -> list[Change]:
    """Return every difference, in the order of a quote's parts. What is called a version, and its language, is none."""
    found: dict[str, Change] = {}
    for part in _LISTS:
        _note(found, part, *_moved(getattr(before, part), getattr(after, part)))
    for part in _SINGLE:
        _note(found, part, *_replaced(getattr(before, part), getattr(after, part)))
    for part in _SIDES:
        _note(found, part, *_replaced(getattr(before.parties, part), getattr(after.parties, part)))
    return [found[part] for part in _ORDER if part in found]


def _note(found: dict[str, Change], part: str, removed: tuple[Any, ...], added: tuple[Any, ...]) -> None:
    if removed or added:
        found[part] = Change(part, removed, added)


def _replaced(before: Any, after: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    return ((), ()) if before == after else (_said(before), _said(after))


def _said(value: Any) -> tuple[Any, ...]:
    return () if value is None or value == "" else (value,)


def _moved(before: Sequence[Any], after: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return what left a list and what joined it; one in another order has done both."""
    removed, added = _without(before, after), _without(after, before)
    if not (removed or added) and list(before) != list(after):
        return tuple(before), tuple(after)
    return removed, added


def _without(those: Sequence[Any], others: Sequence[Any]) -> tuple[Any, ...]:
    """Return what a list holds more often than another."""
    left = list(others)
    found: list[Any] = []
    for value in those:
        if value in left:
            left.remove(value)
        else:
            found.append(value)
    return tuple(found)
