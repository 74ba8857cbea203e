"""What has to end before somebody can be erased: missions under way, money that is held, refunds in question.

The other side has a contract, and the money is somebody's: erasure waits for both (GDPR, article 17(3)(b) and (e)).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import escrows, refunds
from billing.models.escrows import Escrow, Refund
from booking.lifecycle import MissionState
from booking.models.missions import Mission
from foundation.errors import Conflict


class Need(StrEnum):
    """What has to end first, the most pressing first."""

    REFUND = "refund"
    ON_ITS_WAY = "on_its_way"
    """Agreed, but the money has not gone back yet."""
    UNPAID = "unpaid"
    MISSION = "mission"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A mission that keeps somebody here, and why."""

    mission: Mission
    need: Need


class NotFinished(Conflict):
    """Somebody can't be erased yet; `found` says what has to end first."""

    def __init__(self, found: Sequence[Unfinished]) -> None:
        self.found = tuple(found)
        super().__init__(", ".join(f"{one.mission.number}: {one.need}" for one in found))


_OVER = (MissionState.CLOSED.value, MissionState.CANCELLED.value)


def of(session: Session, *, experts: Collection[str], clients: Collection[str]) -> list[Unfinished]:
    """Return the missions of experts and clients that are not over, or for which money is held or in question."""
    is_theirs = or_(col(Mission.expert_id).in_(experts), col(Mission.client_id).in_(clients))
    statement = select(Mission).where(is_theirs).order_by(col(Mission.made_at), col(Mission.id))
    found = [
        Unfinished(mission, need)
        for mission in session.execute(statement).scalars()
        if (need := _need(session, mission)) is not None
    ]
    order = list(Need)
    return sorted(found, key=lambda one: order.index(one.need))


def _need(session: Session, mission: Mission) -> Need | None:
    escrow = escrows.find(session, mission.id)
    waiting = _waiting_refunds(session, escrow) if escrow else frozenset[str]()
    if waiting & {state.value for state in refunds.IN_QUESTION}:
        return Need.REFUND
    if mission.state == MissionState.AWAITING_FUNDS and not (escrow and escrow.amounts.held):
        return Need.UNPAID
    if mission.state not in _OVER or (escrow and escrow.amounts.held):
        return Need.MISSION
    return Need.ON_ITS_WAY if waiting else None


def _waiting_refunds(session: Session, escrow: Escrow) -> frozenset[str]:
    """Return the states of the refunds after which money has still to go back, or may have to."""
    states = [state.value for state in refunds.WAITING]
    statement = select(col(Refund.state)).where(col(Refund.escrow_id) == escrow.id, col(Refund.state).in_(states))
    return frozenset(session.execute(statement).scalars())
