"""Availability that expires: what nobody confirms is no longer said (mission row S1 shows who *is* available)."""

from datetime import date, timedelta

from accounts.models.experts import Expert

LASTS = timedelta(days=30)
"""A mission is agreed within weeks: who said "available" longer ago may well have taken one since."""
ASKED_BEFORE = timedelta(days=5)
"""How long before the end its owner is asked, so that a week away costs nobody anything."""


def ends_on(expert: Expert) -> date | None:
    """Return the last day on which "available" counts as confirmed; None for who is not, or has no owner to ask.

    Who is available from a day to come has said so for that day: it lapses as long after.
    """
    confirmed_on = expert.availability_confirmed_on
    if confirmed_on is None or not expert.is_available:
        return None
    return max(confirmed_on, expert.available_from or confirmed_on) + LASTS
