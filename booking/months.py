"""Counting in months, as periods of law do. Pure."""

from calendar import monthrange
from datetime import date


def later(day: date, count: int) -> date:
    """Return the same day some months later, or the last one of a month that is too short for it.

    A count below zero looks back.
    """
    years, month = divmod(day.month - 1 + count, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def between(first: date, last: date) -> int:
    """Return how many whole months have gone by from one day to another that is not before it."""
    count = (last.year - first.year) * 12 + last.month - first.month
    return count if later(first, count) <= last else count - 1
