"""Reading one field of a quote's form after the other, and gathering what is wrong, in the reader's words. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from booking import quote_contents as contents
from foundation.errors import Fault
from foundation.i18n import Language, message, translate

_SPACES = re.compile(r"\s+")
_SAID = {
    "missing": message("Please fill this in."),
    "too_long": message("This is too long: %(most)s characters at most."),
    "too_many": message("These are too many: %(most)s at most."),
    "no_amount": message("Please write an amount, like 650 or 650,50."),
    "too_much": message("This amount is too high."),
    "no_days": message("Please write days, like 3 or 2,5: whole and half days are possible."),
    "no_date": message("Please give the day, like 2026-12-31."),
    "no_choice": message("Please choose one of what is offered."),
    "past": message("This day is over."),
    "too_late": message("This day is too far away."),
    "before_start": message("The end can’t come before the beginning."),
    "outside": message("This step lies outside the mission’s dates."),
    "no_price": message("A quote needs a price: days of work, or an item."),
    "no_rate": message("Please give the day rate that these days are reckoned with."),
    "no_percent": message("Please write a rate in percent, like 8,1, and 50 at most."),
}


def said(code: str, language: Language, **values: object) -> str:
    """Return what is wrong, in words."""
    return translate(language, _SAID[code], **values)


class Reader:
    """Reads fields, and gathers what is wrong with them."""

    def __init__(self, form: Mapping[str, str], language: Language) -> None:
        self.form = form
        self._language: Language = language
        self.faults: list[Fault] = []

    def fault(self, field: str, code: str, **values: object) -> None:
        """Note what is wrong with a field."""
        self.faults.append(Fault(field, code, said(code, self._language, **values)))

    def has_fault(self, field: str) -> bool:
        """Tell whether something is wrong with a field already."""
        return any(fault.field == field for fault in self.faults)

    def text(self, name: str, *, is_needed: bool = False) -> str:
        """Return a text of several lines."""
        text = self.form.get(name, "").strip()
        if is_needed and not text:
            self.fault(name, "missing")
        if len(text) > contents.LONGEST_TEXT:
            self.fault(name, "too_long", most=contents.LONGEST_TEXT)
        return text

    def line(self, name: str, longest: int, *, is_needed: bool = False) -> str:
        """Return a text of one line."""
        text = _one_line(self.form.get(name, ""))
        if is_needed and not text:
            self.fault(name, "missing")
        if len(text) > longest:
            self.fault(name, "too_long", most=longest)
        return text

    def lines(
        self, name: str, longest: int = contents.LONGEST_ITEM, most: int = contents.MOST_ITEMS, is_needed: bool = False
    ) -> tuple[str, ...]:
        """Return what stands on the lines of a field, each once."""
        found = tuple(dict.fromkeys(filter(None, map(_one_line, self.form.get(name, "").split("\n")))))
        if is_needed and not found:
            self.fault(name, "missing")
        if len(found) > most:
            self.fault(name, "too_many", most=most)
        elif any(len(item) > longest for item in found):
            self.fault(name, "too_long", most=longest)
        return found

    def day(self, name: str) -> date | None:
        """Return a day, which is needed."""
        typed = self.form.get(name, "").strip()
        try:
            return date.fromisoformat(typed)
        except ValueError:
            self.fault(name, "no_date" if typed else "missing")
            return None

    def number(self, name: str, code: str) -> Decimal | None:
        """Return a number that is not negative, with a comma or a point; None where there is none."""
        typed = _SPACES.sub("", self.form.get(name, "")).replace(",", ".")
        if not typed:
            return None
        try:
            found = Decimal(typed) if re.fullmatch(r"[0-9.]{1,15}", typed) and typed.isascii() else None
        except InvalidOperation:
            found = None
        if found is None:
            self.fault(name, code)
        return found

    def amount(self, name: str, highest_cents: int) -> int | None:
        """Return an amount above zero in cents."""
        found = self.number(name, "no_amount")
        if found is None:
            return None
        cents = found * 100
        if cents != cents.to_integral_value() or cents <= 0:
            self.fault(name, "no_amount")
            return None
        if cents > highest_cents:
            self.fault(name, "too_much")
            return None
        return int(cents)

    def half_days(self, name: str) -> int | None:
        """Return a number of days, in halves."""
        found = self.number(name, "no_days")
        if found is None:
            return None
        doubled = found * 2
        if doubled != doubled.to_integral_value() or not 0 < doubled <= contents.MOST_HALF_DAYS:
            self.fault(name, "no_days")
            return None
        return int(doubled)

    def choice(self, name: str, choices: Callable[[str], Any], default: Any) -> Any:
        """Return a choice of an enumeration."""
        typed = self.form.get(name, "")
        try:
            return choices(typed) if typed else default
        except ValueError:
            self.fault(name, "no_choice")
            return default

    def one_of(self, name: str, choices: Sequence[str]) -> str:
        """Return one of some texts, the first where nothing was said."""
        typed = self.form.get(name, "") or choices[0]
        if typed not in choices:
            self.fault(name, "no_choice")
        return typed


def _one_line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
