"""A mission's dates as a calendar file (RFC 5545): the work, and each dated step of its roadmap."""

from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from booking import agreements
from booking.models.missions import Mission
from booking.models.quotes import QuoteVersion


def file_of(mission: Mission, version: QuoteVersion, counterpart: str, site_address: str, at: datetime) -> bytes:
    """Return the file; its entries keep their names, so that a later one moves them where they were."""
    calendar = Calendar()
    calendar.add("prodid", "-//Portulan//Missions//EN")
    calendar.add("version", "2.0")
    url = f"{site_address}/missions/{mission.id}"
    title = f"{mission.title} – {counterpart}"
    if mission.starts_on:
        calendar.add_component(_event(mission.id, title, mission.starts_on, mission.ends_on, mission.number, url, at))
    for place, step in enumerate(agreements.roadmap(version)):
        name = f"{step.name} – {mission.title}"
        uid = f"{mission.id}-{place}"
        calendar.add_component(_event(uid, name, step.starts_on, step.ends_on, mission.number, url, at))
    return calendar.to_ical()


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
