"""The commission on missions as the accepted version of the quote has it, for whoever reckons with released money."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import commissions
from billing.commissions import Price
from booking.models.missions import Mission
from booking.models.quotes import Quote, QuoteVersion


def price(version: QuoteVersion) -> Price:
    """Return what a version says of the price and of the commission on all of it."""
    return Price.signed(
        net_cents=version.net_cents,
        gross_cents=version.gross_cents,
        rate_bp=version.commission_rate_bp,
        commission_cents=version.commission_cents,
    )


def of(session: Session, released_cents: Mapping[str, int]) -> dict[str, int]:
    """Return the commission, with its tax, on what was released for missions, by their ids: as the ledger has it.

    Of a mission of which a part went back it is taken of what was released only.
    """
    statement = (
        select(col(Mission.id), QuoteVersion)
        .join(Quote, col(Quote.id) == col(Mission.quote_id))
        .join(
            QuoteVersion,
            (col(QuoteVersion.quote_id) == col(Quote.id)) & (col(QuoteVersion.number) == col(Quote.accepted_version)),
        )
        .where(col(Mission.id).in_(released_cents))
    )
    return {
        mission_id: commissions.on_part(price(version), released_cents[mission_id]).total_cents
        for mission_id, version in session.execute(statement)
    }
