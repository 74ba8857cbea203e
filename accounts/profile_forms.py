"""Reading what an owner typed about themselves. Pure: a posted form in, typed columns or every fault out.

A form has one field for several columns, or several for one: `FIELDS` says which. Limits are those of the expert
record; here is only how people write what a record holds as codes.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from pydantic import ValidationError

from accounts.merges import Row, merge
from accounts.records import Record
from foundation.errors import Fault
from taxonomy import languages
from taxonomy.wordlists import Wordlists

Form = Mapping[str, str]
NOW, FROM, NOT = "now", "from", "not"
"""Answers to the question of availability."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "headline": ("headline",),
    "summary": ("summary",),
    "skills": ("skills",),
    "soft_skills": ("soft_skills",),
    "sectors": ("sectors",),
    "countries": ("countries",),
    "languages": ("languages",),
    "based_in": ("based_in",),
    "city": ("city",),
    "day_rate": ("day_rate_cents", "day_rate_currency"),
    "references": ("client_references",),
    "availability": ("is_available", "available_from"),
    "visible": ("is_visible",),
}
"""Each field that its owner edits, with the columns that hold it."""
RECORD_FIELDS: Mapping[str, tuple[str, ...]] = {"availability": ("available", "available_from")}
"""Where a field has another name in the record."""
_REFERENCE = re.compile(r"reference_(\d{1,3})_(client|text)")
_MOST_DIGITS = 12
_SPACES = re.compile(r"\s+")


@dataclass
class Reading:
    """What a form says: the columns of each of its fields, and every fault."""

    values: dict[str, Row] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read(form: Form, row: Row, wordlists: Wordlists, *, at: datetime) -> Reading:
    """Check those fields that a form has; `row` is the profile as it is. A fault's message is what was typed."""
    said, reading = dict[str, Any](), Reading()
    for name, read_one in _READERS.items():
        said |= read_one(form, name, wordlists, reading.faults)
    if "availability" in form:
        said |= _availability(form, row, at.date(), reading.faults)
    blank = {name for name in ("name", "headline") if said.get(name) is None and name in said}
    if "name" in blank:
        reading.faults.append(Fault("name", "missing", ""))
    try:
        record = Record.model_validate(
            {"ref": row["ref"], **{name: value for name, value in said.items() if name not in blank}}
        )
    except ValidationError as error:
        reading.faults.extend(_fault(detail, said, form) for detail in error.errors(include_url=False))
        return reading
    merged = merge(row, record, at=at)
    if "headline" in blank:
        merged["headline"] = ""
    for name, columns in FIELDS.items():
        if any(part in said for part in RECORD_FIELDS.get(name, (name,))):
            reading.values[name] = {column: merged[column] for column in columns}
    return reading


def marks(row: Row) -> dict[str, str]:
    """Return a short mark of each field's content, to know later whether it is still the same."""
    return {name: mark({column: row[column] for column in columns}) for name, columns in FIELDS.items()}


def mark(values: Row) -> str:
    """Return the mark of one field's columns."""
    return hashlib.blake2b(orjson.dumps(values, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()


def dump_marks(found: Mapping[str, str]) -> str:
    """Return marks as a form carries them."""
    return " ".join(f"{name}={value}" for name, value in found.items())


def load_marks(text: str) -> dict[str, str]:
    """Read marks back; whatever is none is left out."""
    pairs = (part.partition("=") for part in text.split(" "))
    return {name: value for name, _, value in pairs if name in FIELDS}


def _line(form: Form, name: str, _words: Wordlists, _faults: list[Fault]) -> Row:
    if name not in form:
        return {}
    return {name: _SPACES.sub(" ", form[name]).strip() or None}


def _text(form: Form, name: str, _words: Wordlists, _faults: list[Fault]) -> Row:
    return {name: form[name] or None} if name in form else {}


def read_labels(form: Form, name: str, words: Wordlists, _faults: list[Fault]) -> Row:
    """Read one label a line; two names of one concept are one label."""
    if name not in form:
        return {}
    key = {"skills": words.skill_key, "sectors": words.sector_key}.get(name, str.casefold)
    return {name: list({key(label): label for label in reversed(read_lines(form[name]))}.values())[::-1]}


def read_countries(form: Form, name: str, words: Wordlists, faults: list[Fault]) -> Row:
    """Read a country or a zone a line; a zone stands for all of its countries."""

    def find(text: str) -> Iterable[str] | None:
        code = words.zones.find_country(text)
        zone = None if code else words.zones.find_zone(text)
        return [code] if code else sorted(words.zones.members[zone.id]) if zone else None

    return _found(form, name, find, faults)


def read_languages(form: Form, name: str, _words: Wordlists, faults: list[Fault]) -> Row:
    """Read a language a line."""

    def find(text: str) -> Iterable[str] | None:
        code = languages.find(text)
        return [code] if code else None

    return _found(form, name, find, faults)


def _found(form: Form, name: str, find: Callable[[str], Iterable[str] | None], faults: list[Fault]) -> Row:
    if name not in form:
        return {}
    codes: list[str] = []
    for text in read_lines(form[name]):
        found = find(text)
        if found is None:
            faults.append(Fault(name, "unknown", text[:80]))
        else:
            codes.extend(found)
    return {name: codes}


def _based_in(form: Form, name: str, words: Wordlists, faults: list[Fault]) -> Row:
    text = form.get(name, "").strip()
    code = words.zones.find_country(text) if text else None
    if text and code is None:
        faults.append(Fault(name, "unknown", text[:80]))
    return {name: code} if name in form else {}


def _day_rate(form: Form, name: str, _words: Wordlists, faults: list[Fault]) -> Row:
    if "day_rate_amount" not in form:
        return {}
    if not form["day_rate_amount"].strip():
        return {name: None}
    amount = read_number(form["day_rate_amount"])
    if amount is None:
        faults.append(Fault("day_rate_amount", "no_number", form["day_rate_amount"][:80]))
        return {}
    currency = form.get("day_rate_currency", "").strip().upper() or "EUR"
    return {name: {"amount": float(amount), "currency": currency}}


def _references(form: Form, name: str, _words: Wordlists, faults: list[Fault]) -> Row:
    if not any(_REFERENCE.fullmatch(key) for key in form):
        return {}
    filled = _filled_references(form)
    faults.extend(
        Fault(f"reference_{number}_{part}", "missing", "")
        for number, parts in filled.items()
        for part, value in parts.items()
        if not value
    )
    return {name: [parts for parts in filled.values() if all(parts.values())]}


def _filled_references(form: Form) -> dict[int, dict[str, str]]:
    """Return the references of a form by their number, without those that nothing was written in."""
    given: dict[int, dict[str, str]] = {}
    for key, value in form.items():
        if match := _REFERENCE.fullmatch(key):
            given.setdefault(int(match[1]), {"client": "", "text": ""})[match[2]] = value.strip()
    return {number: parts for number, parts in sorted(given.items()) if any(parts.values())}


def _visible(form: Form, name: str, _words: Wordlists, _faults: list[Fault]) -> Row:
    return {name: bool(form[name])} if name in form else {}


def _availability(form: Form, row: Row, today: date, faults: list[Fault]) -> Row:
    """Read an answer to "when?"; who is available now says so as of today, which is more than saying nothing."""
    answer = form["availability"]
    if answer == NOT:
        return {"available": False, "available_from": None}
    if answer == NOW:
        since = row["available_from"]
        return {"available": True, "available_from": since if since and since <= today else today}
    text = form.get("available_from", "").strip()
    if answer != FROM or not text:
        faults.append(Fault("available_from" if answer == FROM else "availability", "missing", ""))
        return {}
    return {"available": True, "available_from": text}


Reader = Callable[[Form, str, Wordlists, list[Fault]], Row]
_READERS: Mapping[str, Reader] = {
    "name": _line,
    "headline": _line,
    "summary": _text,
    "skills": read_labels,
    "soft_skills": read_labels,
    "sectors": read_labels,
    "countries": read_countries,
    "languages": read_languages,
    "based_in": _based_in,
    "city": _line,
    "day_rate": _day_rate,
    "references": _references,
    "visible": _visible,
}


def read_number(text: str) -> Decimal | None:
    """Return a number as people write it, with a comma and spaces if they like; None for what is none."""
    try:
        number = Decimal(_SPACES.sub("", text).replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() <= _MOST_DIGITS else None


def read_lines(text: str) -> list[str]:
    """Return the lines in which something stands, without spaces that nobody sees."""
    return list(_nonempty(_SPACES.sub(" ", line).strip() for line in text.splitlines()))


def _nonempty(parts: Iterable[str]) -> Iterator[str]:
    return (part for part in parts if part)


def _fault(detail: Any, said: Row, form: Form) -> Fault:
    """Return a complaint of the record's check as a fault of the form's field, with what was typed there."""
    path = [part for part in detail["loc"] if not str(part).startswith("function-")]
    name, code = str(path[0]), str(detail["type"])
    typed = detail.get("input")
    shown = typed[:80] if isinstance(typed, str) else ""
    if name == "day_rate":
        return Fault(f"day_rate_{path[1] if len(path) > 1 else 'amount'}", code, shown)
    if name == "references" and len(path) > 2:
        whole = [number for number, parts in _filled_references(form).items() if all(parts.values())]
        return Fault(f"reference_{whole[path[1]]}_{path[2]}", code, shown)
    if name == "available":
        name = "availability"
    return Fault(name, code, shown if said.get(name) is not None else "")
