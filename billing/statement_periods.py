"""The months and years that statements of account are made for, by the clocks of France. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from billing.last_months import ZONE
from foundation.errors import Fault, Invalid

_SAID = re.compile(r"(\d{4})(?:-(\d\d))?", re.ASCII)
FIRST_YEAR, LAST_YEAR = 2000, 2999
"""Outside of them nothing was ever paid."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar month, or a whole year."""

    year: int
    month: int | None = None

    @property
    def said(self) -> str:
        """Return it as addresses and commands write it, such as 2026-11 or 2026."""
        return f"{self.year:04}" if self.month is None else f"{self.year:04}-{self.month:02}"

    @property
    def first(self) -> date:
        """Return its first day."""
        return date(self.year, self.month or 1, 1)

    @property
    def after(self) -> date:
        """Return the day after its last."""
        if self.month is None or self.month == 12:
            return date(self.year + 1, 1, 1)
        return date(self.year, self.month + 1, 1)

    @property
    def since(self) -> datetime:
        """Return the instant at which it begins."""
        return _midnight(self.first)

    @property
    def before(self) -> datetime:
        """Return the instant at which it is over."""
        return _midnight(self.after)

    @property
    def whole_year(self) -> "Period":
        """Return the year that it is or lies in."""
        return Period(self.year)


def read(said: str, field: str = "period") -> Period:
    """Return the period that an address or a command says; raise Invalid."""
    found = _SAID.fullmatch(said)
    if found and FIRST_YEAR <= int(found[1]) <= LAST_YEAR and 1 <= int(found[2] or 1) <= 12:
        return Period(int(found[1]), int(found[2]) if found[2] else None)
    raise Invalid([Fault(field, "bad_period", f"{said!r} is no period: one such as 2026-11 or 2026 is expected")])


def month_of(at: datetime) -> Period:
    """Return the month of an instant."""
    day = at.astimezone(ZONE).date()
    return Period(day.year, day.month)


def day_of(at: datetime) -> date:
    """Return the day on which an instant is booked."""
    return at.astimezone(ZONE).date()


def quarter_of(at: datetime) -> int:
    """Return the quarter of an instant, from 1 to 4."""
    return (at.astimezone(ZONE).month + 2) // 3


def between(first: datetime | None, today: datetime) -> Sequence[tuple[Period, Sequence[Period]]]:
    """Return each year with its months from an instant to today's, the latest first."""
    last = month_of(today)
    begin = min(month_of(first), last) if first else last
    years: list[tuple[Period, Sequence[Period]]] = []
    for year in range(last.year, begin.year - 1, -1):
        months = [Period(year, month) for month in range(12, 0, -1)]
        years.append((Period(year), [month for month in months if begin <= month <= last]))
    return years


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)
