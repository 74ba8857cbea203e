"""Missions: from an accepted quote to the end of the work; one use case for each move (mission rows S15, S20, S29).

What follows the report stands in `booking.reports`, what goes wrong in `booking.disagreements`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.audience_days import ZONE
from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import reductions
from booking import agreements, first_days, funds, mission_news, numbers
from booking.events import MISSION_CANCELLED, MISSION_CLOSED, MISSION_FUNDED, MISSION_STARTED
from booking.lifecycle import MISSIONS, QUOTES, MissionEvent, MissionState, Party, QuoteEvent, QuoteState
from booking.models.missions import Mission, Portage, Series
from booking.models.quotes import Quote, QuoteVersion
from booking.models.reviews import MissionReview
from booking.news import BUYERS
from booking.thread_lines import Line
from foundation import audits, outbox
from foundation.audits import Actor
from foundation.errors import Conflict, NotFound
from foundation.lifecycles import move

WORKING = (MissionState.AWAITING_FUNDS, MissionState.FUNDED, MissionState.IN_PROGRESS)
"""Where a price may still change."""


class Frozen(Conflict):
    """One of the two has said that the work is done: the quote stays as it is (S15)."""


def party_of(mission: Mission, who: SignedIn) -> Party | None:
    """Return for whom somebody acts in a mission; None for whoever has nothing to do with it. Pure."""
    if who.kind is AccountKind.OPERATOR:
        return Party.OPERATOR
    if who.kind is AccountKind.EXPERT:
        return Party.EXPERT if who.expert_id == mission.expert_id else None
    return Party.CLIENT if who.client_id == mission.client_id else None


def may_act(mission: Mission, who: SignedIn) -> bool:
    """Tell whether somebody may move a mission, not only look at it: of a client's people, owners and buyers."""
    party = party_of(mission, who)
    return party is not None and (party is not Party.CLIENT or who.role in BUYERS)


def get(session: Session, who: SignedIn, mission_id: str) -> tuple[Mission, Party]:
    """Return a mission and whose side it is looked at from; raise NotFound for what isn't theirs."""
    mission = None if "\0" in mission_id else session.get(Mission, mission_id)
    party = party_of(mission, who) if mission else None
    if mission is None or party is None:
        raise NotFound("there is no such mission")
    return mission, party


def take(session: Session, who: SignedIn, mission_id: str) -> tuple[Mission, Party]:
    """Return the same for whoever may act; nobody else changes the mission before this transaction ends."""
    mission, party = get(session, who, mission_id)
    if not may_act(mission, who):
        raise NotFound("only owners and buyers act for a client")
    return take_any(session, mission.id), party


def take_any(session: Session, mission_id: str) -> Mission:
    """Return a mission that nobody else changes before this transaction ends, nor its quote; raise NotFound.

    The quote is taken first, as by whoever accepts an amendment: two who take both never wait for each other.
    """
    mission = session.get(Mission, mission_id)
    if mission is None:
        raise NotFound("there is no such mission")
    for table, row_id in ((Quote, mission.quote_id), (Mission, mission.id)):
        statement = select(table).where(col(table.id) == row_id).with_for_update()
        session.execute(statement.execution_options(populate_existing=True)).scalar_one()
    return mission


def of(session: Session, who: SignedIn) -> Sequence[Mission]:
    """Return somebody's missions, the latest first."""
    is_theirs = (
        col(Mission.expert_id) == who.expert_id
        if who.kind is AccountKind.EXPERT
        else col(Mission.client_id) == who.client_id
    )
    newest_first = (col(Mission.made_at).desc(), col(Mission.id))
    return session.execute(select(Mission).where(is_theirs).order_by(*newest_first)).scalars().all()


def accepted_version(session: Session, mission: Mission) -> QuoteVersion:
    """Return what was signed last."""
    quote = session.get_one(Quote, mission.quote_id)
    return session.get_one(QuoteVersion, (quote.id, quote.accepted_version))


def versions(session: Session, mission: Mission) -> Sequence[QuoteVersion]:
    """Return what was sent of its quote, the first first."""
    statement = select(QuoteVersion).where(col(QuoteVersion.quote_id) == mission.quote_id)
    return session.execute(statement.order_by(col(QuoteVersion.number))).scalars().all()


def awaiting_portage(session: Session) -> Sequence[Mission]:
    """Return the missions that wait for a portage company's confirmation, the oldest first."""
    is_awaited = (
        col(Mission.state) == MissionState.AWAITING_FUNDS.value,
        col(Mission.portage) != Portage.NONE.value,
    )
    return session.execute(select(Mission).where(*is_awaited).order_by(col(Mission.made_at))).scalars().all()


def start_from(session: Session, quote: Quote, version: QuoteVersion, *, order_number: str, at: datetime) -> Mission:
    """Make the mission of a quote that has just been accepted for the first time; it awaits its funds."""
    assert quote.client_id is not None  # noqa: S101 - nobody else can have accepted it
    portage, portage_company = agreements.portage(version)
    mission = Mission(
        number=numbers.take(session, numbers.MISSION, at.date()),
        quote_id=quote.id,
        client_id=quote.client_id,
        expert_id=quote.expert_id,
        sheet_id=quote.sheet_id,
        series_id=quote.series_id,
        title=agreements.title(version),
        currency=version.currency,
        portage=portage.value,
        portage_company=portage_company,
        order_number=order_number,
        starts_on=version.starts_on,
        ends_on=version.ends_on,
        made_at=at,
    )
    session.add(mission)
    session.flush()
    funds.open_for(session, mission, version.gross_cents, at=at)
    return mission


def amend(session: Session, quote: Quote, version: QuoteVersion, *, at: datetime) -> Mission:
    """Carry a mission on under a later version of its quote, which both have signed; raise Frozen if the work is done.

    Another price is topped up, or refunded in part (S15, S25).
    """
    mission = of_quote(session, quote.id)
    require_changeable(mission)
    mission.title = agreements.title(version)
    mission.starts_on, mission.ends_on = version.starts_on, version.ends_on
    session.add(mission)
    top_up_cents = funds.adjust(session, mission, version.gross_cents, at=at)
    if top_up_cents and mission.funded_at:
        mission_news.tell_client(
            session,
            mission,
            "top_up_asked",
            key=str(version.number),
            at=at,
            roles=mission_news.PAYERS,
            amount_cents=top_up_cents,
        )
    return mission


def of_quote(session: Session, quote_id: str) -> Mission:
    """Return the mission of an accepted quote, taken; raise NotFound."""
    found = session.execute(select(col(Mission.id)).where(col(Mission.quote_id) == quote_id)).scalar_one_or_none()
    return take_any(session, found or "")


def require_changeable(mission: Mission) -> None:
    """Raise Frozen where the quote of a mission stays as it is. Pure."""
    if mission.ended_at or mission.state not in WORKING:
        raise Frozen("the work was said to be done")


def hold_funds(session: Session, mission_id: str, *, at: datetime) -> None:
    """Note that all of the price is held. May be told again, and of a top-up."""
    mission = take_any(session, mission_id)
    if mission.state != MissionState.AWAITING_FUNDS or funds.lacking_cents(session, mission):
        return
    _fund(session, mission, MissionEvent.HOLD_FUNDS, Party.SYSTEM, actor=audits.SYSTEM, at=at)


def confirm_portage(session: Session, who: SignedIn, mission_id: str, *, at: datetime) -> None:
    """Note for the portage company that it employs the expert and has its contract with the client (S29)."""
    mission, party = take(session, who, mission_id)
    if funds.uses_escrow(mission):
        raise NotFound("this mission is not carried out in portage")
    _fund(session, mission, MissionEvent.CONFIRM_PORTAGE, party, actor=who.actor, at=at)


def _fund(session: Session, mission: Mission, event: MissionEvent, party: Party, *, actor: Actor, at: datetime) -> None:
    move(session, MISSIONS, mission, event, party, actor=actor, at=at, funded_at=at)
    if kept := reductions.held(session, mission.quote_id):
        reductions.use(session, kept.reduction_id, mission.quote_id, at)
    outbox.record(session, MISSION_FUNDED, [mission.id])
    mission_news.say(session, mission, Line.MISSION_FUNDED, at=at)
    mission_news.tell_expert(session, mission, "mission_funded", at=at, anchor="start")
    mission_news.tell_client(session, mission, "mission_funded_client", at=at)


def start(session: Session, who: SignedIn, mission_id: str, *, at: datetime) -> None:
    """Begin the work; raise FundsLack while the price isn't held whole, TooEarly while a client may withdraw."""
    mission, party = take(session, who, mission_id)
    _start(session, mission, party, actor=who.actor, at=at)


def start_due(session: Session, mission_id: str, *, at: datetime) -> bool:
    """Begin a mission by itself on its day; tell whether it was begun."""
    mission = take_any(session, mission_id)
    is_due = mission.starts_on is not None and mission.starts_on <= at.astimezone(ZONE).date()
    if not is_due or mission.state != MissionState.FUNDED or not funds.are_held(session, mission):
        return False
    _start(session, mission, Party.SYSTEM, actor=audits.SYSTEM, at=at)
    return True


def to_start(session: Session, on: date) -> Sequence[str]:
    """Return the ids of missions whose day to begin has come; a month after its series was stopped has none."""
    is_stopped = exists().where(
        col(Series.id) == col(Mission.series_id), col(Series.stops_after) < col(Mission.starts_on)
    )
    is_due = (col(Mission.state) == MissionState.FUNDED.value, col(Mission.starts_on) <= on)
    return (
        session.execute(select(col(Mission.id)).where(*is_due, ~is_stopped).order_by(col(Mission.id))).scalars().all()
    )


def _start(session: Session, mission: Mission, party: Party, *, actor: Actor, at: datetime) -> None:
    MISSIONS.after(MissionState(mission.state), MissionEvent.START, party)
    first_days.require(session, mission, at=at)
    funds.require_all(session, mission)
    move(session, MISSIONS, mission, MissionEvent.START, party, actor=actor, at=at, started_at=at)
    outbox.record(session, MISSION_STARTED, [mission.id])
    mission_news.say(session, mission, Line.MISSION_STARTED, at=at)
    mission_news.tell_client(session, mission, "mission_started", at=at)
    if party is Party.SYSTEM:
        mission_news.tell_expert(session, mission, "mission_started_expert", at=at)


def end(session: Session, who: SignedIn, mission_id: str, *, at: datetime) -> None:
    """Say that the work is done: the quote is frozen, the report is awaited. Saying it again changes nothing."""
    mission, party = take(session, who, mission_id)
    if mission.ended_at:
        return
    if mission.state != MissionState.IN_PROGRESS or party is Party.OPERATOR:
        raise Conflict("only work in progress can be said to be done")
    freeze(session, mission, actor=who.actor, at=at)
    audits.record(session, who.actor, "ended", MISSIONS.kind, mission.id, at=at)
    if party is Party.CLIENT:
        mission_news.tell_expert(session, mission, "mission_ended", at=at, anchor="report")
    else:
        mission_news.tell_client(session, mission, "mission_ended_client", at=at)


def freeze(session: Session, mission: Mission, *, actor: Actor, at: datetime) -> None:
    """Keep a taken mission's quote as it is from now on: an amendment that waits is taken back."""
    if mission.ended_at:
        return
    mission.ended_at = at
    session.add(mission)
    quote = session.get_one(Quote, mission.quote_id)
    if quote.state == QuoteState.AMENDED:
        move(session, QUOTES, quote, QuoteEvent.WITHDRAW, Party.SYSTEM, actor=actor, at=at, changed_at=at)


def cancel(session: Session, who: SignedIn, mission_id: str, *, at: datetime, reason: str = "") -> None:
    """Call a mission off before anything was paid; afterwards only a refund does (S25)."""
    mission, party = take(session, who, mission_id)
    call_off(session, mission, party, actor=who.actor, at=at, reason=reason)
    values: dict[str, Any] = {"note": reason}
    if party is not Party.EXPERT:
        mission_news.tell_expert(session, mission, "mission_cancelled", at=at, **values)
    if party is not Party.CLIENT:
        mission_news.tell_client(session, mission, "mission_cancelled", at=at, **values)


def call_off(session: Session, mission: Mission, party: Party, *, actor: Actor, at: datetime, reason: str = "") -> None:
    """Cancel a taken mission that was never paid for, with its quote: nothing more is to be paid. Raise Refused."""
    MISSIONS.after(MissionState(mission.state), MissionEvent.CANCEL, party)
    funds.expect_no_more(session, mission, at=at)
    move(session, MISSIONS, mission, MissionEvent.CANCEL, party, actor=actor, at=at, reason=reason or None)
    cancelled(session, mission, party, actor=actor, at=at, reason=reason)


def cancelled(
    session: Session, mission: Mission, party: Party, *, actor: Actor, at: datetime, reason: str = ""
) -> None:
    """Cancel the quote with its mission, and say so; a reduction that was kept for it holds on another one."""
    quote = session.get_one(Quote, mission.quote_id)
    by = party if party in {Party.CLIENT, Party.EXPERT} else Party.SYSTEM
    columns = {"changed_at": at, "decided_at": at}
    move(session, QUOTES, quote, QuoteEvent.CANCEL, by, actor=actor, at=at, reason=reason or None, **columns)
    reductions.give_back(session, quote.id, at)
    outbox.record(session, MISSION_CANCELLED, [mission.id])
    mission_news.say(session, mission, Line.MISSION_CANCELLED, at=at)


def close(session: Session, mission_id: str, *, at: datetime) -> None:
    """Close a validated mission, once its funds have left the escrow. May be told again."""
    mission = take_any(session, mission_id)
    if mission.state != MissionState.VALIDATED:
        return
    move(session, MISSIONS, mission, MissionEvent.CLOSE, Party.SYSTEM, actor=audits.SYSTEM, at=at, closed_at=at)
    outbox.record(session, MISSION_CLOSED, [mission.id])
    mission_news.tell_expert(session, mission, "mission_closed", at=at)
    is_rated = select(col(MissionReview.review_id)).where(col(MissionReview.mission_id) == mission.id).limit(1)
    if session.execute(is_rated).first() is None:
        mission_news.tell_client(session, mission, "review_invited", at=at, anchor="reviews")
