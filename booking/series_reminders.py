"""What comes due for series by the clock: reminders to both sides, and the end of what is over (mission row S18).

Some days before a month ends the expert is asked to report it, the client to validate; some days before the next one
begins both hear that it is not accepted yet. Each reminder is one mail, however often somebody looks.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from booking import mission_news, quotes, series_checks, series_rows
from booking.lifecycle import SERIES, MissionState, Party, QuoteState, SeriesEvent, SeriesState
from booking.models.missions import Mission, Series
from booking.models.quotes import Quote, QuoteVersion
from booking.series_rows import Month
from foundation import audits, lifecycles
from foundation.database import Database
from foundation.settings import Reminders

_WAITING = (QuoteState.DRAFT, QuoteState.SENT, QuoteState.AMENDED)
_DONE = (MissionState.VALIDATED, MissionState.CLOSED, MissionState.CANCELLED)


def look_after(database: Database, settings: Reminders, at: datetime) -> None:
    """Owe the reminders that are due, and end the series that are over. May be repeated at any time."""
    today = series_checks.day_of(at)
    database.write(lambda session: _remind(session, settings, today, at))
    with database.reading() as session:
        is_open = col(Series.state) == SeriesState.OPEN.value
        ids = session.execute(select(col(Series.id)).where(is_open).order_by(col(Series.id))).scalars().all()
        over = [series_id for series_id in ids if is_over(series_rows.months(session, series_id), today)]
    for series_id in over:
        database.write(lambda session, series_id=series_id: _end(session, series_id, today, at))


def is_over(months: list[Month], on: date) -> bool:
    """Tell whether the last month of a series is over, and nothing of it waits for anybody. Pure."""
    if any(month.state in _WAITING for month in months):
        return False
    if any(month.mission and month.mission.state not in _DONE for month in months):
        return False
    may_come = [month for month in months if month.state in (QuoteState.EXPIRED, QuoteState.ACCEPTED)]
    return all(month.last is not None and month.last < on for month in may_come)


def _end(session: Session, series_id: str, on: date, at: datetime) -> None:
    found = series_rows.hold(session, series_id)
    if found.state == SeriesState.OPEN and is_over(series_rows.months(session, series_id), on):
        lifecycles.move(session, SERIES, found, SeriesEvent.END, Party.SYSTEM, actor=audits.SYSTEM, at=at)


def _remind(session: Session, settings: Reminders, today: date, at: datetime) -> None:
    note = {"fr": settings.note_fr, "en": settings.note_en}
    for mission in _ending(session, today, timedelta(days=settings.month_end_days)):
        told: dict[str, Any] = {
            "key": str(mission.ends_on),
            "at": at,
            "day": mission.ends_on,
            "anchor": "report",
            "notes": note,
        }
        if mission.state == MissionState.IN_PROGRESS:
            mission_news.tell_expert(session, mission, "month_ends", **told)
        mission_news.tell_client(session, mission, "month_ends_client", **told)
    for quote, starts_on in _beginning(session, today, timedelta(days=settings.next_month_days)):
        key = f"{quote.id} {starts_on}"
        quotes.tell_client(session, quote, "next_month_waits", key=key, at=at)
        quotes.tell_expert(session, quote, "next_month_waits_expert", key=key, at=at)


def _ending(session: Session, today: date, before: timedelta) -> list[Mission]:
    """Return the months that end soon, and are not validated."""
    statement = select(Mission).where(
        col(Mission.series_id).is_not(None),
        col(Mission.state).in_([MissionState.IN_PROGRESS.value, MissionState.REPORTED.value]),
        col(Mission.ends_on).between(today, today + before),
    )
    return list(session.execute(statement.order_by(col(Mission.id))).scalars())


def _beginning(session: Session, today: date, before: timedelta) -> list[tuple[Quote, date]]:
    """Return the months that begin soon, still wait for the client, and were not sent just today."""
    statement = (
        select(Quote, col(QuoteVersion.starts_on))
        .join(
            QuoteVersion, (col(QuoteVersion.quote_id) == Quote.id) & (col(QuoteVersion.number) == Quote.latest_version)
        )
        .where(
            col(Quote.series_id).is_not(None),
            col(Quote.state) == QuoteState.SENT.value,
            col(QuoteVersion.starts_on).between(today + timedelta(days=1), today + before),
        )
        .order_by(col(Quote.id))
    )
    found = [(quote, starts_on) for quote, starts_on in session.execute(statement)]
    return [
        (quote, day) for quote, day in found if day and quote.sent_at and series_checks.day_of(quote.sent_at) < today
    ]
