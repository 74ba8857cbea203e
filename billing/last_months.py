"""The months that figures of money are told by: the last ones up to today's, by the clocks of France. Pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Paris")
"""Where amounts are booked: a payment of New Year's night is the new year's."""
COUNT = 12


def until(today: date, count: int = COUNT) -> list[date]:
    """Return the first days of the last months, the oldest first and today's month at the end."""
    whole = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(whole - count + 1, whole + 1)]


def month_of(at: datetime) -> date:
    """Return the first day of an instant's month."""
    return at.astimezone(ZONE).date().replace(day=1)
