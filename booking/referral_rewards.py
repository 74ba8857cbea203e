"""What a closed mission means for referrals: it may be the first transaction of somebody who was referred (S17)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from billing import referrals
from booking import news
from booking.models.missions import Mission
from foundation.database import Database
from foundation.settings import Settings


def follow(database: Database, settings: Settings, mission_ids: Sequence[str], at: datetime) -> None:
    """Have those rewarded who brought one of the two here; may be repeated."""
    for mission_id in mission_ids:
        database.write(lambda session, mission_id=mission_id: _reward(session, settings, mission_id, at))


def _reward(session: Session, settings: Settings, mission_id: str, at: datetime) -> None:
    mission = session.get(Mission, mission_id)
    if mission is None or mission.closed_at is None:
        return
    decided = referrals.completed(
        session,
        expert_id=mission.expert_id,
        client_id=mission.client_id,
        reference=mission.id,
        at=at,
        settings=settings,
    )
    for referral in decided:
        if referral.refusal is None:
            # Who was referred, or by which mission it came, is not the sponsor's to know.
            news.tell_expert(
                session, referral.sponsor_expert_id, "referral_earned", key=referral.id, at=at, path="/my/referrals"
            )
