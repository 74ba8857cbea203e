"""The only place that reads the time; decisions receive it as an argument."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """Return the present instant, always in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Return the present date in UTC, for rules that count in days."""
    return now().date()
