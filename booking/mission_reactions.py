"""What missions do when something happened elsewhere: by topic of the outbox, one transaction for each mission."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from billing.events import ESCROW_CHARGED_BACK, ESCROW_DISPUTED, ESCROW_HELD, ESCROW_REFUNDED, ESCROW_RELEASED
from booking import charge_news, disagreements, missions, overtakings
from booking.events import MISSION_STARTED, MISSION_VALIDATED
from booking.lifecycle import MissionState
from booking.models.missions import Mission
from foundation import outbox
from foundation.database import Database


class Follow(Protocol):
    """Brings one mission into step with what happened; may be repeated."""

    def __call__(self, session: Session, mission_id: str, *, at: datetime) -> None:
        """Do it in the caller's transaction."""
        ...


def _held(session: Session, mission_id: str, *, at: datetime) -> None:
    missions.hold_funds(session, mission_id, at=at)
    disagreements.follow_escrow(session, mission_id, at=at)
    if missions.take_any(session, mission_id).state == MissionState.VALIDATED:  # It was taken back meanwhile.
        outbox.record(session, MISSION_VALIDATED, [mission_id])


FOLLOWS: Mapping[str, Follow] = {
    ESCROW_HELD: _held,
    ESCROW_DISPUTED: disagreements.follow_escrow,
    ESCROW_REFUNDED: disagreements.follow_escrow,
    ESCROW_RELEASED: missions.close,
    ESCROW_CHARGED_BACK: charge_news.tell,
    MISSION_STARTED: overtakings.overtake,
}


def react(database: Database, topic: str, now: Callable[[], datetime], mission_ids: Sequence[str]) -> None:
    """Bring missions into step; what is held for something else than a mission is nobody's business here."""
    for mission_id in mission_ids:
        database.write(lambda session, mission_id=mission_id: _follow(session, topic, mission_id, now()))


def _follow(session: Session, topic: str, mission_id: str, at: datetime) -> None:
    if session.get(Mission, mission_id):
        FOLLOWS[topic](session, mission_id, at=at)
