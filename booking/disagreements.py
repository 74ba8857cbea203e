"""When the two sides don't agree: disputes, and prepaid funds that the client asks back (mission row S25).

Amicable settlement comes first: whoever raised a dispute, or an operator, settles it, and the work goes on from where
it was. Funds go back when the expert agrees (`billing.refunds`); while the expert refuses or stays silent they stay
held, and operators see the case in their queue.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from billing import escrows, refunds
from billing.lifecycle import EscrowState
from billing.models.escrows import Refund
from booking import funds, mission_news, missions, reports
from booking.lifecycle import MISSIONS, MissionEvent, MissionState, Party
from booking.models.missions import Mission
from booking.models.reports import Report
from booking.thread_lines import Line
from foundation import audits, lifecycles
from foundation.audits import Actor
from foundation.errors import Conflict
from foundation.lifecycles import Refused, move

SETTLING = (MissionEvent.SETTLE, MissionEvent.SETTLE_UNSTARTED, MissionEvent.SETTLE_REPORTED)
CASES = (MissionState.DISPUTED, MissionState.REFUND_IN_QUESTION)
"""States in which the sides don't agree."""


def settling(mission: Mission, report: Report | None) -> MissionEvent:
    """Return the event that leads a mission back to where the work was; `report` is the last one. Pure."""
    if mission.started_at is None:
        return MissionEvent.SETTLE_UNSTARTED
    is_open = report is not None and report.returned_at is None
    return MissionEvent.SETTLE_REPORTED if is_open else MissionEvent.SETTLE


def dispute(session: Session, who: SignedIn, mission_id: str, reason: str, *, at: datetime) -> None:
    """Say that something is wrong with the work, its report or its payment: everything waits until it is settled."""
    mission, party = missions.take(session, who, mission_id)
    change = move(session, MISSIONS, mission, MissionEvent.DISPUTE, party, actor=who.actor, at=at, reason=reason)
    mission_news.say(session, mission, Line.MISSION_DISPUTED, at=at)
    _tell_other(session, mission, party, "mission_disputed", key=str(change.id), note=reason, at=at)


def raised_by(session: Session, mission: Mission) -> Party | None:
    """Return who raised the dispute that a mission is in."""
    if mission.state != MissionState.DISPUTED:
        return None
    made = lifecycles.changes(session, MISSIONS.kind, [mission.id])
    return Party([change for change in made if change.event == MissionEvent.DISPUTE][-1].party)


def settle(session: Session, who: SignedIn, mission_id: str, *, at: datetime) -> None:
    """End a dispute, or take a refund back that was asked for: the work goes on from where it was.

    Who did not raise a dispute can't end it for the other side. Raises Conflict once the expert has agreed to give all
    of the money back.
    """
    mission, party = missions.take(session, who, mission_id)
    if mission.state == MissionState.DISPUTED and party not in {raised_by(session, mission), Party.OPERATOR}:
        possible = [item for item in MISSIONS.possible(MissionState.DISPUTED, party) if item not in SETTLING]
        raise Refused(MISSIONS.kind, MissionState.DISPUTED, MissionEvent.SETTLE, possible)
    refund = None
    if mission.state == MissionState.REFUND_IN_QUESTION:
        escrow = escrows.take(session, escrows.of(session, mission.id).id)
        if escrow.state == EscrowState.REFUNDED:
            raise Conflict("the expert has agreed: all of the money goes back")
        refund = refund_in_question(session, mission)
    _settle(session, mission, party, actor=who.actor, at=at)
    if refund:
        refunds.withdraw(session, who, refund.id, at=at)


def ask_refund(session: Session, who: SignedIn, mission_id: str, cents: int, reason: str, *, at: datetime) -> None:
    """Ask that prepaid funds go back, all of them or a part; the expert has to agree."""
    mission, party = missions.take(session, who, mission_id)
    MISSIONS.after(MissionState(mission.state), MissionEvent.ASK_REFUND, party)
    if not funds.uses_escrow(mission):
        raise Conflict("the portage company holds the money, and gives it back")
    move(session, MISSIONS, mission, MissionEvent.ASK_REFUND, party, actor=who.actor, at=at, reason=reason)
    refunds.ask(session, who, mission.id, cents, reason, at=at)


def refund_in_question(session: Session, mission: Mission) -> Refund | None:
    """Return the refund that waits for the expert's consent."""
    found = refunds.of(session, escrows.of(session, mission.id)) if funds.uses_escrow(mission) else ()
    return next((refund for refund in found if refund.state in refunds.IN_QUESTION), None)


def follow_escrow(session: Session, mission_id: str, *, at: datetime) -> None:
    """Follow what becomes of the money: a refund that is asked for, agreed on, or taken back. May be told again.

    All of the money ends the mission when it goes back; a part, or none, lets the work go on.
    """
    mission = missions.take_any(session, mission_id)
    state = escrows.of(session, mission.id).state
    # What was asked for may have been agreed on before anybody followed.
    is_new = MISSIONS.allows(MissionState(mission.state), MissionEvent.ASK_REFUND, Party.CLIENT)
    if state in {EscrowState.DISPUTED, EscrowState.REFUNDED} and is_new:
        move(session, MISSIONS, mission, MissionEvent.ASK_REFUND, Party.CLIENT, actor=audits.SYSTEM, at=at)
    is_in_question = mission.state == MissionState.REFUND_IN_QUESTION
    if state == EscrowState.REFUNDED and is_in_question:
        move(session, MISSIONS, mission, MissionEvent.REFUND, Party.SYSTEM, actor=audits.SYSTEM, at=at)
        missions.cancelled(session, mission, Party.SYSTEM, actor=audits.SYSTEM, at=at)
        _tell_other(session, mission, Party.SYSTEM, "mission_refunded", key="", note="", at=at)
    elif state != EscrowState.DISPUTED and is_in_question:
        _settle(session, mission, Party.SYSTEM, actor=audits.SYSTEM, at=at)


def cases(session: Session) -> Sequence[Mission]:
    """Return the missions in which the sides don't agree, the oldest first: the operators' queue."""
    statement = select(Mission).where(col(Mission.state).in_([state.value for state in CASES]))
    return session.execute(statement.order_by(col(Mission.made_at), col(Mission.id))).scalars().all()


def _settle(session: Session, mission: Mission, party: Party, *, actor: Actor, at: datetime) -> None:
    event = settling(mission, reports.last(session, mission.id))
    change = move(session, MISSIONS, mission, event, party, actor=actor, at=at)
    _tell_other(session, mission, party, "mission_settled", key=str(change.id), note="", at=at)


def _tell_other(
    session: Session, mission: Mission, party: Party, code: str, *, key: str, note: str, at: datetime
) -> None:
    if party is not Party.EXPERT:
        mission_news.tell_expert(session, mission, code, key=key, at=at, note=note)
    if party is not Party.CLIENT:
        mission_news.tell_client(session, mission, code, key=key, at=at, note=note)
