"""The dates of a mission, or of a series, as a calendar file (RFC 5545): the work, and each step of its roadmap."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from booking import agreements, series_rows
from booking.models.missions import Mission
from booking.models.quotes import QuoteVersion
from booking.series_rows import Month
from foundation.i18n import Language, message, translate


def file_of(mission: Mission, version: QuoteVersion, counterpart: str, site_address: str, at: datetime) -> bytes:
    """Return the file; its entries keep their names, so that a later one moves them where they were."""
    calendar = _blank()
    _add(calendar, mission, version, counterpart, site_address, at)
    return calendar.to_ical()


def file_of_series(
    months: Sequence[Month], counterpart: str, site_address: str, language: Language, at: datetime
) -> bytes:
    """Return the file of all months that take place or may; signed ones are named as in files of their own."""
    calendar, waiting = _blank(), translate(language, message("to be accepted"))
    for month in months:
        version = month.version
        if month.state not in series_rows.LIVE or version is None or version.starts_on is None:
            continue
        if month.mission:
            _add(calendar, month.mission, version, counterpart, site_address, at)
            continue
        title = f"{agreements.title(version)} – {waiting}"
        number, url = month.quote.number, f"{site_address}/quotes/{month.quote.id}"
        event = _event(month.quote.id, title, version.starts_on, version.ends_on, number, url, at)
        event.add("status", "TENTATIVE")
        calendar.add_component(event)
    return calendar.to_ical()


def _blank() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Portulan//Missions//EN")
    calendar.add("version", "2.0")
    return calendar


def _add(
    calendar: Calendar, mission: Mission, version: QuoteVersion, counterpart: str, site_address: str, at: datetime
) -> None:
    url = f"{site_address}/missions/{mission.id}"
    title = f"{mission.title} – {counterpart}"
    if mission.starts_on:
        calendar.add_component(_event(mission.id, title, mission.starts_on, mission.ends_on, mission.number, url, at))
    for place, step in enumerate(agreements.roadmap(version)):
        name = f"{step.name} – {mission.title}"
        uid = f"{mission.id}-{place}"
        calendar.add_component(_event(uid, name, step.starts_on, step.ends_on, mission.number, url, at))


def _event(uid: str, title: str, starts_on: date, ends_on: date | None, number: str, url: str, at: datetime) -> Event:
    """Return an entry of whole days; calendars count the end as the first day that is no more of it."""
    event = Event()
    event.add("uid", f"{uid}@portulan")
    event.add("dtstamp", at)
    event.add("summary", title)
    event.add("description", f"{number}\n{url}")
    event.add("url", url)
    event.add("dtstart", starts_on)
    event.add("dtend", (ends_on or starts_on) + timedelta(days=1))
    return event
