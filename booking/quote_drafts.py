"""Drafts of quotes: for an offer, for a client who wrote first, for an own client without account (S10, S14, S16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import contacts, legal_identities
from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from booking import numbers, offers, quote_forms, series_rows, sheet_contents
from booking.lifecycle import OfferState, QuoteState
from booking.models.missions import Portage
from booking.models.quotes import Quote, QuoteKind
from booking.models.sheets import Offer, Sheet
from booking.models.threads import Thread
from booking.quote_contents import CURRENCIES
from booking.quotes import KIND, check_may_change, expert_of, get, take
from foundation import audits
from foundation.errors import Conflict, Invalid, NotFound
from foundation.i18n import Language

VALID_FOR = timedelta(days=30)
"""As proposed in a new draft."""
_ANSWERABLE = frozenset({OfferState.SENT, OfferState.SEEN, OfferState.ANSWERED})


class ChangedMeanwhile(Conflict):
    """The draft was saved elsewhere since the page was opened."""


@dataclass(frozen=True, slots=True)
class For:
    """To whom a new quote goes: an offer, a client, or somebody without an account."""

    offer_id: str = ""
    client_id: str = ""
    client_name: str = ""
    client_email: str = ""


def start(session: Session, who: SignedIn, to: For, kind: QuoteKind, language: Language, *, at: datetime) -> Quote:
    """Make a draft; where one for the same offer or client waits already, that one is returned.

    Raises NotFound for a client who never wrote to this expert (S10), Invalid where there is no name or address.
    """
    expert_id = expert_of(who)
    if to.offer_id:
        offer = _open_offer(session, expert_id, to.offer_id, at)
        found = Quote(client_id=offer.client_id, offer_id=offer.id, sheet_id=offer.sheet_id, **_blank(expert_id, at))
    elif to.client_id:
        found = Quote(client_id=known_client(session, expert_id, to.client_id).id, **_blank(expert_id, at))
    else:
        name, email = _own_client(to, who, language)
        found = Quote(client_name=name, client_email=email, **_blank(expert_id, at))
    waiting = _waiting_draft(session, found)
    if waiting:
        return waiting
    found.number = numbers.take(session, numbers.QUOTE, at.date())
    found.draft = _proposed(session, found, kind, at.date())
    session.add(found)
    session.flush()
    audits.record(session, who.actor, "drafted_quote", KIND, found.id, at=at)
    return found


def save(
    session: Session, who: SignedIn, quote_id: str, form: Mapping[str, str], seen_edition: int, *, at: datetime
) -> int:
    """Keep what was typed, right or wrong, for the next version; return the draft's new edition.

    Raises ChangedMeanwhile where `seen_edition` is not the last one, and what `check_may_change` raises.
    """
    quote = get(session, who, quote_id)
    check_may_change(session, quote)
    saved = session.execute(
        update(Quote)
        .where(col(Quote.id) == quote.id, col(Quote.draft_edition) == seen_edition)
        .values(draft=quote_forms.cleaned(form), draft_edition=seen_edition + 1, changed_at=at)
        .returning(col(Quote.draft_edition))
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if saved is None:
        raise ChangedMeanwhile("the draft was saved elsewhere meanwhile")
    session.refresh(quote)
    return saved


def discard(session: Session, who: SignedIn, quote_id: str, *, at: datetime) -> None:
    """Delete a draft of which nothing was ever sent."""
    quote = take(session, who, quote_id)
    if quote.state != QuoteState.DRAFT:
        raise Conflict("only a draft can be discarded")
    session.delete(quote)
    if quote.series_id:
        series_rows.drop_if_empty(session, quote.series_id)
    audits.record(session, who.actor, "discarded_quote", KIND, quote_id, at=at)


def _blank(expert_id: str, at: datetime) -> dict[str, Any]:
    return {"number": "", "expert_id": expert_id, "made_at": at, "changed_at": at}


def _open_offer(session: Session, expert_id: str, offer_id: str, at: datetime) -> Offer:
    offer, _ = offers.get(session, expert_id, offer_id)
    if OfferState(offer.state) not in _ANSWERABLE:
        raise Conflict(f"this offer is {offer.state}")
    offers.check_time(offer, at)
    return offer


def known_client(session: Session, expert_id: str, client_id: str) -> Client:
    """Return a client who has turned to this expert before: it is never the expert who begins (S10)."""
    client = None if "\0" in client_id else session.get(Client, client_id)
    if client is None or client.erased_at or not _has_contact(session, expert_id, client_id):
        raise NotFound("this client has not written to you")
    return client


def _has_contact(session: Session, expert_id: str, client_id: str) -> bool:
    for table in (Thread, Offer, Quote):
        pair = (col(table.expert_id) == expert_id, col(table.client_id) == client_id)
        if session.execute(select(col(table.id)).where(*pair).limit(1)).first():
            return True
    return False


def _own_client(to: For, who: SignedIn, language: Language) -> tuple[str, str]:
    name, email = contacts.read_name(to.client_name), contacts.read_email(to.client_email)
    if email and email == who.email.lower():
        email = None
    faults = [
        None if name else contacts.name_fault(language, "client_name"),
        None if email else contacts.email_fault(language, "client_email"),
    ]
    if not (name and email):
        raise Invalid([fault for fault in faults if fault])
    return name, email


def _waiting_draft(session: Session, like: Quote) -> Quote | None:
    """Return the draft for the same offer, client or address that was begun before."""
    same = [
        col(getattr(Quote, name)).is_(None) if value is None else col(getattr(Quote, name)) == value
        for name in ("expert_id", "offer_id", "client_id", "client_email")
        for value in [getattr(like, name)]
    ]
    statement = select(Quote).where(*same, col(Quote.state) == QuoteState.DRAFT.value, col(Quote.series_id).is_(None))
    return session.execute(statement.order_by(col(Quote.made_at).desc()).limit(1)).scalar_one_or_none()


def _proposed(session: Session, quote: Quote, kind: QuoteKind, today: date) -> dict[str, str]:
    """Return what a new draft says already: the sheet's words, the profile's day rate, how one is established."""
    expert, sheet = session.get_one(Expert, quote.expert_id), session.get(Sheet, quote.sheet_id or "")
    identity = legal_identities.of(session, quote.expert_id)
    rate, currency = expert.day_rate_cents, expert.day_rate_currency or CURRENCIES[0]
    said = sheet_contents.load(sheet.content if sheet else {})
    found = {
        "kind": kind.value,
        "title": said.title,
        "objectives": "\n".join(said.objectives),
        "skills": "\n".join(said.skills),
        "starts_on": said.starts_on.isoformat() if said.starts_on else "",
        "ends_on": said.ends_on.isoformat() if said.ends_on else "",
        "valid_until": (today + VALID_FOR).isoformat(),
        "currency": currency if currency in CURRENCIES else CURRENCIES[0],
        "day_rate": f"{rate / 100:.2f}".removesuffix(".00") if rate and currency in CURRENCIES else "",
        "portage": (Portage.OWN if identity and identity.portage_company else Portage.NONE).value,
        "portage_company": (identity.portage_company if identity else None) or "",
    }
    return {name: value for name, value in found.items() if value}
