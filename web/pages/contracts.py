"""What a client reads before deciding about quotes."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from booking import quotes
from booking.models.quotes import Quote, QuoteVersion
from booking.quote_contents import Document
from booking.signatures import Signing
from foundation.i18n import Language, message, translate

OUTDATED = {
    "tax": message(
        "By your details, another tax is due than this quote says. The expert is asked to send an amended "
        "version: you are mailed as soon as it is here."
    ),
    "own_client": message(
        "The figures of this quote have to be renewed, because your company was here before. The expert is asked to "
        "send an amended version: you are mailed as soon as it is here."
    ),
}
"""Why a version can't be signed, by the reasons of `booking.outdated_versions`, as the client reads it."""
_ROWS = {
    "gross": message("To pay, tax included"),
    "net": message("Before tax"),
    "day_rate": message("Day rate"),
    "days": message("Days"),
    "dates": message("Dates"),
    "deliverables": message("Deliverables"),
    "objectives": message("Objectives"),
    "means": message("Means"),
    "valid_until": message("Valid until"),
}


def signing(found: Signing, approvers: Sequence[str]) -> dict[str, Any]:
    """Return the values of the page on which a quote is signed."""
    return {
        "quote": found.quote,
        "version": found.version,
        "document": Document.model_validate(found.version.content),
        "client": found.client,
        "may_approve": found.may_approve,
        "may_ask": found.may_ask,
        "approvers": approvers,
        "needs_early_start": found.needs_early_start,
        "missing": found.missing,
    }


def to_compare(session: Session, who: SignedIn, quote_ids: Sequence[str], sheet_id: str, *, most: int) -> list[Quote]:
    """Return the quotes that somebody's client may compare: those named, or those under study for a sheet."""
    wanted = select(Quote).where(col(Quote.client_id) == who.client_id, col(Quote.latest_version) > 0)
    if quote_ids:
        wanted = wanted.where(col(Quote.id).in_([quote_id.replace("\0", "") for quote_id in quote_ids[:most]]))
    else:
        wanted = wanted.where(
            col(Quote.sheet_id) == sheet_id.replace("\0", ""),
            col(Quote.state).in_([state.value for state in (*quotes.UNDER_STUDY, *quotes.ACCEPTED)]),
        )
    found = session.execute(wanted.order_by(col(Quote.sent_at), col(Quote.number))).scalars()
    # Of a series its first month stands for all.
    first_of = {quote.series_id or quote.id: quote for quote in reversed(found.all())}
    return list(first_of.values())[::-1][:most]


def comparison(session: Session, found: Sequence[Quote], language: Language, *, today: date) -> dict[str, Any]:
    """Return the values of the page that shows quotes side by side; a row for each thing to compare."""
    latest = quotes.latest_versions(session, found)
    columns = [_column(session, quote, latest[quote.id], today) for quote in found]
    lowest = min((column["version"].gross_cents for column in columns), default=0)
    is_one_currency = len({column["version"].currency for column in columns}) == 1
    for column in columns:
        column["is_lowest"] = is_one_currency and len(columns) > 1 and column["version"].gross_cents == lowest
    return {"columns": columns, "rows": [(kind, translate(language, title)) for kind, title in _ROWS.items()]}


def _column(session: Session, quote: Quote, version: QuoteVersion, today: date) -> dict[str, Any]:
    document = Document.model_validate(version.content)
    expert = session.get(Expert, quote.expert_id)
    return {
        "quote": quote,
        "version": version,
        "document": document,
        "expert": document.parties.expert.name,
        "slug": expert.slug if expert and expert.is_shown else None,
        "days": sum(line.half_days for line in document.days) / 2,
        "is_open": quote.state in quotes.UNDER_STUDY and version.valid_until >= today,
    }
