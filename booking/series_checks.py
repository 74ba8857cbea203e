"""What holds for a month of a series besides what holds for any quote (mission rows S15, S18).

A series is one long mission: no two of its months share a day, the day rate stays once a month was signed, each month
is accepted before it begins and after those that come before it, and nothing goes on once it was stopped.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from sqlalchemy.orm import Session

from accounts.audience_days import ZONE
from booking import series_rows
from booking.lifecycle import QuoteState, SeriesState
from booking.models.missions import Series
from booking.models.quotes import Quote, QuoteVersion
from booking.quote_contents import Content
from booking.series_plans import DAY, Span
from booking.series_rows import Month
from foundation.errors import Fault
from foundation.i18n import Language, long_date, message, translate

LONGEST_MONTH = timedelta(days=31)


class Obstacle(StrEnum):
    """Why a month can't be accepted."""

    BEGUN = "begun"
    STOPPED = "stopped"
    EARLIER = "earlier"
    """A month that comes before waits for its answer."""
    RATE = "rate"
    """What is signed of the series has another day rate."""


_OBSTACLES = {
    Obstacle.BEGUN: message("This month is to be accepted before it begins: please ask the expert for a new quote."),
    Obstacle.STOPPED: message("The long mission was stopped: this month does not take place."),
    Obstacle.EARLIER: message("Months are accepted in their order. This one comes first: “%(title)s”."),
    Obstacle.RATE: message("You have signed another day rate, and it stays: please ask the expert to amend the quote."),
}


def faults(session: Session, quote: Quote, content: Content, language: Language, *, on: date) -> list[Fault]:
    """Return what keeps a quote from being sent as a month of its series; nothing for a quote of no series."""
    if quote.series_id is None:
        return []
    series = session.get_one(Series, quote.series_id)
    others = [month for month in series_rows.months(session, series.id) if month.quote.id != quote.id]
    found: list[Fault] = []

    def refuse(field: str, reason: str, **values: object) -> None:
        found.append(Fault(field, "refused", translate(language, reason, **values)))

    if quote.accepted_version is None:
        _check_unsigned(content, on, language, refuse)
    if clash := clashing(Span(content.starts_on, content.ends_on), others):
        refuse("starts_on", message("These days are taken by another month: “%(title)s”."), title=title_of(clash))
    if series.stops_after and content.ends_on > series.stops_after:
        last = long_date(series.stops_after, language)
        refuse("ends_on", message("The long mission was stopped: nothing of it goes on after %(day)s."), day=last)
    if series.state == SeriesState.ENDED:
        refuse("form", message("The long mission has ended. Add months to it instead."))
    signed = signed_rates(others)
    if content.day_rate_cents is not None and signed and (content.currency, content.day_rate_cents) not in signed:
        refuse(
            "day_rate",
            message("The day rate is signed: it stays for the whole long mission. Another one needs a new proposal."),
        )
    return found


def clashing(span: Span, others: Sequence[Month]) -> Month | None:
    """Return the first month that takes one of some days. Pure."""
    return next((month for month in others if any(taken.meets(span) for taken in month.taken)), None)


def signed_rates(months: Sequence[Month]) -> set[tuple[str, int]]:
    """Return the day rates that were signed, with their currencies; one, where the rules held. Pure."""
    versions = [month.signed for month in months if month.signed]
    return {(one.currency, one.day_rate_cents) for one in versions if one.day_rate_cents is not None}


def obstacle(
    series: Series, months: Sequence[Month], quote: Quote, version: QuoteVersion, on: date
) -> tuple[Obstacle, Month | None] | None:
    """Return why a month's quote can't be accepted for the first time, with the month that is in the way. Pure."""
    if version.starts_on is None or version.starts_on <= on:
        return Obstacle.BEGUN, None
    if series.stops_after and version.starts_on > series.stops_after:
        return Obstacle.STOPPED, None
    others = [month for month in months if month.quote.id != quote.id]
    # One whose first day has come can't be accepted any more, and is in nobody's way.
    waiting = [month for month in others if month.state is QuoteState.SENT and month.first and on < month.first]
    if earlier := next((month for month in waiting if month.first and month.first < version.starts_on), None):
        return Obstacle.EARLIER, earlier
    signed = signed_rates(others)
    if version.day_rate_cents is not None and signed and (version.currency, version.day_rate_cents) not in signed:
        return Obstacle.RATE, None
    return None


def why_not(session: Session, quote: Quote, version: QuoteVersion, at: datetime, language: Language) -> Fault | None:
    """Return why a quote can't be accepted as a month of its series, in words; None where nothing is in the way.

    What is signed is amended like any quote. Days are those of Paris, by which months begin.
    """
    if quote.series_id is None or quote.accepted_version is not None:
        return None
    series, months = session.get_one(Series, quote.series_id), series_rows.months(session, quote.series_id)
    found = obstacle(series, months, quote, version, day_of(at))
    if found is None:
        return None
    code, month = found
    values = {"title": title_of(month)} if month else {}
    return Fault("version", code.value, translate(language, _OBSTACLES[code], **values))


def is_blocked(session: Session, quote: Quote, version: QuoteVersion, on: date) -> bool:
    """Tell whether a quote can't be accepted as a month of its series."""
    if quote.series_id is None or quote.accepted_version is not None:
        return False
    series, months = session.get_one(Series, quote.series_id), series_rows.months(session, quote.series_id)
    return obstacle(series, months, quote, version, on) is not None


def day_of(at: datetime) -> date:
    """Return the day by which months begin."""
    return at.astimezone(ZONE).date()


def title_of(month: Month) -> str:
    """Return what a month is called: as it was sent last, or as its draft calls it."""
    return str(month.latest.content["title"] if month.latest else month.quote.draft.get("title", ""))


class _Refuse(Protocol):
    def __call__(self, field: str, reason: str, **values: object) -> None: ...


def _check_unsigned(content: Content, on: date, language: Language, refuse: _Refuse) -> None:
    """Check the days of a month that was not signed yet; what is signed may be prolonged like any quote (S15)."""
    if content.starts_on <= on:
        refuse("starts_on", message("A month begins tomorrow at the earliest: it is accepted before it begins."))
    elif content.valid_until >= content.starts_on:
        last = long_date(content.starts_on - DAY, language)
        refuse("valid_until", message("A month is accepted before it begins: until %(day)s at the latest."), day=last)
    if content.ends_on >= content.starts_on + LONGEST_MONTH:
        refuse("ends_on", message("A month lasts 31 days at most. For more, add a month to the long mission."))
