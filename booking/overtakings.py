"""Once a mission has started, the other experts who were solicited with its sheet are told, once (mission row S15)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from billing import reductions
from booking import news
from booking.lifecycle import (
    OFFERS,
    QUOTES,
    SHEETS,
    OfferEvent,
    OfferState,
    Party,
    QuoteEvent,
    QuoteState,
    SheetEvent,
    SheetState,
)
from booking.models.missions import Mission
from booking.models.quotes import Quote
from booking.models.sheets import Offer, Sheet
from foundation import audits, lifecycles
from foundation.lifecycles import Lifecycle, Moving, move


def overtake(session: Session, mission_id: str, *, at: datetime) -> None:
    """Decline what others proposed for the sheet of a mission that has started, and tell them. May be told again.

    Who refused the offer, withdrew the quote or was declined before has nothing to hear, nor has whoever carries the
    mission out: another quote of theirs for the same sheet, as for what follows a scoping, waits on. Nor have those who
    are solicited anew, once the client has opened the sheet again since.
    """
    mission = session.get(Mission, mission_id)
    sheet = session.get(Sheet, mission.sheet_id, with_for_update=True) if mission and mission.sheet_id else None
    if mission is None or mission.started_at is None or sheet is None or _goes_on(session, mission):
        return
    if _is_reopened(session, sheet, since=mission.started_at):
        return
    solicited: set[str] = set()
    for quote in _open_quotes(session, mission):
        _move(session, QUOTES, quote, QuoteEvent.OVERTAKE, at, decided_at=at, changed_at=at)
        reductions.give_back(session, quote.id, at)
        solicited.add(quote.expert_id)
    for offer in _open_offers(session, mission):
        _move(session, OFFERS, offer, OfferEvent.WITHDRAW, at)
        solicited.add(offer.expert_id)
    if sheet.state == SheetState.PUBLISHED:
        _move(session, SHEETS, sheet, SheetEvent.CLOSE, at, changed_at=at)
    client = session.get_one(Client, mission.client_id)
    for expert_id in sorted(solicited):
        values = {"counterpart": client.name, "title": sheet.title, "path": "/my/dashboard"}
        news.tell_expert(session, expert_id, "overtaken", key=mission.id, at=at, **values)


def _goes_on(session: Session, mission: Mission) -> bool:
    """Tell whether another month of the same series began before: others were told then, and only then (S18)."""
    before = (col(Mission.series_id) == mission.series_id, col(Mission.started_at) < mission.started_at)
    return mission.series_id is not None and session.execute(select(col(Mission.id)).where(*before)).first() is not None


def _is_reopened(session: Session, sheet: Sheet, *, since: datetime) -> bool:
    return any(
        change.event == SheetEvent.REOPEN and change.moved_at > since
        for change in lifecycles.changes(session, SHEETS.kind, [sheet.id])
    )


def _open_quotes(session: Session, mission: Mission) -> Sequence[Quote]:
    statement = select(Quote).where(
        col(Quote.sheet_id) == mission.sheet_id,
        col(Quote.expert_id) != mission.expert_id,
        col(Quote.state) == QuoteState.SENT.value,
    )
    return session.execute(statement.order_by(col(Quote.id)).with_for_update()).scalars().all()


def _open_offers(session: Session, mission: Mission) -> Sequence[Offer]:
    statement = select(Offer).where(
        col(Offer.sheet_id) == mission.sheet_id,
        col(Offer.expert_id) != mission.expert_id,
        col(Offer.state).in_([OfferState.SENT.value, OfferState.SEEN.value]),
    )
    return session.execute(statement.order_by(col(Offer.id)).with_for_update()).scalars().all()


def _move(session: Session, lifecycle: Lifecycle, row: Moving, event: StrEnum, at: datetime, **values: Any) -> None:
    move(session, lifecycle, row, event, Party.SYSTEM, actor=audits.SYSTEM, at=at, **values)
