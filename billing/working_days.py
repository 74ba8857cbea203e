"""Days on which transfers move, and when one that is sent today is seen (mission row S20). Pure.

Euro transfers are settled through the Eurosystem's TARGET, which is closed on weekends and six holidays: 1 January,
Good Friday, Easter Monday, 1 May, 25 and 26 December (ECB, "TARGET working days"). National holidays, such as
14 July, do not stop them.
"""

from datetime import date, timedelta

WIRE_DAYS = 2
"""Working days that a wire may take."""
_FIXED = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
_DAY = timedelta(days=1)
_SATURDAY = 5


def easter(year: int) -> date:
    """Return Easter Sunday (Gregorian; the algorithm of Meeus, Jones and Butcher)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leaps, leap_rest = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * leap_rest + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def is_working(day: date) -> bool:
    """Tell whether transfers are settled on a day."""
    is_easter = day - easter(day.year) in {-2 * _DAY, _DAY}
    return day.weekday() < _SATURDAY and (day.month, day.day) not in _FIXED and not is_easter


def after(day: date, count: int) -> date:
    """Return the day that is some working days later; what begins on another day begins on the next working day."""
    while not is_working(day):
        day += _DAY
    for _ in range(count):
        day += _DAY
        while not is_working(day):
            day += _DAY
    return day


def send_by(needed_on: date) -> date:
    """Return the last day on which a wire may be sent so that it is seen by another day."""
    day = needed_on
    while not is_working(day) or wire_seen_on(day) > needed_on:
        day -= _DAY
    return day


def wire_seen_on(sent_on: date) -> date:
    """Return by when a wire that is sent on a day is seen here."""
    return after(sent_on, WIRE_DAYS)
