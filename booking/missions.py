"""Missions: accepted quotes that are carried out."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from booking import numbers
from booking.models.missions import Mission, Portage
from booking.models.quotes import Quote, QuoteVersion

KIND = "mission"


def start_from(session: Session, quote: Quote, version: QuoteVersion, *, order_number: str, at: datetime) -> Mission:
    """Make the mission of a quote that has just been accepted for the first time; it awaits its funds."""
    assert quote.client_id is not None  # noqa: S101 - nobody else can have accepted it
    portage = Portage(version.content.get("portage", Portage.NONE))
    mission = Mission(
        number=numbers.take(session, numbers.MISSION, at.date()),
        quote_id=quote.id,
        client_id=quote.client_id,
        expert_id=quote.expert_id,
        sheet_id=quote.sheet_id,
        series_id=quote.series_id,
        title=version.content["title"],
        currency=version.currency,
        portage=portage.value,
        portage_company=version.content.get("portage_company", ""),
        order_number=order_number,
        starts_on=version.starts_on,
        ends_on=version.ends_on,
        made_at=at,
    )
    session.add(mission)
    session.flush()
    return mission


def amend(session: Session, quote: Quote, version: QuoteVersion) -> Mission:
    """Carry a mission on under a later version of its quote, which both have signed."""
    mission = session.execute(select(Mission).where(col(Mission.quote_id) == quote.id).with_for_update()).scalar_one()
    mission.title, mission.starts_on, mission.ends_on = version.content["title"], version.starts_on, version.ends_on
    session.add(mission)
    return mission
