"""Telling both sides what becomes of offers: by mail, and as lines of their thread.

A profile that nobody has claimed has no address: see `booking.offer_desk`.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from accounts import accounts, colleagues, notifications
from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.notifications import Topic
from booking import news, threads
from booking.lifecycle import OfferState
from booking.models.sheets import Offer, Sheet
from booking.thread_lines import Line
from foundation import mails

OFFERS = "/offers"


def tell_received(session: Session, sheet: Sheet, offer: Offer, *, at: datetime) -> None:
    """Tell an expert that a sheet is proposed to them: once for each time that it is."""
    _mail_received(session, sheet, offer, at)
    say(session, sheet, offer, Line.OFFER_SENT, at=at)


def remind(session: Session, sheet: Sheet, offer: Offer, *, at: datetime) -> None:
    """Mail an expert that an offer ends soon; whoever has claimed the profile meanwhile hears of it at all first."""
    owner = accounts.owner_of(session, offer.expert_id)
    if owner and mails.was_written(session, f"offer_received {_round(offer)} {owner.id}"):
        _tell_expert(session, sheet, offer, "offer_reminder", key=_round(offer), at=at)
    else:
        _mail_received(session, sheet, offer, at)


def tell_changed(session: Session, sheet: Sheet, offer: Offer, *, at: datetime) -> None:
    """Tell an expert that a sheet says something else; its page shows what."""
    _tell_expert(session, sheet, offer, "sheet_changed", key=f"{offer.id} {sheet.edition}", at=at)
    say(session, sheet, offer, Line.OFFER_CHANGED, at=at)


def tell_closed(session: Session, sheet: Sheet, offer: Offer, *, at: datetime) -> None:
    """Tell an expert that a sheet is closed; an offer that was answered is not withdrawn by it."""
    is_answered = offer.state == OfferState.ANSWERED
    code = "sheet_closed_answered" if is_answered else "sheet_closed"
    _tell_expert(session, sheet, offer, code, key=f"{offer.id} {at.isoformat()}", at=at, path=OFFERS)
    if not is_answered:
        say(session, sheet, offer, Line.OFFER_WITHDRAWN, at=at)


def tell_refused(session: Session, sheet: Sheet, offer: Offer, *, at: datetime) -> None:
    """Tell whoever published the sheet, or the client's buyers once they are gone, that an expert refuses, and why."""
    members = [account for account, _ in colleagues.members(session, offer.client_id)]
    authors = [account for account in members if account.id == sheet.author_account_id]
    told = [account.id for account in authors or members if notifications.wants(account, Topic.OFFERS)]
    news.tell_client(
        session,
        offer.client_id,
        f"offer_refused_{offer.refusal_reason}",
        key=_round(offer),
        at=at,
        only=told,
        counterpart=session.get_one(Expert, offer.expert_id).name,
        title=sheet.title,
        path=f"/sheets/{sheet.id}",
        note=offer.refusal,
    )
    say(session, sheet, offer, Line.OFFER_REFUSED, at=at)


def say(session: Session, sheet: Sheet, offer: Offer, line: Line, *, at: datetime) -> None:
    """Have the thread of the two sides say what happened. The sheet's address leads an expert on to the offer."""
    thread = threads.between(session, offer.client_id, offer.expert_id, at=at)
    threads.say(session, thread.id, line, title=sheet.title, path=f"/sheets/{sheet.id}", at=at)


def last_day(offer: Offer) -> str:
    """Return the last day on which an offer waits."""
    return (offer.expires_at - timedelta(microseconds=1)).date().isoformat()


def _round(offer: Offer) -> str:
    """Return what names one proposing of an offer: it may be renewed."""
    return f"{offer.id} {offer.sent_at.isoformat()}"


def _mail_received(session: Session, sheet: Sheet, offer: Offer, at: datetime) -> None:
    _tell_expert(session, sheet, offer, "offer_received", key=_round(offer), at=at, note=offer.message)


def _tell_expert(
    session: Session,
    sheet: Sheet,
    offer: Offer,
    code: str,
    *,
    key: str,
    at: datetime,
    path: str | None = None,
    note: str = "",
) -> None:
    owner = accounts.owner_of(session, offer.expert_id)
    if owner is None or not owner.email_confirmed_at or not notifications.wants(owner, Topic.OFFERS):
        return
    news.tell_expert(
        session,
        offer.expert_id,
        code,
        key=key,
        at=at,
        counterpart=session.get_one(Client, offer.client_id).name,
        title=sheet.title,
        day=last_day(offer),
        path=path or f"{OFFERS}/{offer.id}",
        note=note,
    )
