"""The commission on missions as the accepted version of the quote has it, for whoever reckons with released money."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from booking.models.missions import Mission
from booking.models.quotes import Quote, QuoteVersion


def of(session: Session, released_cents: Mapping[str, int]) -> dict[str, int]:
    """Return the commission, with its tax, on what was released for missions, by their ids.

    Of a mission of which a part went back it is taken of what was released only.
    """
    statement = (
        select(col(Mission.id), col(QuoteVersion.gross_cents), col(QuoteVersion.commission_cents))
        .join(Quote, col(Quote.id) == col(Mission.quote_id))
        .join(
            QuoteVersion,
            (col(QuoteVersion.quote_id) == col(Quote.id)) & (col(QuoteVersion.number) == col(Quote.accepted_version)),
        )
        .where(col(Mission.id).in_(released_cents))
    )
    return {row[0]: share(row[2], released_cents[row[0]], row[1]) for row in session.execute(statement)}


def share(cents: int, part: int, whole: int) -> int:
    """Return the same share of cents as a part is of a whole, rounded half up, and never more than the cents. Pure."""
    if part <= 0 or whole <= 0:
        return 0
    return min(cents, (2 * cents * part + whole) // (2 * whole))
