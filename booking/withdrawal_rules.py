"""Until when a private client may withdraw from a contract that was made at a distance. Pure.

Fourteen days, of which the day of signing is none (code de la consommation, L. 221-18 and L. 221-19).
"""

from datetime import date, timedelta

from billing import working_days

WITHDRAWAL = timedelta(days=14)
_DAY = timedelta(days=1)
_SATURDAY = 5
_FIXED = frozenset({(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)})
_AFTER_EASTER = frozenset({1, 39, 50})
"""Easter Monday, Ascension, Whit Monday: with the fixed days, the holidays of France (code du travail, L. 3133-1)."""


def last_day(signed_on: date) -> date:
    """Return the last day; one that would be a Saturday, a Sunday or a holiday is put off to the next working day."""
    day = signed_on + WITHDRAWAL
    while day.weekday() >= _SATURDAY or is_holiday(day):
        day += _DAY
    return day


def is_holiday(day: date) -> bool:
    """Tell whether a day is a holiday in France."""
    return (day.month, day.day) in _FIXED or (day - working_days.easter(day.year)).days in _AFTER_EASTER


def first_day(starts_on: date | None, signed_on: date) -> date | None:
    """Return the day from which on work may begin: once nobody can withdraw any more; None where it may at once.

    Who signs for work that begins earlier is asked to say so (L. 221-25), and can't sign otherwise.
    """
    return None if is_early(starts_on, signed_on) else last_day(signed_on) + _DAY


def is_early(starts_on: date | None, signed_on: date) -> bool:
    """Tell whether work that begins on a day, or at once, begins before the days of withdrawal are over."""
    return starts_on is None or starts_on <= last_day(signed_on)
