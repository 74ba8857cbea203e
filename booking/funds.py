"""What a mission asks of `billing`: all of it here, since a mission in portage asks nothing (mission rows S20, S29)."""

from datetime import datetime

from sqlalchemy.orm import Session

from billing import chargebacks, escrows
from billing.lifecycle import EscrowState
from booking import agreed_commissions
from booking.models.missions import Mission, Portage
from booking.models.quotes import QuoteVersion
from foundation.errors import Conflict


class FundsLack(Conflict):
    """What was asked for has to wait until all of the price is held."""


def uses_escrow(mission: Mission) -> bool:
    """Tell whether its money goes through us: a portage company collects by itself."""
    return mission.portage == Portage.NONE


def open_for(session: Session, mission: Mission, due_cents: int, *, at: datetime) -> None:
    """Begin to wait for a mission's price."""
    if uses_escrow(mission):
        escrows.open(
            session,
            mission.id,
            payer=mission.client_id,
            payee=mission.expert_id,
            due_cents=due_cents,
            currency=mission.currency,
            number=mission.number,
            title=mission.title,
            at=at,
        )


def adjust(session: Session, mission: Mission, due_cents: int, *, at: datetime) -> int:
    """Have another price be due; return what has to be paid on top of what is held. What is too much goes back."""
    if not uses_escrow(mission):
        return 0
    escrows.adjust_due(session, mission.id, due_cents, at)
    return lacking_cents(session, mission)


def expect_no_more(session: Session, mission: Mission, *, at: datetime) -> None:
    """Stop waiting for a price that was never held whole; what was paid of it goes back."""
    if uses_escrow(mission):
        escrows.cancel(session, mission.id, at)


def approve(session: Session, mission: Mission, *, at: datetime) -> None:
    """Have what is held wait for its release alone, since the client validated the work."""
    escrows.approve(session, mission.id, at)


def release(session: Session, mission: Mission, version: QuoteVersion, *, at: datetime) -> None:
    """Release what is held to the expert, less the commission of the signed version (S20, S21)."""
    escrows.release(session, mission.id, agreed_commissions.price(version), at)


def lacking_cents(session: Session, mission: Mission) -> int:
    """Return what is missing to the price, as after an amendment that raised it."""
    return escrows.of(session, mission.id).amounts.missing if uses_escrow(mission) else 0


def held_cents(session: Session, mission: Mission) -> int:
    """Return what is held."""
    return escrows.of(session, mission.id).amounts.held if uses_escrow(mission) else 0


def taken_cents(session: Session, mission: Mission) -> int:
    """Return what the payer's bank took of what was held, and did not give back."""
    if not uses_escrow(mission):
        return 0
    found = chargebacks.of(session, escrows.of(session, mission.id))
    return sum(one.held_cents - one.restored_cents for one in found if one.refund_id is None)


def are_held(session: Session, mission: Mission) -> bool:
    """Tell whether all of the price is held, and none of it asked back or gone."""
    return not uses_escrow(mission) or escrows.of(session, mission.id).state == EscrowState.HELD


def require_all(session: Session, mission: Mission) -> None:
    """Raise FundsLack unless all of the price is held."""
    if not are_held(session, mission):
        raise FundsLack("the price is not held whole")
