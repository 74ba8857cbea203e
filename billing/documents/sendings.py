"""Sending documents by mail, with their files: to whoever pays for a client, and to the expert (mission row S24).

Each mail is a row of `foundation.mails` and a line of the log; whoever sends it notes what became of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, clients
from accounts.models.accounts import Client
from billing.documents import deliveries, deposits
from billing.documents.contents import Content, thawed
from billing.documents.deliveries import CLIENT, EXPERT, Line
from billing.models.deliveries import DocumentDelivery, State, Way
from billing.models.documents import AccountingDocument, DocumentFile
from foundation import audits, i18n, mails
from foundation.audits import Actor
from foundation.database import Database, hold
from foundation.errors import Conflict, Invalid, NotFound
from foundation.i18n import Language
from foundation.mails import Mail

KIND = "document"
"""What the audit log calls them."""
TEMPLATE = "document"
PAUSE = timedelta(minutes=10)
"""Nothing is sent to the same party again sooner."""
NOBODY = "nobody to write to"
BAD_ADDRESS = "no address that can be written to"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a mail goes to."""

    party: str
    email: str
    language: Language
    name: str


def follow(database: Database, ids: Sequence[str], at: datetime, *, has_platform: bool = False) -> None:
    """Send documents whose files were just made: once, however often this is told."""
    for document_id in ids:
        with database.writing() as session:
            _send_first(session, document_id, at, has_platform=has_platform)


def send_again(session: Session, document_id: str, parties: Sequence[str], actor: Actor, *, at: datetime) -> None:
    """Mail a document once more; raise Conflict where it was sent a moment ago, or its file is not made yet."""
    hold(session, _held(document_id))
    document = session.get(AccountingDocument, document_id)
    if document is None:
        raise NotFound("there is no such document")
    if session.get(DocumentFile, document_id) is None:
        raise Conflict("this document has no file yet: it is sent by itself once that is made")
    recent = select(col(DocumentDelivery.id)).where(
        col(DocumentDelivery.document_id) == document_id,
        col(DocumentDelivery.state) == State.QUEUED.value,
        col(DocumentDelivery.party).in_(parties),
        col(DocumentDelivery.at) > at - PAUSE,
    )
    if session.execute(recent).first():
        raise Conflict("this document was sent a moment ago")
    _mail(session, document, parties, at)
    audits.record(session, actor, "sent_again", KIND, document.id, at=at, number=document.number)


def parties_of(document: AccountingDocument) -> Sequence[str]:
    """Return who gets a document."""
    return (CLIENT, EXPERT) if document.client_id and thawed(document.content).issuer else (EXPERT,)


def note_mail(session: Session, values: dict[str, Any], mail_id: str, state: State, at: datetime, detail: str) -> None:
    """Note what became of a mail, of which these are the values; no address is in `detail`."""
    line = Line(
        values["document_id"],
        values["sending"],
        Way.MAIL,
        state,
        values["party"],
        detail=detail,
        key=f"{state.value} {mail_id}",
    )
    deliveries.note(session, line, at=at)


def readers(session: Session, document: AccountingDocument, parties: Sequence[str]) -> Iterator[Reader]:
    """Yield whom a document is mailed to: whoever pays for the client, and the expert."""
    client = session.get(Client, document.client_id) if CLIENT in parties and document.client_id else None
    for contact in clients.billing_contacts(session, client) if client else ():
        yield Reader(CLIENT, contact.email, i18n.known(contact.language or document.language), contact.name)
    if EXPERT in parties:
        account = accounts.owner_of(session, document.expert_id)
        if account and account.email:
            yield Reader(EXPERT, account.email, i18n.known(account.language), account.name)


def _send_first(session: Session, document_id: str, at: datetime, *, has_platform: bool) -> None:
    hold(session, _held(document_id))
    document = session.get(AccountingDocument, document_id)
    if document is None or any(line.way != Way.ARCHIVE for line in deliveries.log(session, document_id)):
        return
    _mail(session, document, parties_of(document), at)
    if has_platform and deposits.is_for_platform(thawed(document.content)):
        deposits.queue(session, document.id, at=at)


def _mail(session: Session, document: AccountingDocument, parties: Sequence[str], at: datetime) -> None:
    content, sending = thawed(document.content), deliveries.new_sending()
    found = list(readers(session, document, parties))
    for place, reader in enumerate(found):
        mail = Mail(reader.email, reader.language, TEMPLATE, _values(document, content, reader, sending))
        state, detail = State.QUEUED, ""
        try:
            mails.write(session, mail, key=f"document {sending} {place}", at=at)
        except Invalid:
            state, detail = State.FAILED, BAD_ADDRESS
        line = Line(document.id, sending, Way.MAIL, state, reader.party, detail=detail, key=f"{state.value} {place}")
        deliveries.note(session, line, at=at)
    for party in parties:
        if party not in {reader.party for reader in found}:
            line = Line(document.id, sending, Way.MAIL, State.FAILED, party, detail=NOBODY)
            deliveries.note(session, line, at=at)


def _values(document: AccountingDocument, content: Content, reader: Reader, sending: str) -> dict[str, Any]:
    return {
        "name": reader.name,
        "document_id": document.id,
        "sending": sending,
        "party": reader.party,
        "kind": document.kind,
        "number": document.number,
        "title": content.title,
        "seller": content.seller.name,
        "buyer": content.buyer.name,
        "cents": document.gross_cents,
        "currency": document.currency,
    }


def _held(document_id: str) -> str:
    return f"document sendings {document_id}"
