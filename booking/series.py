"""Long and recurring missions: monthly quotes that are drafted, sent, added to and stopped together (mission row S18).

Each month is accepted by itself (`booking.signatures`) and carried out as a mission of its own; what holds for all of
them besides stands in `booking.series_checks`. Whoever changes months holds their series first.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from accounts.models.accounts import Role
from accounts.sign_ins import SignedIn
from booking import numbers, own_clients, quote_versions, quotes, series_checks, series_news, series_plans, series_rows
from booking.lifecycle import SERIES, Party, QuoteState, SeriesEvent, SeriesState
from booking.models.missions import Series
from booking.models.quotes import Quote, QuoteKind, QuoteVersion
from booking.quote_documents import Sending
from booking.quote_drafts import ChangedMeanwhile
from booking.series_plans import DAY, MOST_MONTHS, Plan
from booking.series_rows import Month
from foundation import audits, lifecycles
from foundation.errors import Conflict, DomainError, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate

KIND = "series"
MOST_IN_SERIES = 60
"""Months; as long as any mission may take."""
FURTHEST_START = timedelta(days=366)


class Unready(DomainError):
    """Some months can't be sent as they are: what is wrong with each, by its quote's id."""

    def __init__(self, faults: Mapping[str, Sequence[Fault]]) -> None:
        self.faults = faults
        super().__init__("some months can't be sent as they are")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a month comes to as it would be sent."""

    gross_cents: int
    left_cents: int
    currency: str


def read_plan(form: Mapping[str, str], language: Language, *, today: date) -> Plan:
    """Return how the months are to be made, as it was typed; raise Invalid."""
    faults: list[Fault] = []
    count = read_count(form, language, faults)
    first = series_plans.day_of(form, "first")
    if first is None:
        faults.append(_fault("first", message("Please give the day, like 2026-12-31."), language))
    elif not today < first <= today + FURTHEST_START:
        why = message("The first month begins tomorrow at the earliest, and within a year.")
        faults.append(_fault("first", why, language))
    if faults or first is None:
        raise Invalid(faults)
    return Plan(count, first, is_whole=form.get("lines") == "whole")


def read_count(form: Mapping[str, str], language: Language, faults: list[Fault]) -> int:
    """Return a number of months, and note what is wrong with it."""
    typed = form.get("count", "").strip()
    count = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else 0
    if not 1 <= count <= MOST_MONTHS:
        faults.append(_fault("count", message("Please give a number of months from 1 to 24."), language))
    return count


def split(session: Session, who: SignedIn, quote_id: str, plan: Plan, language: Language, *, at: datetime) -> Series:
    """Make a series of drafts of a draft, which becomes the first month; raise Conflict for what was sent already."""
    quote = quotes.take(session, who, quote_id)
    if quote.state != QuoteState.DRAFT or quote.series_id:
        raise Conflict("only a draft that is no month yet is divided into months")
    title = str(quote.draft.get("title", "")).strip()
    made = Series(client_id=quote.client_id, expert_id=quote.expert_id, title=title, made_at=at)
    session.add(made)
    session.flush()
    forms = series_plans.forms(quote.draft, title, plan, language)
    quote.draft, quote.draft_edition = forms[0], quote.draft_edition + 1
    quote.series_id, quote.kind, quote.changed_at = made.id, QuoteKind.MONTH.value, at
    session.add(quote)
    for form in forms[1:]:
        _draft(session, made, quote, form, at)
    audits.record(session, who.actor, "drafted_series", KIND, made.id, at=at, months=plan.count)
    return made


def extend(
    session: Session, who: SignedIn, series_id: str, form: Mapping[str, str], language: Language, *, at: datetime
) -> None:
    """Draft further months like the last one, after all that there are; raise Invalid, or Refused once stopped."""
    found = take(session, who, series_id)
    if found.state != SeriesState.DRAFT:
        SERIES.after(SERIES.state(found.state), SeriesEvent.EXTEND, Party.EXPERT)
    faults: list[Fault] = []
    count, months = read_count(form, language, faults), series_rows.months(session, series_id)
    if not faults and len(months) + count > MOST_IN_SERIES:
        faults.append(_fault("count", message("These are too many months for one long mission: 60 at most."), language))
    if faults:
        raise Invalid(faults)
    tomorrow = series_checks.day_of(at) + DAY
    first = max([tomorrow, *(month.last + DAY for month in months if month.last)])
    like = months[-1].quote
    for drafted in series_plans.forms(like.draft, found.title, Plan(count, first), language):
        _draft(session, found, like, drafted, at)
    audits.record(session, who.actor, "drafted_months", KIND, found.id, at=at, months=count)


def discard(session: Session, who: SignedIn, series_id: str, *, at: datetime) -> None:
    """Delete a series' drafts; with them a series of which nothing was ever sent."""
    found = take(session, who, series_id)
    for month in drafts(session, found):
        session.delete(month.quote)
    audits.record(session, who.actor, "discarded_months", KIND, found.id, at=at)
    series_rows.drop_if_empty(session, found.id)


def rehearse(session: Session, who: SignedIn, series_id: str, sending: Sending) -> dict[str, Figures]:
    """Return what each draft would come to if all were sent now, and leave everything as it was.

    Raises what `send` raises. It is really done and taken back: reductions go to one month after the other.
    """
    found, trial = take(session, who, series_id), session.begin_nested()
    try:
        return {
            version.quote_id: Figures(
                version.gross_cents, version.gross_cents - version.commission_cents, version.currency
            )
            for version in _sign_all(session, found, drafts(session, found), sending)
        }
    finally:
        trial.rollback()


def send(session: Session, who: SignedIn, series_id: str, seen: str, sending: Sending) -> Sequence[QuoteVersion]:
    """Send all drafts of a series in one step, or none: each with its own number, version and signature.

    Raises ChangedMeanwhile unless `seen` is the mark of the drafts that were looked at, Unready where a month is not
    in order, Refused where the series was stopped or the offer that it answers is closed.
    """
    found = take(session, who, series_id)
    waiting = drafts(session, found)
    if mark(waiting) != seen or not waiting:
        raise ChangedMeanwhile("what was looked at are not the drafts any more")
    versions = _sign_all(session, found, waiting, sending)
    sent = [month.quote for month in waiting]
    own_clients.hand_over_all(session, sent, sending.language, at=sending.at)
    series_news.sent(session, found, sent[0], versions, at=sending.at)
    audits.record(session, who.actor, "sent_months", KIND, found.id, at=sending.at, months=len(versions))
    return versions


def ask_again(session: Session, who: SignedIn, series_id: str, quote_id: str, *, at: datetime) -> None:
    """Ask the expert for a new quote of a month that was not accepted in time; once for each version."""
    found, party = series_rows.seen_by(session, who, series_id)
    wanted = [month for month in series_rows.months(session, series_id) if month.quote.id == quote_id]
    if party is not Party.CLIENT or who.role not in (Role.OWNER, Role.BUYER) or not wanted:
        raise NotFound("nothing is to be asked for")
    if found.state == SeriesState.STOPPED or wanted[0].state is not QuoteState.EXPIRED:
        raise Conflict("this month has not expired")
    quotes.tell_expert(
        session, wanted[0].quote, "month_wanted", key=f"{quote_id} {wanted[0].quote.latest_version}", at=at
    )
    audits.record(session, who.actor, "asked_for_month", KIND, series_id, at=at, quote=quote_id)


def take(session: Session, who: SignedIn, series_id: str) -> Series:
    """Return an expert's own series, held until the transaction ends; raise NotFound."""
    _, party = series_rows.seen_by(session, who, series_id)
    if party is not Party.EXPERT:
        raise NotFound("only the expert drafts and sends months")
    return series_rows.hold(session, series_id)


def drafts(session: Session, found: Series) -> list[Month]:
    """Return the months of which nothing was sent yet."""
    return [month for month in series_rows.months(session, found.id) if month.state is QuoteState.DRAFT]


def mark(waiting: Sequence[Month]) -> str:
    """Return what changes whenever one of some drafts does."""
    said = " ".join(f"{month.quote.id}:{month.quote.draft_edition}" for month in waiting)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _sign_all(session: Session, found: Series, waiting: Sequence[Month], sending: Sending) -> list[QuoteVersion]:
    event = SeriesEvent.SEND if found.state == SeriesState.DRAFT else SeriesEvent.EXTEND
    lifecycles.move(session, SERIES, found, event, Party.EXPERT, actor=sending.who.actor, at=sending.at)
    versions: list[QuoteVersion] = []
    faults: dict[str, Sequence[Fault]] = {}
    for month in waiting:
        month.quote.client_id = month.quote.client_id or found.client_id
        try:
            versions.append(quote_versions.sign_first(session, month.quote, sending))
        except Invalid as error:
            faults[month.quote.id] = error.faults
    rates = {(one.currency, one.day_rate_cents) for one in versions if one.day_rate_cents is not None}
    if not faults and len(rates) > 1:
        why = message("All months of a long mission have the same day rate, in the same currency.")
        faults[waiting[0].quote.id] = [_fault("day_rate", why, sending.language)]
    if faults:
        raise Unready(faults)
    return versions


def _draft(session: Session, found: Series, like: Quote, form: dict[str, str], at: datetime) -> None:
    session.add(
        Quote(
            number=numbers.take(session, numbers.QUOTE, at.date()),
            kind=QuoteKind.MONTH.value,
            expert_id=found.expert_id,
            client_id=found.client_id,
            client_email=like.client_email,
            client_name=like.client_name,
            sheet_id=like.sheet_id,
            series_id=found.id,
            draft=form,
            made_at=at,
            changed_at=at,
        )
    )
    session.flush()


def _fault(field: str, reason: str, language: Language) -> Fault:
    return Fault(field, "refused", translate(language, reason))
