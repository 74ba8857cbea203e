"""What a mission sheet says: read from a form with every fault beside its field, kept as JSON, compared by field.

A draft may lack anything; `missing` says what has to be there before it is published (mission row S11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from accounts import profile_forms
from accounts.profile_forms import Form
from foundation import currencies
from foundation.errors import Fault, Invalid
from taxonomy.wordlists import Wordlists

LONGEST = {
    "title": 120,
    "context": 10_000,
    "deliverables": 4_000,
    "terms": 4_000,
    "place": 120,
}
"""Characters of each text."""
LONGEST_OBJECTIVE = 300
MOST_OBJECTIVES = 10
MOST_LABELS = 30
MOST_COUNTRIES = 300
MOST_DAYS = 1_000
MOST_CENTS = 100_000_000_00
FIRST_YEAR, LAST_YEAR = 2000, 2100
CONFIDENTIAL = frozenset({"context", "deliverables", "terms"})
"""Fields that an expert reads after accepting the non-disclosure agreement, where one is asked for."""


class Presence(StrEnum):
    """Where the work is done."""

    UNSAID = ""
    REMOTE = "remote"
    ON_SITE = "on_site"
    BOTH = "both"


class Content(BaseModel):
    """All that a sheet says."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    title: str = ""
    context: str = ""
    objectives: tuple[str, ...] = ()
    deliverables: str = ""
    skills: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    presence: Presence = Presence.UNSAID
    place: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    half_days: int | None = None
    """Estimated length, in half days: people count so."""
    budget_low_cents: int | None = None
    budget_high_cents: int | None = None
    currency: str = "EUR"
    terms: str = ""
    is_recurring: bool = False
    answer_by: date | None = None
    """The last day on which answers are expected."""
    needs_nda: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A field that says something else in a later edition."""

    field: str
    before: Any
    after: Any


def read(form: Form, wordlists: Wordlists) -> Content:
    """Return what was typed; raise Invalid with every fault. A fault's message is what can't be understood."""
    faults: list[Fault] = []
    values: dict[str, Any] = {name: _text(form, name, faults) for name in LONGEST}
    values["title"], values["place"] = (" ".join(values[name].split()) for name in ("title", "place"))
    values["objectives"] = _objectives(form, faults)
    values |= profile_forms.read_labels(form, "skills", wordlists, faults)
    values |= profile_forms.read_countries(form, "countries", wordlists, faults)
    values |= profile_forms.read_languages(form, "languages", wordlists, faults)
    for name, most in (("skills", MOST_LABELS), ("countries", MOST_COUNTRIES), ("languages", MOST_LABELS)):
        labels = tuple(dict.fromkeys(values.get(name, ())))
        values[name] = labels
        if len(labels) > most:
            faults.append(Fault(name, "too_many", str(most)))
        if any(len(label) > LONGEST["title"] for label in labels):
            faults.append(Fault(name, "string_too_long", ""))
    values["presence"] = _choice(form.get("presence", ""))
    values |= {name: _day(form, name, faults) for name in ("starts_on", "ends_on", "answer_by")}
    values["half_days"] = _half_days(form, faults)
    values |= _budget(form, faults)
    values |= {name: bool(form.get(name)) for name in ("is_recurring", "needs_nda")}
    if values["starts_on"] and values["ends_on"] and values["ends_on"] < values["starts_on"]:
        faults.append(Fault("ends_on", "ends_before_start", ""))
    if faults:
        raise Invalid(faults)
    return Content(**values)


def missing(content: Content, today: date) -> list[Fault]:
    """Return what keeps a sheet from being published."""
    needed = ("title", "context", "objectives", "skills")
    faults = [Fault(name, "missing", "") for name in needed if not getattr(content, name)]
    ended = [name for name in ("ends_on", "answer_by") if (day := getattr(content, name)) and day < today]
    return [*faults, *(Fault(name, "past", "") for name in ended)]


def load(kept: Mapping[str, Any]) -> Content:
    """Return what a row holds."""
    return Content.model_validate(kept)


def dump(content: Content) -> dict[str, Any]:
    """Return a content as a row holds it."""
    return content.model_dump(mode="json")


def changes(before: Content, after: Content) -> list[Change]:
    """Return what is different, field by field, in the order of the form."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in Content.model_fields)
    return [Change(name, was, now) for name, was, now in pairs if was != now]


def without_confidential(content: Content) -> Content:
    """Return what may be read before the non-disclosure agreement is accepted."""
    return content.model_copy(update=dict.fromkeys(CONFIDENTIAL, "")) if content.needs_nda else content


def _text(form: Form, name: str, faults: list[Fault]) -> str:
    text = form.get(name, "").strip()
    if len(text) > LONGEST[name]:
        faults.append(Fault(name, "string_too_long", ""))
    return text


def _objectives(form: Form, faults: list[Fault]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(profile_forms.read_lines(form.get("objectives", ""))))
    if len(found) > MOST_OBJECTIVES:
        faults.append(Fault("objectives", "too_many", str(MOST_OBJECTIVES)))
    if any(len(line) > LONGEST_OBJECTIVE for line in found):
        faults.append(Fault("objectives", "line_too_long", str(LONGEST_OBJECTIVE)))
    return found


def _choice(given: str) -> Presence:
    return Presence(given) if given in set(Presence) else Presence.UNSAID


def _day(form: Form, name: str, faults: list[Fault]) -> date | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        faults.append(Fault(name, "no_day", text[:80]))
        return None
    return day


def _half_days(form: Form, faults: list[Fault]) -> int | None:
    text = form.get("days", "").strip()
    if not text:
        return None
    days = profile_forms.read_number(text)
    if days is None or not 0 < days <= MOST_DAYS or 2 * days != int(2 * days):
        faults.append(Fault("days", "no_days", text[:80]))
        return None
    return int(2 * days)


def _budget(form: Form, faults: list[Fault]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("budget_low", "budget_high"):
        text = form.get(name, "").strip()
        amount = profile_forms.read_number(text) if text else None
        found[f"{name}_cents"] = None
        if amount is not None and 0 < amount * 100 <= MOST_CENTS and amount * 100 == int(amount * 100):
            found[f"{name}_cents"] = int(amount * 100)
        elif text:
            faults.append(Fault(name, "no_number", text[:80]))
    low, high = found["budget_low_cents"], found["budget_high_cents"]
    if low and high and low > high:
        faults.append(Fault("budget_high", "below_lowest", ""))
    currency = form.get("currency", "").strip().upper() or "EUR"
    if len(currency) != 3 or not currency.isascii() or currencies.units_per_eur(currency) is None:
        faults.append(Fault("currency", "missing", ""))
    return {**found, "currency": currency}
