"""Reading a quote as it was typed. Pure: the fields of the editor in, the content or every fault out.

A draft is kept as it was typed, faults and all, under the names of the form's fields: `days_1_label`, `step_2_from`.
Rows that nothing was written in count for nothing; the others keep their order.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP
from typing import Any

from booking import quote_contents as contents
from booking.models.missions import Portage
from booking.models.quotes import QuoteKind
from booking.quote_contents import Content, Days, Item, Mention, Step
from booking.quote_fields import Reader
from foundation.errors import Invalid
from foundation.i18n import Language

Form = Mapping[str, str]
LISTS = ("objectives", "deliverables", "skills")
TEXTS = ("terms", "specifics", "means", "strengths", "personal_message")
CHOSEN_MENTIONS = "chosen_mentions"
"""Ids of reusable mentions, apart by spaces."""
OWN_MENTION = "own_mention"
SINGLE = (
    *("kind", "title", *LISTS, *TEXTS, "starts_on", "ends_on", "valid_until", "day_rate", "currency"),
    *("portage", "portage_company", "own_rate", CHOSEN_MENTIONS, OWN_MENTION),
    *("client_country", "client_address", "client_vat_number", "client_is_person"),
)
ROWS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "step": (contents.MOST_STEPS, ("name", "from", "until")),
    "days": (contents.MOST_LINES, ("label", "number")),
    "item": (contents.MOST_LINES, ("label", "amount")),
}
"""Fields that come in numbered rows: how many rows there may be, and what each asks."""
_ROW = re.compile(r"(step|days|item)_([1-9][0-9]?)_([a-z]+)")
LONGEST_VALIDITY = timedelta(days=366)
LONGEST_MISSION = timedelta(days=5 * 366)


def cleaned(form: Form) -> dict[str, str]:
    """Return those fields of a posted form that an editor has, as they were typed."""
    return {name: value for name, value in form.items() if name in SINGLE or _is_of_a_row(name)}


def rows(form: Form, kind: str) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a kind in which something was written, with their numbers, in order."""
    most, names = ROWS[kind]
    found = [(number, _row(form, kind, number, names)) for number in range(1, most + 1)]
    return [(number, row) for number, row in found if any(row.values())]


def read(
    form: Form,
    language: Language,
    *,
    kind: QuoteKind | None,
    mentions: Mapping[str, Mention],
    today: date,
    starts_from: date,
) -> Content:
    """Return the content; raise Invalid with every fault, in the reader's words, under the names of the fields.

    `kind` is the quote's own where it may not be chosen; `mentions` are the expert's by id; `starts_from` is the first
    day on which the mission may begin.
    """
    reader = Reader(form, language)
    starts_on, ends_on = reader.day("starts_on"), reader.day("ends_on")
    valid_until = reader.day("valid_until")
    longest = LONGEST_MISSION if kind is QuoteKind.MONTH else LONGEST_VALIDITY
    _check_days(reader, starts_on, ends_on, valid_until, today, starts_from, longest)
    day_rate_cents = reader.amount("day_rate", contents.HIGHEST_RATE_CENTS)
    days, items = _days(reader), _items(reader)
    if not (rows(form, "days") or rows(form, "item")):
        reader.fault("days_1_label", "no_price")
    if rows(form, "days") and day_rate_cents is None and not reader.has_fault("day_rate"):
        reader.fault("day_rate", "no_rate")
    portage = reader.choice("portage", Portage, Portage.NONE)
    found: dict[str, Any] = {
        "kind": kind or reader.choice("kind", QuoteKind, QuoteKind.MISSION),
        "title": reader.line("title", contents.LONGEST_TITLE, is_needed=True),
        "objectives": reader.lines("objectives", is_needed=True),
        "deliverables": reader.lines("deliverables", is_needed=True),
        "skills": reader.lines("skills", contents.LONGEST_LABEL, contents.MOST_SKILLS),
        **{name: reader.text(name) for name in TEXTS},
        "roadmap": _roadmap(reader, starts_on, ends_on),
        "mentions": _mentions(reader, mentions),
        "currency": reader.one_of("currency", contents.CURRENCIES),
        "day_rate_cents": day_rate_cents,
        "days": days,
        "items": items,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "valid_until": valid_until,
        "portage": portage,
        "portage_company": reader.line("portage_company", contents.LONGEST_LABEL, is_needed=portage is Portage.OWN),
        "payment": "escrow_in_full" if portage is Portage.NONE else "portage_company",
    }
    if portage is Portage.NONE:
        found["portage_company"] = ""
    net_cents = sum(line.half_days * (day_rate_cents or 0) // 2 for line in days) + sum(item.cents for item in items)
    if net_cents > contents.HIGHEST_NET_CENTS:
        reader.fault("item_1_amount" if items else "days_1_number", "too_much")
    if reader.faults:
        raise Invalid(reader.faults)
    return Content.model_validate(found)


def figures(form: Form) -> tuple[int | None, tuple[Days, ...], tuple[Item, ...]]:
    """Return the day rate and the lines as far as they can be read, for reckoning along while somebody types."""
    reader = Reader(form, "en")
    return reader.amount("day_rate", contents.HIGHEST_RATE_CENTS), _days(reader), _items(reader)


def own_rate_bp(form: Form, language: Language) -> int | None:
    """Return the tax rate that a seller outside the Union charges at home; None where nothing was said."""
    reader = Reader(form, language)
    percent = reader.number("own_rate", "no_percent")
    if percent is not None and not 0 <= percent <= 50:
        reader.fault("own_rate", "no_percent")
    if reader.faults:
        raise Invalid(reader.faults)
    return None if percent is None else int((percent * 100).to_integral_value(ROUND_HALF_UP))


def _check_days(
    reader: Reader,
    starts_on: date | None,
    ends_on: date | None,
    valid_until: date | None,
    today: date,
    starts_from: date,
    longest_validity: timedelta,
) -> None:
    if starts_on and starts_on < starts_from:
        reader.fault("starts_on", "past")
    if starts_on and starts_on > today + LONGEST_MISSION:
        reader.fault("starts_on", "too_late")
    if starts_on and ends_on and ends_on < starts_on:
        reader.fault("ends_on", "before_start")
    if starts_on and ends_on and ends_on > starts_on + LONGEST_MISSION:
        reader.fault("ends_on", "too_late")
    if valid_until and valid_until < today:
        reader.fault("valid_until", "past")
    if valid_until and valid_until > today + longest_validity:
        reader.fault("valid_until", "too_late")


def _roadmap(reader: Reader, starts_on: date | None, ends_on: date | None) -> tuple[Step, ...]:
    found: list[Step] = []
    for number, _ in rows(reader.form, "step"):
        field = f"step_{number}"
        name = reader.line(f"{field}_name", contents.LONGEST_LABEL, is_needed=True)
        begins, ends = reader.day(f"{field}_from"), reader.day(f"{field}_until")
        if begins is None or ends is None:
            continue
        if ends < begins:
            reader.fault(f"{field}_until", "before_start")
        elif starts_on and ends_on and not starts_on <= begins <= ends <= ends_on:
            reader.fault(f"{field}_from" if begins < starts_on else f"{field}_until", "outside")
        found.append(Step(name=name, starts_on=begins, ends_on=ends))
    return tuple(found)


def _days(reader: Reader) -> tuple[Days, ...]:
    found: list[Days] = []
    for number, row in rows(reader.form, "days"):
        label = reader.line(f"days_{number}_label", contents.LONGEST_LABEL, is_needed=True)
        half_days = reader.half_days(f"days_{number}_number")
        if half_days is None and not row["number"]:
            reader.fault(f"days_{number}_number", "missing")
        found += [Days(label=label, half_days=half_days)] if half_days else []
    return tuple(found)


def _items(reader: Reader) -> tuple[Item, ...]:
    found: list[Item] = []
    for number, row in rows(reader.form, "item"):
        label = reader.line(f"item_{number}_label", contents.LONGEST_LABEL, is_needed=True)
        cents = reader.amount(f"item_{number}_amount", contents.HIGHEST_NET_CENTS)
        if cents is None and not row["amount"]:
            reader.fault(f"item_{number}_amount", "missing")
        found += [Item(label=label, cents=cents)] if cents else []
    return tuple(found)


def _mentions(reader: Reader, known: Mapping[str, Mention]) -> tuple[Mention, ...]:
    chosen = [known[one] for one in reader.form.get(CHOSEN_MENTIONS, "").split() if one in known]
    own = reader.text(OWN_MENTION)
    if len(chosen) > contents.MOST_MENTIONS:
        reader.fault(CHOSEN_MENTIONS, "too_many", most=contents.MOST_MENTIONS)
    return (*chosen, *([Mention(title="", text=own)] if own else []))


def _row(form: Form, kind: str, number: int, names: Iterable[str]) -> dict[str, str]:
    return {name: form.get(f"{kind}_{number}_{name}", "").strip() for name in names}


def _is_of_a_row(name: str) -> bool:
    found = _ROW.fullmatch(name)
    return bool(found) and int(found[2]) <= ROWS[found[1]][0] and found[3] in ROWS[found[1]][1]
