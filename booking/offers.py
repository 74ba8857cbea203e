"""Offers: a sheet proposed to experts, who see it, refuse it or answer with a quote (mission row S12).

Whoever changes offers takes the sheet first, then its offers in the order of their ids: two at once wait in turn.
Offers to profiles that nobody has claimed go through the operator; see `booking.offer_desk`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import approaches
from accounts.models.accounts import Client
from accounts.models.findings import Finding
from accounts.sign_ins import SignedIn
from booking import addressees, offer_news, offer_rules, sheet_contents, sheets
from booking.lifecycle import OFFERS, SHEETS, OfferEvent, OfferState, Party, SheetEvent, SheetState
from booking.models.quotes import Quote
from booking.models.sheets import Offer, Sheet
from booking.offer_rules import OPEN, Refusal
from booking.sheet_contents import Content
from booking.thread_lines import Line
from foundation import audits
from foundation.audits import Actor
from foundation.database import Database
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.lifecycles import move


class OfferOver(Conflict):
    """An offer was waiting, and no longer is: its time is over."""


def propose(
    session: Session,
    who: SignedIn,
    sheet_id: str,
    expert_ids: Sequence[str],
    message: str,
    *,
    at: datetime,
    found: Mapping[str, Finding] | None = None,
) -> list[Offer]:
    """Propose a sheet to experts, and publish it if it is a draft; return the offers that were made.

    Who has it already, or has refused it, is left out; what ended unanswered is proposed again. Raises Invalid for a
    sheet or an account that lacks something, for nobody, for oneself, and for too many. `found` says, by the expert,
    which search led there; where it says nothing, the shortlist may.
    """
    sheet = sheets.take(session, sheets.author(who).owner, sheet_id)
    addressees.check_account(session, who)
    wanted = addressees.check(session, sheet.client_id or "", expert_ids)
    if sheet.state == SheetState.DRAFT:
        sheets.publish(session, who, sheet, at=at)
    elif sheet.state == SheetState.CLOSED:
        raise Conflict("a closed sheet goes to nobody")
    elif sheet.answer_by and sheet.answer_by < at.date():
        raise Invalid([Fault("answer_by", "past", "")])
    known = {offer.expert_id: offer for offer in take_all(session, sheet.id)}
    if len(known.keys() | wanted) > offer_rules.MOST_OFFERS:
        raise Invalid([Fault("experts", "too_many", str(offer_rules.MOST_OFFERS))])
    made: list[Offer] = []
    for expert_id in sorted(wanted):
        offer = known.get(expert_id)
        if offer is None:
            made.append(_make(session, sheet, expert_id, message, who.actor, at))
        elif _renew(session, sheet, offer, message, who.actor, at):
            made.append(offer)
    for offer in made:
        approaches.note(session, offer.client_id, offer.expert_id, (found or {}).get(offer.expert_id))
        offer_news.tell_received(session, sheet, offer, at=at)
    return made


def edit(session: Session, who: SignedIn, sheet_id: str, content: Content, seen: str, *, at: datetime) -> Sheet:
    """Have a published sheet say something else, and tell whoever has it; raise Invalid, or ChangedMeanwhile."""
    sheet = sheets.take(session, sheets.author(who).owner, sheet_id)
    if sheets.mark(sheet) != seen:
        raise sheets.ChangedMeanwhile("the sheet was saved meanwhile")
    if content == sheet_contents.load(sheet.content):
        return sheet
    sheets.publish_edition(session, who, sheet, content, at=at)
    for offer in take_all(session, sheet.id):
        if offer.state in OPEN:
            offer.expires_at = offer_rules.ends_at(offer.sent_at, sheet.answer_by)
        if offer.state in OPEN | {OfferState.ANSWERED}:
            offer_news.tell_changed(session, sheet, offer, at=at)
    return sheet


def close(session: Session, sheet: Sheet, party: Party, actor: Actor, *, at: datetime, reason: str = "") -> None:
    """Close a sheet that was taken: offers that wait are withdrawn, and their experts told."""
    move(session, SHEETS, sheet, SheetEvent.CLOSE, party, actor=actor, at=at, reason=reason or None, changed_at=at)
    for offer in take_all(session, sheet.id):
        if offer.state in OPEN:
            withdrawer = Party.CLIENT if party is Party.CLIENT else Party.SYSTEM
            move(session, OFFERS, offer, OfferEvent.WITHDRAW, withdrawer, actor=actor, at=at)
            offer_news.tell_closed(session, sheet, offer, at=at)
        elif offer.state == OfferState.ANSWERED:
            offer_news.tell_closed(session, sheet, offer, at=at)


def of_sheet(session: Session, sheet_id: str) -> Sequence[Offer]:
    """Return a sheet's offers in the order in which they were first made."""
    statement = select(Offer).where(col(Offer.sheet_id) == sheet_id).order_by(col(Offer.sent_at), col(Offer.id))
    return session.execute(statement).scalars().all()


def of_sheets(session: Session, sheet_ids: Sequence[str]) -> dict[str, list[Offer]]:
    """Return the offers of several sheets, by the sheet."""
    found: dict[str, list[Offer]] = {sheet_id: [] for sheet_id in sheet_ids}
    statement = select(Offer).where(col(Offer.sheet_id).in_(list(sheet_ids)))
    for offer in session.execute(statement).scalars():
        found[offer.sheet_id].append(offer)
    return found


def of_expert(session: Session, expert_id: str) -> list[tuple[Offer, Sheet, Client]]:
    """Return what was proposed to an expert, latest first."""
    statement = (
        select(Offer, Sheet, Client)
        .join(Sheet, col(Sheet.id) == col(Offer.sheet_id))
        .join(Client, col(Client.id) == col(Offer.client_id))
        .where(col(Offer.expert_id) == expert_id)
        .order_by(col(Offer.sent_at).desc(), col(Offer.id))
    )
    return [(offer, sheet, client) for offer, sheet, client in session.execute(statement)]


def quotes_of(session: Session, sheet_id: str) -> dict[str, list[Quote]]:
    """Return the quotes that were sent for a sheet's offers, by the offer."""
    statement = (
        select(Quote)
        .join(Offer, col(Offer.id) == col(Quote.offer_id))
        .where(col(Offer.sheet_id) == sheet_id, col(Quote.latest_version) > 0)
        .order_by(col(Quote.number))
    )
    found: dict[str, list[Quote]] = {}
    for quote in session.execute(statement).scalars():
        found.setdefault(quote.offer_id or "", []).append(quote)
    return found


def count_unread(session: Session, expert_id: str, at: datetime) -> int:
    """Count the offers that an expert has yet to open."""
    statement = select(func.count()).where(
        col(Offer.expert_id) == expert_id, col(Offer.state) == OfferState.SENT.value, col(Offer.expires_at) > at
    )
    return session.execute(statement).scalar_one()


def find(session: Session, expert_id: str, sheet_id: str) -> str | None:
    """Return the id of the offer by which a sheet was proposed to an expert, if it was."""
    is_meant = (col(Offer.sheet_id) == sheet_id, col(Offer.expert_id) == expert_id)
    statement = select(col(Offer.id)).where(*is_meant)
    return None if "\0" in sheet_id else session.execute(statement).scalar_one_or_none()


def get(session: Session, expert_id: str, offer_id: str) -> tuple[Offer, Sheet]:
    """Return an expert's offer with its sheet; raise NotFound for others' too."""
    statement = select(Offer).where(col(Offer.id) == offer_id, col(Offer.expert_id) == expert_id)
    offer = None if "\0" in offer_id else session.execute(statement).scalar_one_or_none()
    if offer is None:
        raise NotFound("there is no such offer")
    return offer, session.get_one(Sheet, offer.sheet_id)


def see(session: Session, expert_id: str, offer_id: str, actor: Actor, *, at: datetime) -> None:
    """Note that an expert has opened an offer, and which edition of the sheet they read."""
    offer, sheet = _taken(session, expert_id, offer_id)
    if offer.state == OfferState.SENT and at < offer.expires_at:
        move(session, OFFERS, offer, OfferEvent.SEE, Party.EXPERT, actor=actor, at=at, seen_at=at)
    offer.seen_edition = sheet.edition


def refuse(session: Session, expert_id: str, offer_id: str, refusal: Refusal, actor: Actor, *, at: datetime) -> Offer:
    """Refuse an offer, and tell the client why; raise Refused where it no longer waits, or OfferOver."""
    offer, sheet = _taken(session, expert_id, offer_id)
    say_no(session, sheet, offer, refusal, Party.EXPERT, actor, at=at)
    return offer


def say_no(
    session: Session, sheet: Sheet, offer: Offer, refusal: Refusal, party: Party, actor: Actor, *, at: datetime
) -> None:
    """Refuse an offer that was taken, for its expert."""
    check_time(offer, at)
    values: dict[str, Any] = {"refusal_reason": refusal.reason.value, "refusal": refusal.text, "answered_at": at}
    move(session, OFFERS, offer, OfferEvent.REFUSE, party, actor=actor, at=at, reason=refusal.reason.value, **values)
    offer_news.tell_refused(session, sheet, offer, at=at)


def answer(session: Session, expert_id: str, offer_id: str, actor: Actor, *, at: datetime) -> Offer:
    """Note that an expert has sent a quote for an offer, once; raise Refused or OfferOver."""
    offer, _ = _taken(session, expert_id, offer_id)
    if offer.state != OfferState.ANSWERED:
        check_time(offer, at)
        move(session, OFFERS, offer, OfferEvent.ANSWER, Party.EXPERT, actor=actor, at=at, answered_at=at)
    return offer


def look_after(database: Database, at: datetime) -> None:
    """Expire what was not answered in time, and remind of what soon will be; may be repeated."""
    with database.reading() as session:
        is_near = col(Offer.expires_at) <= at + offer_rules.REMINDED_BEFORE
        statement = select(col(Offer.id)).where(col(Offer.state).in_(sorted(OPEN)), is_near).order_by(col(Offer.id))
        due = list(session.execute(statement).scalars())
    for offer_id in due:
        with database.writing() as session:
            _look_after(session, offer_id, at)


def take_all(session: Session, sheet_id: str) -> Sequence[Offer]:
    """Return a sheet's offers, which nobody else changes before this transaction ends."""
    statement = select(Offer).where(col(Offer.sheet_id) == sheet_id).order_by(col(Offer.id)).with_for_update()
    return session.execute(statement.execution_options(populate_existing=True)).scalars().all()


def take(session: Session, offer_id: str) -> tuple[Offer, Sheet]:
    """Return an offer with its sheet, which nobody else changes before this transaction ends; raise NotFound."""
    sheet_id = select(col(Offer.sheet_id)).where(col(Offer.id) == offer_id).scalar_subquery()
    statement = select(Sheet).where(col(Sheet.id) == sheet_id).with_for_update()
    known = None if "\0" in offer_id else session.execute(statement).scalar_one_or_none()
    if known is None:
        raise NotFound("there is no such offer")
    return next(offer for offer in take_all(session, known.id) if offer.id == offer_id), known


def _taken(session: Session, expert_id: str, offer_id: str) -> tuple[Offer, Sheet]:
    get(session, expert_id, offer_id)
    return take(session, offer_id)


def check_time(offer: Offer, at: datetime) -> None:
    """Raise OfferOver where an offer would wait, but for the time."""
    if offer.state in OPEN and at >= offer.expires_at:
        raise OfferOver("the offer has expired")


def _make(session: Session, sheet: Sheet, expert_id: str, message: str, actor: Actor, at: datetime) -> Offer:
    offer = Offer(
        sheet_id=sheet.id,
        client_id=sheet.client_id or "",
        expert_id=expert_id,
        message=message,
        sent_at=at,
        expires_at=offer_rules.ends_at(at, sheet.answer_by),
    )
    session.add(offer)
    session.flush()
    audits.record(session, actor, "proposed", OFFERS.kind, offer.id, at=at)
    return offer


def _renew(session: Session, sheet: Sheet, offer: Offer, message: str, actor: Actor, at: datetime) -> bool:
    """Propose once more what ended unanswered; tell whether it had."""
    if offer.state in OPEN and at >= offer.expires_at:
        move(session, OFFERS, offer, OfferEvent.EXPIRE, Party.SYSTEM, actor=audits.SYSTEM, at=at)
    if offer.state not in offer_rules.RENEWABLE:
        return False
    move(
        session,
        OFFERS,
        offer,
        OfferEvent.RENEW,
        Party.CLIENT,
        actor=actor,
        at=at,
        sent_at=at,
        seen_at=None,
        message=message,
        expires_at=offer_rules.ends_at(at, sheet.answer_by),
    )
    return True


def _look_after(session: Session, offer_id: str, at: datetime) -> None:
    try:
        offer, sheet = take(session, offer_id)
    except NotFound:  # erased meanwhile
        return
    if offer.state in OPEN and at >= offer.expires_at:
        move(session, OFFERS, offer, OfferEvent.EXPIRE, Party.SYSTEM, actor=audits.SYSTEM, at=at)
        offer_news.say(session, sheet, offer, Line.OFFER_EXPIRED, at=at)
    elif offer_rules.is_reminder_due(offer.state, offer.sent_at, offer.expires_at, at):
        offer_news.remind(session, sheet, offer, at=at)
