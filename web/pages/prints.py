"""What of a mission somebody may download as PDF."""

from typing import Any

from sqlalchemy.orm import Session

from billing import escrows
from booking import funds
from booking.documents import receipts
from booking.lifecycle import Party
from web.pages.missions import View


def of_mission(session: Session, view: View) -> dict[str, Any]:
    """Return whether the quote is theirs, and the payments that they have receipts for: those are the client's."""
    has_receipts = view.party is Party.CLIENT and funds.uses_escrow(view.mission)
    escrow = escrows.find(session, view.mission.id) if has_receipts else None
    return {
        "quote": view.party is not Party.OPERATOR,
        "payments": receipts.arrived(session, escrow) if escrow else (),
    }
