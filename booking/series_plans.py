"""How a draft becomes the drafts of months (mission row S18). Pure: the fields of one form in, those of each month out.

A draft for the whole work is divided: days and fixed prices are shared out, each step stands in the months that it
lies in. A draft for one month is repeated: its lines stay, its steps move along.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from babel.dates import format_date

from booking import months, quote_forms
from booking.quote_contents import HIGHEST_NET_CENTS, LONGEST_TITLE
from booking.quote_fields import Reader
from foundation.i18n import Language

DAY = timedelta(days=1)
MOST_MONTHS = 24
"""That are proposed at once."""
ADVISED_FROM = 3
"""Months from which the source advises monthly quotes."""


@dataclass(frozen=True, slots=True)
class Span:
    """From which day to which, both included."""

    first: date
    last: date

    def meets(self, other: "Span") -> bool:
        """Tell whether the two have a day in common."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Plan:
    """How many months, from which day on, and whether the draft is for all of them or for each."""

    count: int
    first: date
    is_whole: bool = False


def spans(first: date, count: int) -> list[Span]:
    """Return months one after the other: each begins on the same day, or on the last one of a shorter month."""
    starts = [months.later(first, number) for number in range(count + 1)]
    return [Span(begins, next_one - DAY) for begins, next_one in pairwise(starts)]


def is_advised(starts_on: date, ends_on: date) -> bool:
    """Tell whether a mission is so long that monthly quotes are advised."""
    return months.later(starts_on, ADVISED_FROM) <= ends_on + DAY


def months_between(starts_on: date, ends_on: date) -> int:
    """Return how many months a mission takes, the last one begun included."""
    return next(number for number in range(1, 1_000) if months.later(starts_on, number) > ends_on)


def shared(total: int, count: int) -> list[int]:
    """Return a whole number in parts that differ by one at most, the larger ones first."""
    return [total // count + (number < total % count) for number in range(count)]


def forms(draft: Mapping[str, str], title: str, plan: Plan, language: Language) -> list[dict[str, str]]:
    """Return the form of each month, to be accepted until the day before it begins."""
    found = spans(plan.first, plan.count)
    starts_on, ends_on = _day(draft.get("starts_on", "")), _day(draft.get("ends_on", ""))
    if plan.is_whole and ends_on and found[-1].first <= ends_on < found[-1].last:
        found[-1] = Span(found[-1].first, ends_on)
    made: list[dict[str, str]] = []
    for number, span in enumerate(found):
        form = {name: value for name, value in draft.items() if not name.startswith("step_")}
        form |= _steps(draft, span, 0 if plan.is_whole else _shift(starts_on, span.first))
        form |= {
            "title": titled(title, span.first, language),
            "starts_on": span.first.isoformat(),
            "ends_on": span.last.isoformat(),
            "valid_until": (span.first - DAY).isoformat(),
        }
        made.append(_share_of(form, number, plan.count) if plan.is_whole else form)
    return made


def titled(title: str, first: date, language: Language) -> str:
    """Return what a month is called."""
    name = format_date(first, "LLLL y", locale=language)
    return f"{title[: LONGEST_TITLE - len(name) - 3].rstrip()} – {name}" if title.strip() else name


def day_of(form: Mapping[str, str], name: str) -> date | None:
    """Return a day as it was typed, None where it can't be read."""
    return _day(form.get(name, ""))


def _shift(starts_on: date | None, first: date) -> int:
    """Return by how many months steps move along."""
    return (first.year - starts_on.year) * 12 + first.month - starts_on.month if starts_on else 0


def _steps(draft: Mapping[str, str], span: Span, shift: int) -> dict[str, str]:
    """Return the steps that lie in a month once they are moved along, cut to it."""
    found: list[tuple[str, Span]] = []
    for _, row in quote_forms.rows(draft, "step"):
        begins, ends = _day(row["from"]), _day(row["until"])
        if begins is None or ends is None:
            continue
        moved = Span(months.later(begins, shift), months.later(ends, shift))
        if moved.meets(span):
            found.append((row["name"], Span(max(moved.first, span.first), min(moved.last, span.last))))
    made: dict[str, str] = {}
    for number, (name, cut) in enumerate(found, start=1):
        made |= {
            f"step_{number}_name": name,
            f"step_{number}_from": cut.first.isoformat(),
            f"step_{number}_until": cut.last.isoformat(),
        }
    return made


def _share_of(form: dict[str, str], number: int, count: int) -> dict[str, str]:
    """Return a month's form with its share of each line; what can't be read stays, and is said when it is sent."""
    reader = Reader(form, "en")
    for kind, name in (("days", "number"), ("item", "amount")):
        for row, _ in quote_forms.rows(form, kind):
            field = f"{kind}_{row}_{name}"
            total = reader.half_days(field) if kind == "days" else reader.amount(field, HIGHEST_NET_CENTS)
            if total is None:
                continue
            part = shared(total, count)[number]
            form[field] = _written(Decimal(part) / (2 if kind == "days" else 100))
            if not part:
                form |= {f"{kind}_{row}_label": "", field: ""}
    return form


def _written(value: Decimal) -> str:
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None
