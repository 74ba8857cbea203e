"""Telling who is concerned that a bank took a payment for a mission back, or gave it back (mission row S20)."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from billing import chargebacks, escrows
from billing.lifecycle import EscrowState
from booking import mission_news, missions, news


def tell(session: Session, mission_id: str, *, at: datetime) -> None:
    """Tell both sides what is held no more, or again; operators of all that was taken. Each once, told as often."""
    mission = missions.take_any(session, mission_id)
    escrow = escrows.of(session, mission.id)
    is_open = escrow.state in {EscrowState.AWAITING, EscrowState.HELD, EscrowState.DISPUTED}
    for found in chargebacks.of(session, escrow):
        if found.held_cents and is_open and not found.back_cents:
            said: dict[str, Any] = {"key": found.id, "at": at, "amount_cents": found.held_cents}
            mission_news.tell_expert(session, mission, "charged_back", **said)
            pay: dict[str, Any] = {**said, "roles": mission_news.PAYERS, "path": f"/payments/{mission.id}"}
            mission_news.tell_client(session, mission, "charged_back_client", **pay)
        if found.restored_cents:
            said = {"key": found.id, "at": at, "amount_cents": found.restored_cents}
            mission_news.tell_expert(session, mission, "charge_returned", **said)
            mission_news.tell_client(session, mission, "charge_returned", roles=mission_news.PAYERS, **said)
        news.tell_operators(
            session,
            "charged_back_operator",
            key=found.id,
            at=at,
            title=mission.title,
            number=mission.number,
            path=f"/operator/money/{mission.id}",
            amount_cents=found.cents,
            currency=found.currency,
            counterpart="",
        )
