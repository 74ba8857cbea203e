"""Offers as an expert and the operator see them."""

from datetime import datetime
from typing import Any

from accounts.models.accounts import Client
from booking import offer_news, offer_rules
from booking.lifecycle import OfferState
from booking.models.sheets import Offer, Sheet
from booking.offer_rules import Reason
from foundation.i18n import Language, message, translate

_REASONS = {
    Reason.NO_TIME: message("I have no time for it at the moment"),
    Reason.DATES: message("The dates do not suit me"),
    Reason.NOT_MY_FIELD: message("Others would do this better than I"),
    Reason.BUDGET: message("I can’t do it within this budget"),
    Reason.CONFLICT_OF_INTEREST: message("I work for somebody with whom this would conflict"),
    Reason.OTHER: message("Another reason, which I give below"),
}


def reasons(language: Language) -> list[tuple[str, str]]:
    """Return the reasons for which an offer may be refused, as an expert says them."""
    return [(reason.value, translate(language, text)) for reason, text in _REASONS.items()]


def row(found: Offer, sheet: Sheet, client: Client, at: datetime) -> dict[str, Any]:
    """Return an offer as an expert's list shows it."""
    state = offer_rules.state_at(found.state, found.expires_at, at)
    return {
        **offer(found, client, at),
        "title": sheet.title,
        "waits": state in offer_rules.OPEN,
        "is_unread": state is OfferState.SENT,
        "is_changed": state in offer_rules.OPEN and 0 < found.seen_edition < sheet.edition,
    }


def offer(found: Offer, client: Client, at: datetime) -> dict[str, Any]:
    """Return what an offer says besides its sheet."""
    return {
        "id": found.id,
        "client": client.name,
        "state": offer_rules.state_at(found.state, found.expires_at, at).value,
        "message": found.message,
        "reason": found.refusal_reason,
        "refusal": found.refusal,
        "sent_on": found.sent_at.date(),
        "answered_on": found.answered_at.date() if found.answered_at else None,
        "last_day": datetime.fromisoformat(offer_news.last_day(found)).date(),
    }
