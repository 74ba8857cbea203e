"""Issuing documents: a checked draft gets its number and is frozen, in the transaction of what it is about.

Rendering takes a moment and is owed by the outbox; a file is made once, and its bytes are what is sent and kept.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.documents import checks, contents, pages, series
from billing.documents.checks import Breach
from billing.documents.contents import Content, Kind
from billing.events import DOCUMENT_ISSUED, DOCUMENT_RENDERED
from billing.models.documents import AccountingDocument, DocumentFile
from foundation import outbox
from foundation.database import Database, hold
from foundation.errors import Conflict, DomainError, NotFound
from foundation.i18n import Language


class Unfit(DomainError):
    """A draft breaks rules: `breaches`, and each in words with its fix in `failures`."""

    def __init__(self, breaches: Sequence[Breach], language: Language) -> None:
        self.breaches = breaches
        self.failures = [checks.said(breach, language) for breach in breaches]
        super().__init__("; ".join(f"{failure.rule}: {failure.text} {failure.fix}" for failure in self.failures))


class Damaged(Exception):
    """A kept document is not what was issued."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft that passed every rule; only `check` makes one."""

    content: Content


@dataclass(frozen=True, slots=True)
class About:
    """Whose a document is, and what it is about."""

    reference: str
    expert_id: str
    client_id: str | None = None


def check(content: Content, language: Language) -> Checked:
    """Return a draft as one that may be issued; raise Unfit. Takes up to a second: not for a transaction."""
    if breaches := checks.breaches(content):
        raise Unfit(breaches, language)
    return Checked(content)


def issue(session: Session, draft: Checked, about: About, *, at: datetime) -> AccountingDocument:
    """Freeze a draft under its number; raise Conflict where something else was issued for this.

    Issuing the same again changes nothing, and returns what was issued.
    """
    content = draft.content
    if content.is_credit:
        raise ValueError("credit notes are issued by take_back, which names what they take back")
    hold(session, f"{content.kind} {about.reference}")
    if found := of(session, content.kind, about.reference):
        return _same(found, content)
    return _add(session, content, about, at)


def take_back(session: Session, issued_id: str, draft: Checked, *, at: datetime) -> AccountingDocument:
    """Issue a credit note for a document; raise Conflict where there is one already, or the draft is for another."""
    issued = session.get(AccountingDocument, issued_id, with_for_update=True)
    if issued is None:
        raise NotFound("there is no such document")
    content = draft.content
    if not content.is_credit or content.preceding is None or content.preceding.number != issued.number:
        raise Conflict("this draft takes back something else")
    taken = select(AccountingDocument).where(col(AccountingDocument.preceding_id) == issued.id)
    if session.execute(taken).scalar_one_or_none():
        raise Conflict("this document was taken back already")
    about = About(issued.reference, issued.expert_id, issued.client_id)
    return _add(session, content, about, at, preceding_id=issued.id)


def get(session: Session, document_id: str) -> AccountingDocument:
    """Return a document by its id; raise NotFound."""
    found = session.get(AccountingDocument, document_id)
    if found is None:
        raise NotFound("there is no such document")
    return found


def of(session: Session, kind: Kind, reference: str) -> AccountingDocument | None:
    """Return what was issued of a kind for what was sold, and stands; not credit notes, which may be several."""
    taken_back = select(col(AccountingDocument.preceding_id)).where(col(AccountingDocument.preceding_id).is_not(None))
    is_it = _all_of(kind, reference), col(AccountingDocument.id).not_in(taken_back)
    return session.execute(select(AccountingDocument).where(*is_it)).scalars().first()


def _all_of(kind: Kind, reference: str) -> ColumnElement[bool]:
    return and_(col(AccountingDocument.kind) == kind.value, col(AccountingDocument.reference) == reference)


def content_of(document: AccountingDocument) -> Content:
    """Return what a document says; raise Damaged where that is not what was issued."""
    if contents.hash_of(document.content) != document.content_hash:
        raise Damaged(f"{document.number} is not what was issued")
    return contents.thawed(document.content)


def without_file(session: Session) -> Sequence[str]:
    """Return the ids of documents that no file was made of yet, the oldest first."""
    made = select(col(DocumentFile.document_id))
    statement = select(col(AccountingDocument.id)).where(col(AccountingDocument.id).not_in(made))
    oldest_first = col(AccountingDocument.issued_at), col(AccountingDocument.id)
    return session.execute(statement.order_by(*oldest_first)).scalars().all()


def render(database: Database, ids: Sequence[str], at: datetime) -> None:
    """Make the files of documents that have none yet; may be repeated."""
    for document_id in ids:
        with database.reading() as session:
            document = session.get(AccountingDocument, document_id)
            if document is None or session.get(DocumentFile, document_id) is not None:
                continue
            content = content_of(document)
        made = pages.render(content)
        with database.writing() as session:
            _keep(session, document_id, made, at)


def file_of(session: Session, document_id: str) -> bytes:
    """Return the file of a document; raise NotFound before it was made, Damaged where its bytes are others."""
    found = session.get(DocumentFile, document_id)
    if found is None:
        raise NotFound("this document has no file yet")
    if hashlib.sha256(found.pdf).hexdigest() != found.sha256:
        raise Damaged(f"the file of document {document_id} is not what was made")
    return found.pdf


def _same(issued: AccountingDocument, content: Content) -> AccountingDocument:
    """Return what was issued, where a draft says the same but for number and day."""
    if content.model_copy(update={"number": issued.number, "issued_on": issued.issued_on}) != content_of(issued):
        raise Conflict(f"{issued.number} was issued for this, and says something else")
    return issued


def _add(
    session: Session, content: Content, about: About, at: datetime, *, preceding_id: str | None = None
) -> AccountingDocument:
    is_operators = content.kind in {Kind.COMMISSION, Kind.BOOST} or (content.is_credit and not content.issuer)
    seller = series.OPERATOR if is_operators else series.seller_of(about.expert_id, content.seller.registration_number)
    name, position = series.allocate(session, content.kind, seller, content.issued_on)
    numbered = content.model_copy(update={"number": f"{name}-{position}"})
    kept = contents.frozen(numbered)
    before = select(func.count()).select_from(AccountingDocument).where(_all_of(content.kind, about.reference))
    correction = 0 if content.is_credit else session.execute(before).scalar_one()
    document = AccountingDocument(
        kind=content.kind.value,
        number=numbered.number,
        series=name,
        position=position,
        reference=about.reference,
        correction=correction,
        expert_id=about.expert_id,
        client_id=about.client_id,
        preceding_id=preceding_id,
        language=content.language,
        issued_on=content.issued_on,
        issued_at=at,
        currency=content.currency,
        net_cents=content.net_cents,
        tax_cents=content.tax_cents,
        gross_cents=content.gross_cents,
        content=kept,
        content_hash=contents.hash_of(kept),
    )
    session.add(document)
    session.flush()
    outbox.record(session, DOCUMENT_ISSUED, [document.id])
    return document


def _keep(session: Session, document_id: str, made: bytes, at: datetime) -> None:
    """Keep a file unless somebody was quicker: what is kept stays."""
    hold(session, f"document file {document_id}")
    if session.get(DocumentFile, document_id) is None:
        session.add(
            DocumentFile(document_id=document_id, pdf=made, sha256=hashlib.sha256(made).hexdigest(), rendered_at=at)
        )
        outbox.record(session, DOCUMENT_RENDERED, [document_id])
