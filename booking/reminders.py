"""What comes due for missions by the clock: work that begins on its day, and reminders of what a mission waits for.

Each reminder is one mail for each of its days, however often somebody looks; days that nobody looked on are not made
up for. Days are those of Paris, where the installation is. Nothing is ever validated or released here (row S22).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.audience_days import ZONE
from booking import mission_news, missions, reports
from booking.lifecycle import MissionState
from booking.models.missions import Mission, Portage
from booking.models.reports import Report
from foundation.database import Database
from foundation.settings import Reminders

Remind = Callable[[Session, Mission, str, datetime], object]


def last_due(since: date, days: Sequence[int], every_days: int, on: date) -> int | None:
    """Return the last of the days after `since` on which a reminder was due, counted in days; None before the first.

    Pure. After the last of `days` one is due every `every_days`.
    """
    passed = (on - since).days
    if passed >= days[-1]:
        return days[-1] + (passed - days[-1]) // every_days * every_days
    return max((day for day in days if day <= passed), default=None)


def look_after(database: Database, settings: Reminders, at: datetime) -> None:
    """Begin what begins by itself, and owe the reminders that are due. May be repeated at any time."""
    today = at.astimezone(ZONE).date()
    with database.reading() as session:
        to_start = list(missions.to_start(session, today))
    for mission_id in to_start:
        database.write(lambda session, mission_id=mission_id: missions.start_due(session, mission_id, at=at))
    database.write(lambda session: _remind_all(session, settings, at, today))


def _remind_all(session: Session, settings: Reminders, at: datetime, today: date) -> None:
    note = {"fr": settings.note_fr, "en": settings.note_en}
    waits_for_funds = (_is(MissionState.AWAITING_FUNDS), col(Mission.portage) == Portage.NONE.value)
    for mission in _all(session, *waits_for_funds):
        due = last_due(_day(mission.made_at), settings.funds_days, settings.every_days, today)
        if due is not None:
            roles = mission_news.PAYERS
            mission_news.tell_client(session, mission, "funds_reminder", key=str(due), at=at, roles=roles, notes=note)
    for mission in _all(session, _is(MissionState.IN_PROGRESS)):
        since = _day(mission.ended_at) if mission.ended_at else mission.ends_on
        due = last_due(since, settings.report_days, settings.every_days, today) if since else None
        if due is not None:
            number = len(reports.all_of(session, mission.id))
            key = f"{since} {number} {due}"
            mission_news.tell_expert(session, mission, "report_reminder", key=key, at=at, anchor="report", notes=note)
    for mission, report in _reported(session):
        due = last_due(_day(report.sent_at), settings.validation_days, settings.every_days, today)
        if due is not None:
            key = f"{report.id} {due}"
            mission_news.tell_client(
                session, mission, "validation_reminder", key=key, at=at, anchor="report", notes=note
            )


def _reported(session: Session) -> Iterable[tuple[Mission, Report]]:
    for mission in _all(session, _is(MissionState.REPORTED)):
        if report := reports.last(session, mission.id):
            yield mission, report


def _all(session: Session, *conditions: ColumnElement[bool]) -> Sequence[Mission]:
    return session.execute(select(Mission).where(*conditions).order_by(col(Mission.id))).scalars().all()


def _is(state: MissionState) -> ColumnElement[bool]:
    return col(Mission.state) == state.value


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()
