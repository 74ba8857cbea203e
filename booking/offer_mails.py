"""Whom mails about offers go to, and what they say. A profile that nobody has claimed has no address: see the desk."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from accounts import accounts, colleagues, notifications
from accounts.models.accounts import Account, Client, Role
from accounts.models.experts import Expert
from accounts.notifications import Topic
from booking.lifecycle import OfferState
from booking.models.sheets import Offer, Sheet
from foundation import i18n, mails
from foundation.mails import Mail


def tell_received(session: Session, sheet: Sheet, offer: Offer) -> None:
    """Mail an expert that a sheet is proposed to them: once for each time that it is."""
    values = {"message": offer.message, "needs_nda": sheet.needs_nda, "answer_by": last_day(offer)}
    _to_expert(session, sheet, offer, "offer_received", values, key=_round(offer), at=offer.sent_at)


def remind(session: Session, sheet: Sheet, offer: Offer, *, at: datetime) -> None:
    """Mail an expert that an offer ends soon; whoever has claimed the profile meanwhile hears of it at all first."""
    if mails.was_written(session, f"offer_received {_round(offer)}"):
        _to_expert(session, sheet, offer, "offer_reminder", {"answer_by": last_day(offer)}, key=_round(offer), at=at)
    else:
        tell_received(session, sheet, offer)


def tell_changed(session: Session, sheet: Sheet, offer: Offer, fields: Sequence[str], *, at: datetime) -> None:
    """Mail an expert what of a sheet was changed."""
    key = f"{offer.id} {sheet.edition}"
    _to_expert(session, sheet, offer, "sheet_changed", {"fields": list(fields)}, key=key, at=at)


def tell_closed(session: Session, sheet: Sheet, offer: Offer, *, at: datetime) -> None:
    """Mail an expert that a sheet is closed."""
    values = {"has_quote": offer.state == OfferState.ANSWERED}
    _to_expert(session, sheet, offer, "sheet_closed", values, key=f"{offer.id} {at.isoformat()}", at=at)


def tell_refused(session: Session, sheet: Sheet, offer: Offer, *, at: datetime) -> None:
    """Mail whoever published the sheet, or the client's owners, that an expert has refused, and why."""
    expert = session.get_one(Expert, offer.expert_id)
    for account in people_of(session, sheet):
        values = {
            "name": account.name,
            "expert": expert.name,
            "title": sheet.title,
            "sheet": sheet.id,
            "reason": offer.refusal_reason,
            "text": offer.refusal,
        }
        _write(session, account, "offer_refused", values, key=f"{account.id} {_round(offer)}", at=at)


def people_of(session: Session, sheet: Sheet) -> list[Account]:
    """Return who is told of what happens to a client's sheet: its author while they act for it, else its owners."""
    members = colleagues.members(session, sheet.client_id or "")
    authors = [account for account, _ in members if account.id == sheet.author_account_id]
    return authors or [account for account, membership in members if membership.role == Role.OWNER]


def last_day(offer: Offer) -> str:
    """Return the last day on which an offer waits."""
    return (offer.expires_at - timedelta(microseconds=1)).date().isoformat()


def _round(offer: Offer) -> str:
    """Return what names one proposing of an offer: it may be renewed."""
    return f"{offer.id} {offer.sent_at.isoformat()}"


def _to_expert(
    session: Session, sheet: Sheet, offer: Offer, template: str, values: dict[str, Any], *, key: str, at: datetime
) -> None:
    account = accounts.owner_of(session, offer.expert_id)
    if account is not None:
        client = session.get_one(Client, offer.client_id)
        whole = {"name": account.name, "client": client.name, "title": sheet.title, "offer": offer.id, **values}
        _write(session, account, template, whole, key=key, at=at)


def _write(
    session: Session, account: Account, template: str, values: dict[str, Any], *, key: str, at: datetime
) -> None:
    is_reached = account.email and account.email_confirmed_at and not account.suspended_at
    if is_reached and notifications.wants(account, Topic.OFFERS):
        mail = Mail(account.email or "", i18n.known(account.language), template, values)
        mails.write(session, mail, key=f"{template} {key}", at=at)
