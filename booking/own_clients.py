"""Quotes to an expert's own clients who have no account yet (mission row S16): the mailed link, and whose they become.

Nobody learns here whether an address has an account: a quote to one that has reaches its client like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, company_numbers, links
from accounts.models.accounts import Account, AccountKind, Client, Membership, Purpose
from accounts.models.experts import Expert
from accounts.sign_ins import hashed
from billing import reductions
from booking import agreements, news, quote_documents, series_rows
from booking.models.missions import Portage, Series
from booking.models.quotes import Quote, QuoteVersion
from foundation import mails
from foundation.i18n import Language
from foundation.mails import Mail
from foundation.settings import Settings

_CLIENTS = frozenset({AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT})


@dataclass(frozen=True, slots=True)
class About:
    """What somebody without account is told of a quote that was sent to them."""

    expert: str
    client: str
    title: str
    number: str
    gross_cents: int
    currency: str
    valid_until: date


def about(session: Session, quote_id: str) -> About | None:
    """Return what a mailed link's page says of its quote; None where it is gone."""
    quote = session.get(Quote, quote_id)
    if quote is None or not quote.latest_version:
        return None
    version, expert = (
        session.get_one(QuoteVersion, (quote.id, quote.latest_version)),
        session.get(Expert, quote.expert_id),
    )
    return About(
        expert.name if expert else "",
        quote.client_name,
        version.content["title"],
        quote.number,
        version.gross_cents,
        version.currency,
        version.valid_until,
    )


def recognise(session: Session, quote: Quote) -> None:
    """Give a quote that is about to be sent to the client of its address, if there is one: with their own details.

    Whoever is registered is nobody's own client, and what they have said of themselves decides the tax.
    """
    account = None if quote.client_id else accounts.find_by_email(session, quote.client_email or "")
    if account and account.email_confirmed_at:
        _give(session, quote, account)


def hand_over(session: Session, quote: Quote, language: Language, *, at: datetime) -> None:
    """Give a quote that was just sent to whoever its address belongs to; one without account is mailed a link."""
    if quote.client_id or not quote.client_email:
        return
    account = accounts.find_by_email(session, quote.client_email)
    if account and account.email_confirmed_at:
        _give(session, quote, account)
        return
    expert = session.get_one(Expert, quote.expert_id)
    version = session.get_one(QuoteVersion, (quote.id, quote.latest_version))
    token = links.make(session, Purpose.INVITE_CLIENT, subject=f"{quote.id} {quote.client_email}", at=at)
    values = {
        "name": quote.client_name,
        "expert": expert.name,
        "title": version.content["title"],
        "number": quote.number,
        "reason": version.reason,
        "amount_cents": version.gross_cents,
        "currency": version.currency,
        "day": version.valid_until,
        "token": token,
        "lasts_minutes": links.lasts_minutes(Purpose.INVITE_CLIENT),
    }
    mail = Mail(quote.client_email, language, "client_invitation", values)
    mails.write(session, mail, key=f"client_invitation {hashed(token)}", at=at)


def hand_over_all(session: Session, sent: Sequence[Quote], language: Language, *, at: datetime) -> None:
    """Give quotes that were sent in one step to whoever their one address belongs to; one link leads to all of them."""
    hand_over(session, sent[0], language, at=at)
    account = accounts.find_by_email(session, sent[0].client_email or "")
    if sent[0].client_id and account:
        for quote in sent[1:]:
            if not quote.client_id:
                _give(session, quote, account)


def adopt(session: Session, account: Account, settings: Settings, *, at: datetime) -> int:
    """Give a client whose address was just confirmed the quotes that were sent to it; return how many.

    Whoever came here by them is the expert's own client: the commission is reduced from now on.
    """
    statement = select(Quote).where(
        col(Quote.client_email) == account.email, col(Quote.client_id).is_(None), col(Quote.latest_version) > 0
    )
    for series_id in sorted({quote.series_id for quote in session.execute(statement).scalars() if quote.series_id}):
        series_rows.hold(session, series_id)
    found = session.execute(statement.order_by(col(Quote.id)).with_for_update()).scalars().all()
    given = [quote for quote in found if _give(session, quote, account)]
    for quote in given:
        client = session.get_one(Client, quote.client_id)
        first = session.get_one(QuoteVersion, (quote.id, 1))
        if client.created_at >= first.sent_at and not _was_known(session, first):
            granted = reductions.grant_own_client(session, quote.expert_id, client.id, at, settings=settings)
            latest = session.get_one(QuoteVersion, (quote.id, quote.latest_version))
            if agreements.portage(latest)[0] is Portage.NONE:
                reductions.reserve_if_free(session, granted.id, quote.id, at)
    return len(given)


def _was_known(session: Session, first: QuoteVersion) -> bool:
    """Tell whether the company that a quote was sent to was here before, by what the expert said of it."""
    to = quote_documents.of(first).parties.client
    return bool(
        company_numbers.known_before(
            session,
            first.sent_at,
            country=to.country,
            registration_number=to.registration_number,
            vat_number=to.vat_number,
        )
    )


def _give(session: Session, quote: Quote, account: Account) -> bool:
    membership = session.get(Membership, account.id)
    if account.kind not in _CLIENTS or membership is None or membership.role not in news.BUYERS:
        return False
    quote.client_id = membership.client_id
    session.add(quote)
    if quote.series_id:
        session.get_one(Series, quote.series_id).client_id = membership.client_id
    session.flush()
    return True
