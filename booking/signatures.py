"""Accepting and declining quotes: acceptance is the client's signature, and makes the contract (mission rows S15, B10).

What is signed is one version, named by its number and the hash of its content: whoever has not seen the latest one
can't sign it by accident.
"""

import math
import sys
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import acceptances, clients, colleagues, terms
from accounts.colleagues import Position
from accounts.models.accounts import Client, Membership
from accounts.sign_ins import SignedIn
from billing import reductions
from booking import missions, news, outdated_versions, quotes, series_checks, series_rows, withdrawal_rules
from booking.events import QUOTE_SIGNED
from booking.lifecycle import QUOTES, Party, QuoteEvent
from booking.models.missions import Mission
from booking.models.quotes import Quote, QuoteVersion, Side, Signature
from foundation import audits, currencies, lifecycles, outbox
from foundation.errors import Conflict, DomainError, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate

KIND = "quote"
LONGEST_ORDER_NUMBER = 50
LONGEST_REASON = 2_000


class NotApproved(DomainError):
    """The amount is above what this colleague may accept alone; `approvers` may."""

    def __init__(self, approvers: tuple[str, ...]) -> None:
        self.approvers = approvers
        super().__init__("this amount is above the colleague's limit")


class NewerVersion(Conflict):
    """What was to be signed is not the latest version that was sent."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a client says when accepting: which content, under which number of their own, having read the terms."""

    version: int
    content_hash: str
    has_read_terms: bool
    order_number: str = ""
    wants_early_start: bool = False
    """A private client asks that work begins before the days in which they may withdraw are over."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What somebody would sign now, and what that needs of them."""

    quote: Quote
    version: QuoteVersion
    client: Client
    is_open: bool
    """The quote waits for an answer, and has not expired."""
    may_approve: bool
    may_ask: bool
    """The amount is above one's limit, and colleagues may be asked."""
    approvers: tuple[str, ...]
    """Accounts of who may accept the amount, where one may not."""
    needs_early_start: bool
    missing: tuple[str, ...]
    """What booking needs to know of the client and does not."""


def check(consent: Consent, client: Client, version: QuoteVersion, *, on: date, language: Language) -> None:
    """Raise Invalid with everything that keeps a client from signing; pure."""
    faults: list[Fault] = []

    def refuse(field: str, code: str, reason: str) -> None:
        faults.append(Fault(field, code, translate(language, reason)))

    if not consent.has_read_terms:
        refuse("terms", "missing", message("Please read and accept the terms of sale."))
    if len(consent.order_number) > LONGEST_ORDER_NUMBER or not consent.order_number.isprintable():
        refuse("order_number", "too_long", message("Please give your order number in 50 characters at most."))
    if needs_early_start(client, version, on=on) and not consent.wants_early_start:
        refuse(
            "early_start",
            "missing",
            message(
                "The mission starts within the 14 days in which you may withdraw: please ask for that, or a later date."
            ),
        )
    for name in clients.missing_for_booking(client):
        refuse(name, "missing", message("We need this before you can book."))
    if version.valid_until < on:
        refuse("version", "expired", message("This quote has expired: please ask the expert to renew it."))
    if faults:
        raise Invalid(faults)


def needs_early_start(client: Client, version: QuoteVersion, *, on: date) -> bool:
    """Tell whether work is to begin while a private client may still withdraw (code de la consommation, L. 221-25)."""
    return client.is_person and withdrawal_rules.is_early(version.starts_on, on)


def accept(
    session: Session,
    who: SignedIn,
    quote_id: str,
    consent: Consent,
    *,
    address: str,
    language: Language,
    at: datetime,
) -> Mission:
    """Sign the latest version for the client; return the mission, which is new with the first signature.

    Raises NotFound, NewerVersion, Refused (in this state), NotApproved, Invalid, Outdated; then nothing is
    signed.
    """
    quote, client = take(session, who, quote_id)
    QUOTES.after(QUOTES.state(quote.state), QuoteEvent.ACCEPT, Party.CLIENT)
    version = session.get_one(QuoteVersion, (quote.id, quote.latest_version))
    if (consent.version, consent.content_hash) != (version.number, version.content_hash):
        raise NewerVersion("there is a newer version of this quote")
    position = _position(session, who.account_id)
    amount_cents = _to_approve(session, quote, version)
    if not colleagues.may_approve(position, amount_cents):
        raise NotApproved(tuple(approvers(session, client.id, amount_cents)))
    if fault := series_checks.why_not(session, quote, version, at, language):
        raise Invalid([fault])
    check(consent, client, version, on=at.date(), language=language)
    outdated_versions.require_holding(session, quote, version, client, on=at.date())
    is_first = quote.accepted_version is None
    acceptances.accept(session, who.account_id, at=at)
    lifecycles.move(
        session, QUOTES, quote, QuoteEvent.ACCEPT, Party.CLIENT, actor=who.actor, at=at,
        accepted_version=version.number, decided_at=at,
    )  # fmt: skip
    session.add(
        Signature(
            quote_id=quote.id,
            version=version.number,
            side=Side.CLIENT.value,
            account_id=who.account_id,
            name=who.name,
            address=address,
            content_hash=version.content_hash,
            terms_version=terms.current(terms.Kind.SALE, at.date()).version.isoformat(),
            order_number=consent.order_number,
            signed_at=at,
        )
    )
    audits.record(session, who.actor, "accepted", KIND, quote.id, at=at, version=version.number)
    if is_first:
        mission = missions.start_from(session, quote, version, order_number=consent.order_number, at=at)
        outbox.record(session, QUOTE_SIGNED, [mission.id])
    else:
        mission = missions.amend(session, quote, version, at=at)
    _tell_of_acceptance(session, quote, version, mission, client, at)
    return mission


def decline(session: Session, who: SignedIn, quote_id: str, reason: str, *, at: datetime) -> Quote:
    """Turn the latest version down, with a word to the expert; of a signed quote, what was signed stands."""
    quote, client = take(session, who, quote_id)
    if _position(session, who.account_id).role not in news.BUYERS:
        raise NotFound("this is for owners and buyers")
    lifecycles.move(
        session, QUOTES, quote, QuoteEvent.DECLINE, Party.CLIENT, actor=who.actor, at=at,
        decline_reason=reason[:LONGEST_REASON], decided_at=at,
    )  # fmt: skip
    if quote.accepted_version is None:
        reductions.give_back(session, quote.id, at)
    audits.record(session, who.actor, "declined", KIND, quote.id, at=at, version=quote.latest_version)
    version = session.get_one(QuoteVersion, (quote.id, quote.latest_version))
    news.tell_expert(
        session, quote.expert_id, "quote_declined", key=f"{quote.id} {version.number}", at=at,
        note=reason[:LONGEST_REASON], **_said(quote, version, client.name),
    )  # fmt: skip
    return quote


def ask_approval(session: Session, who: SignedIn, quote_id: str, *, at: datetime) -> int:
    """Ask the colleagues who may accept an amount to do so; return how many were asked, once a version."""
    quote, client = take(session, who, quote_id)
    version = session.get_one(QuoteVersion, (quote.id, quote.latest_version))
    position = _position(session, who.account_id)
    amount_cents = _to_approve(session, quote, version)
    if position.role not in news.BUYERS or colleagues.may_approve(position, amount_cents):
        raise NotFound("nothing is to be asked for")
    audits.record(session, who.actor, "asked_for_approval", KIND, quote.id, at=at, version=version.number)
    return news.tell_client(
        session, client.id, "approval_wanted", key=f"{quote.id} {version.number} {who.account_id}", at=at,
        only=approvers(session, client.id, amount_cents), **_said(quote, version, who.name),
    )  # fmt: skip


def prepare(session: Session, who: SignedIn, quote_id: str, *, on: date) -> Signing:
    """Return what somebody would sign now, and what that needs of them; raise NotFound."""
    quote, client = _read(session, who, quote_id)
    version = session.get_one(QuoteVersion, (quote.id, quote.latest_version))
    amount_cents = _to_approve(session, quote, version)
    position = colleagues.position_of(session.get_one(Membership, who.account_id))
    may_approve = colleagues.may_approve(position, amount_cents)
    return Signing(
        quote,
        version,
        client,
        is_open=QUOTES.allows(QUOTES.state(quote.state), QuoteEvent.ACCEPT, Party.CLIENT)
        and version.valid_until >= on
        and not series_checks.is_blocked(session, quote, version, on),
        may_approve=may_approve,
        may_ask=not may_approve and position.role in news.BUYERS,
        approvers=() if may_approve else tuple(approvers(session, client.id, amount_cents)),
        needs_early_start=needs_early_start(client, version, on=on),
        missing=tuple(clients.missing_for_booking(client)),
    )


def take(session: Session, who: SignedIn, quote_id: str) -> tuple[Quote, Client]:
    """Return a quote that was sent to somebody's client, held until the transaction ends; raise NotFound."""
    found, _ = _read(session, who, quote_id)
    if found.series_id:
        series_rows.hold(session, found.series_id)
    held = session.get_one(Quote, quote_id, with_for_update=True, populate_existing=True)
    return held, clients.get(session, who)


def _read(session: Session, who: SignedIn, quote_id: str) -> tuple[Quote, Client]:
    return quotes.seen_by(session, who, quote_id), clients.get(session, who)


def approvers(session: Session, client_id: str, amount_cents: int) -> list[str]:
    """Return the accounts that may accept an amount for a client alone."""
    members = session.execute(select(Membership).where(col(Membership.client_id) == client_id)).scalars()
    return sorted(
        member.account_id for member in members if colleagues.may_approve(colleagues.position_of(member), amount_cents)
    )


def of_quote(session: Session, quote_id: str) -> dict[tuple[int, Side], Signature]:
    """Return the signatures of a quote, by version and side."""
    found = session.execute(select(Signature).where(col(Signature.quote_id) == quote_id)).scalars()
    return {(signature.version, Side(signature.side)): signature for signature in found}


def _position(session: Session, account_id: str) -> Position:
    """Return what somebody may do now, whatever it was when the page was made."""
    return colleagues.position_of(session.get_one(Membership, account_id, with_for_update=True))


def _to_approve(session: Session, quote: Quote, version: QuoteVersion) -> int:
    """Return what a limit is held against, in cents of euros.

    A month counts together with those of its series that are signed: a limit is for the whole of a mission, however
    it is divided.
    """
    found = series_rows.months(session, quote.series_id) if quote.series_id else ()
    signed = [month.signed for month in found if month.signed and month.quote.id != quote.id]
    return sum(_in_euros(one) for one in (version, *signed))


def _in_euros(version: QuoteVersion) -> int:
    """Return an amount in cents of euros, in which limits are given; unlimited where no rate is known."""
    units = currencies.units_per_eur(version.currency)
    return math.ceil(version.gross_cents / units) if units else sys.maxsize


def _tell_of_acceptance(
    session: Session, quote: Quote, version: QuoteVersion, mission: Mission, client: Client, at: datetime
) -> None:
    key = f"{quote.id} {version.number}"
    to_mission: dict[str, Any] = {**_said(quote, version, client.name), "path": f"/missions/{mission.id}"}
    news.tell_expert(session, quote.expert_id, "quote_accepted", key=key, at=at, **to_mission)
    accepted = message("Portulan: %(client)s has accepted your quote %(number)s. You find the mission on your pages.")
    news.text_expert(
        session, quote.expert_id, accepted, key=f"quote_accepted {key}", at=at, client=client.name, number=quote.number
    )
    to_mission["counterpart"] = version.content["parties"]["expert"]["name"]
    news.tell_client(session, client.id, "quote_signed", key=key, at=at, **to_mission)


def _said(quote: Quote, version: QuoteVersion, counterpart: str) -> dict[str, Any]:
    return {
        "counterpart": counterpart,
        "title": version.content["title"],
        "number": quote.number,
        "amount_cents": version.gross_cents,
        "currency": version.currency,
        "path": f"/quotes/{quote.id}",
    }
