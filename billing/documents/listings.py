"""Finding documents again: by whose they are, what they are, when they were issued, and what they say."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, extract, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.documents.contents import Kind
from billing.models.documents import AccountingDocument, DocumentFile
from foundation.errors import NotFound

LONGEST_QUERY = 100
_AT_ONCE = 200
_SAID = (("title",), ("order_number",), ("reference",), ("seller", "name"), ("buyer", "name"))
"""What is looked in, besides the number."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents; what is empty wants any."""

    kind: str = ""
    year: int | None = None
    """Of the day of issue."""
    expert_id: str = ""
    client_id: str = ""
    reference: str = ""
    """What was sold."""
    query: str = ""
    after: str = ""
    """The number of the last one that was seen, for paging."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as lists show it."""

    id: str
    kind: str
    number: str
    issued_on: date
    title: str
    seller: str
    buyer: str
    reference: str
    """What was sold: an escrow's reference, or a charge's id."""
    said_reference: str
    """What the document itself calls that, such as M-2026-00042."""
    order_number: str
    expert_id: str
    client_id: str | None
    currency: str
    net_cents: int
    tax_cents: int
    gross_cents: int
    rendered_at: datetime | None
    """None while the file is being made."""


def find(session: Session, wanted: Wanted, *, limit: int) -> list[Listed]:
    """Return documents, the newest first; raise NotFound where `after` is none of them."""
    conditions = list(_conditions(wanted))
    if wanted.after:
        conditions.append(_is_beyond(get(session, wanted.after, wanted)))
    statement = (
        select(AccountingDocument, col(DocumentFile.rendered_at))
        .outerjoin(DocumentFile, col(DocumentFile.document_id) == col(AccountingDocument.id))
        .where(*conditions)
        .order_by(col(AccountingDocument.issued_at).desc(), col(AccountingDocument.id).desc())
        .limit(limit)
    )
    return [_listed(document, rendered_at) for document, rendered_at in session.execute(statement)]


def by_ids(session: Session, ids: Collection[str]) -> list[Listed]:
    """Return some documents, in any order."""
    statement = (
        select(AccountingDocument, col(DocumentFile.rendered_at))
        .outerjoin(DocumentFile, col(DocumentFile.document_id) == col(AccountingDocument.id))
        .where(col(AccountingDocument.id).in_(ids))
    )
    return [_listed(document, rendered_at) for document, rendered_at in session.execute(statement)]


def find_all(session: Session, wanted: Wanted) -> Iterator[Listed]:
    """Yield all of them, as many at a time as memory holds."""
    while found := find(session, wanted, limit=_AT_ONCE):
        yield from found
        wanted = replace(wanted, after=found[-1].number)
        session.expunge_all()


def get(session: Session, number: str, wanted: Wanted | None = None) -> AccountingDocument:
    """Return a document by its number; raise NotFound, for one that is not among those that are wanted too."""
    whose = _whose(wanted or Wanted())
    statement = select(AccountingDocument).where(col(AccountingDocument.number) == number, *whose)
    found = None if "\0" in number else session.execute(statement).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no document {number}")
    return found


def years(session: Session, wanted: Wanted) -> Sequence[int]:
    """Return in which years something was issued for whom it is wanted, the last one first."""
    statement = select(extract("year", col(AccountingDocument.issued_on))).where(*_whose(wanted)).distinct()
    return sorted((int(found) for found in session.execute(statement).scalars()), reverse=True)


def _whose(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.expert_id:
        yield col(AccountingDocument.expert_id) == wanted.expert_id
    if wanted.client_id:
        yield col(AccountingDocument.client_id) == wanted.client_id
        # What the operator charges an expert for the client's mission is none of the client's business.
        yield col(AccountingDocument.content)["issuer"].as_string() != ""


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield from _whose(wanted)
    if wanted.kind:
        yield col(AccountingDocument.kind) == Kind(wanted.kind).value
    if wanted.year is not None:
        first, last = date(wanted.year, 1, 1), date(wanted.year, 12, 31)
        yield col(AccountingDocument.issued_on).between(first, last)
    if wanted.reference:
        yield col(AccountingDocument.reference) == wanted.reference
    if query := wanted.query.replace("\0", "").strip()[:LONGEST_QUERY]:
        yield _says(query)


def _says(query: str) -> ColumnElement[bool]:
    """Return the condition that a document says something; SQLite folds only ASCII, so that accents are spelled out."""
    spellings = {query, query.lower(), query.upper(), query.capitalize()}
    places = [col(AccountingDocument.content)[path].as_string() for path in _SAID]
    return or_(
        *(place.icontains(spelling, autoescape=True) for place in places for spelling in sorted(spellings)),
        col(AccountingDocument.number).icontains(query, autoescape=True),
    )


def _is_beyond(seen: AccountingDocument) -> ColumnElement[bool]:
    same = and_(col(AccountingDocument.issued_at) == seen.issued_at, col(AccountingDocument.id) < seen.id)
    return or_(col(AccountingDocument.issued_at) < seen.issued_at, same)


def _listed(document: AccountingDocument, rendered_at: datetime | None) -> Listed:
    # Read as it is kept: one that was damaged is listed too, and `archives` says that it is.
    said = document.content
    return Listed(
        id=document.id,
        kind=document.kind,
        number=document.number,
        issued_on=document.issued_on,
        title=said.get("title", ""),
        seller=said.get("seller", {}).get("name", ""),
        buyer=said.get("buyer", {}).get("name", ""),
        reference=document.reference,
        said_reference=said.get("reference", ""),
        order_number=said.get("order_number", ""),
        expert_id=document.expert_id,
        client_id=document.client_id,
        currency=document.currency,
        net_cents=document.net_cents,
        tax_cents=document.tax_cents,
        gross_cents=document.gross_cents,
        rendered_at=rendered_at,
    )
