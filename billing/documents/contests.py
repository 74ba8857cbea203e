"""Contesting what was issued in an expert's name, within the time that the billing mandate gives (mission row S24).

Whether an objection is founded is for an operator: a founded one takes the invoice back by a credit note and issues it
anew (`booking.invoices.correct`), the others are answered.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import mandates
from billing.documents import listings
from billing.documents.contents import Kind
from billing.documents.listings import Wanted
from billing.models.documents import AccountingDocument, DocumentContest
from foundation import audits
from foundation.audits import Actor
from foundation.errors import Conflict, NotFound

KIND = "document"


def ends_at(document: AccountingDocument) -> datetime:
    """Return until when a document may be contested: it is received as it is issued. Pure."""
    return document.issued_at + timedelta(days=mandates.CURRENT.contest_days)


def get(session: Session, number: str, expert_id: str) -> AccountingDocument:
    """Return an expert's own invoice or credit note by its number; raise NotFound."""
    document = listings.get(session, number, Wanted(expert_id=expert_id))
    if document.kind not in {Kind.INVOICE, Kind.CREDIT_NOTE} or not document.content.get("issuer"):
        raise NotFound("this document was not issued in the expert's name")
    return document


def of(session: Session, document_id: str) -> DocumentContest | None:
    """Return what was said against a document."""
    return session.get(DocumentContest, document_id)


def contest(
    session: Session, number: str, expert_id: str, reason: str, actor: Actor, *, at: datetime
) -> DocumentContest:
    """Contest a document for a reason, which was checked; raise Conflict where that was done, or the time is over."""
    document = get(session, number, expert_id)
    if at > ends_at(document):
        raise Conflict("the time to contest this document is over")
    if of(session, document.id) is not None:
        raise Conflict("this document was contested already")
    found = DocumentContest(document_id=document.id, expert_id=expert_id, reason=reason, contested_at=at)
    session.add(found)
    session.flush()
    audits.record(session, actor, "contested", KIND, document.id, at=at, number=number)
    return found


def waiting(session: Session, *, limit: int) -> Sequence[tuple[DocumentContest, AccountingDocument]]:
    """Return the contests that nobody has decided, the oldest first."""
    statement = (
        select(DocumentContest, AccountingDocument)
        .join(AccountingDocument, col(AccountingDocument.id) == col(DocumentContest.document_id))
        .where(col(DocumentContest.decided_at).is_(None))
        .order_by(col(DocumentContest.contested_at), col(DocumentContest.document_id))
    )
    return [(contest, document) for contest, document in session.execute(statement.limit(limit))]


def count_waiting(session: Session) -> int:
    """Count them."""
    is_open = col(DocumentContest.decided_at).is_(None)
    return session.execute(select(func.count()).select_from(DocumentContest).where(is_open)).scalar_one()


def decide(
    session: Session, document_id: str, actor: Actor, *, is_upheld: bool, note: str, at: datetime
) -> DocumentContest:
    """Note what an operator decided; raise NotFound, or Conflict if somebody was quicker."""
    found = session.get(DocumentContest, document_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("nobody has contested this document")
    if found.decided_at is not None:
        raise Conflict("this contest was decided already")
    found.decided_at, found.decided_by, found.is_upheld, found.note = at, actor.account_id, is_upheld, note
    session.flush()
    audits.record(session, actor, "contest_upheld" if is_upheld else "contest_dismissed", KIND, document_id, at=at)
    return found
