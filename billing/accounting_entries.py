"""Entries of the operator's book, an expert's or a client's, from the ledger and from what was issued."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.models.profiles import LegalIdentity
from billing import accounting_plans, statement_lines, statement_subjects
from billing.accounting_plans import Booking, Journal
from billing.documents.contents import Kind
from billing.ledger import name_of
from billing.models.documents import AccountingDocument
from billing.models.escrows import Escrow
from billing.models.ledger import FactKind, LedgerAccount
from billing.postings import Name
from billing.statement_lines import Entry
from billing.statement_periods import Period, day_of
from billing.statements import Side, Subject

OPERATORS_DOCUMENTS = (Kind.COMMISSION, Kind.BOOST, Kind.INVOICE)
_SOLD = (Kind.INVOICE.value, Kind.CREDIT_NOTE.value)
_EXPERTS_OWN = (FactKind.RELEASE, FactKind.PAYOUT, FactKind.PAYOUT_RETURN, FactKind.BOOST)


@dataclass(frozen=True, slots=True)
class Book:
    """Whose book it is; nobody's named is the operator's."""

    side: Side | None = None
    party_id: str = ""


@dataclass(frozen=True, slots=True)
class BookEntry:
    """Something that is booked: what it adds to accounts sums to zero."""

    number: int
    """Without gaps in a year and a currency, from 1."""
    journal: Journal
    booked_on: date
    text: str
    piece: str
    piece_on: date
    valid_on: date
    """When it was recorded: nothing changes it any more."""
    bookings: Sequence[Booking]
    source: str
    """The ledger's transaction, or the document."""


@dataclass(frozen=True, slots=True)
class _Draft:
    journal: Journal
    text: str
    piece: str
    piece_on: date | None
    at: tuple[date, datetime, str]
    """When it is booked, when it was recorded, and the id that tells it from others of that time."""
    bookings: Sequence[Booking]


def of(session: Session, book: Book, period: Period, currency: str) -> list[BookEntry]:
    """Return what is booked in a period in one currency, in the order of their days."""
    drafts = [*_of_ledger(session, book, period.whole_year, currency), *_of_documents(session, book, period, currency)]
    entries = [
        BookEntry(
            number,
            draft.journal,
            draft.at[0],
            draft.text,
            draft.piece,
            draft.piece_on or draft.at[0],
            day_of(draft.at[1]),
            draft.bookings,
            draft.at[2],
        )
        for number, draft in enumerate(sorted(drafts, key=lambda draft: draft.at), 1)
    ]
    return [entry for entry in entries if period.first <= entry.booked_on < period.after]


def names_of(session: Session, ids: Iterable[str]) -> Mapping[str, str]:
    """Return what clients and experts are called in books: by their legal names, where they have one."""
    wanted = set(ids)
    found = {one.id: one.name for table in (Client, Expert) for one in _of_ids(session, table, wanted, "id")}
    return found | {one.expert_id: one.legal_name for one in _of_ids(session, LegalIdentity, wanted, "expert_id")}


def currencies(session: Session, book: Book) -> list[str]:
    """Return in which currencies there is something to book, the euro first."""
    statement = select(col(LedgerAccount.currency)).distinct()
    if book.side is not None:
        statement = statement.where(statement_lines.owned(book.side, book.party_id))
    return sorted(session.execute(statement).scalars(), key=lambda currency: (currency != "EUR", currency))


def _of_ledger(session: Session, book: Book, year: Period, currency: str) -> list[_Draft]:
    found, own = _entries(session, book, year)
    kinds = OPERATORS_DOCUMENTS if book.side is None else statement_lines.DOCUMENTS[book.side]
    subjects = statement_subjects.of(session, found, kinds)
    drafts: list[_Draft] = []
    for entry in found:
        legs = {name: cents for name, cents in entry.legs.items() if name.currency == currency}
        about = subjects.get(entry.row.id, Subject())
        booked = accounting_plans.bookings(book.side, entry.fact, legs, own, (about.client_id, about.expert_id))
        if booked:
            at = (day_of(entry.row.effective_at), entry.row.recorded_at, entry.row.id)
            piece = about.document or about.number or entry.row.key
            journal = accounting_plans.journal(book.side, entry.fact)
            drafts.append(_Draft(journal, _text(entry, about), piece, about.document_on, at, booked))
    return drafts


def _entries(session: Session, book: Book, year: Period) -> tuple[list[Entry], set[Name]]:
    """Return the transactions that stand in a book, and which accounts of the ledger are its owner's."""
    span = (year.since, year.before)
    if book.side is None:
        return statement_lines.entries(session, None, *span), set()
    is_own = statement_lines.owned(book.side, book.party_id)
    own = {name_of(account) for account in session.execute(select(LedgerAccount).where(is_own)).scalars()}
    found = statement_lines.entries(session, statement_lines.touching(is_own), *span)
    if book.side is Side.EXPERT:
        found += statement_lines.entries(session, statement_lines.aside(book.party_id), *span)
        found = [entry for entry in found if entry.fact in _EXPERTS_OWN]
    return found, own


def _of_documents(session: Session, book: Book, period: Period, currency: str) -> list[_Draft]:
    """Return the invoices of experts, as who sold or bought books them; the operator neither did."""
    if book.side is None:
        return []
    year, document = period.whole_year, AccountingDocument
    whose = col(document.expert_id) if book.side is Side.EXPERT else col(document.client_id)
    conditions = (
        whose == book.party_id,
        col(document.client_id).is_not(None),
        col(document.kind).in_(_SOLD),
        col(document.currency) == currency,
        col(document.issued_on) >= year.first,
        col(document.issued_on) < year.after,
    )
    found = session.execute(select(document).where(*conditions)).scalars().all()
    references = {one.reference for one in found}
    titles = {one.reference: one.title for one in _of_ids(session, Escrow, references, "reference")}
    journal = accounting_plans.SALES if book.side is Side.EXPERT else accounting_plans.PURCHASES
    return [
        _Draft(
            journal,
            _joined(accounting_plans.DOCUMENT_LABELS[one.kind], titles.get(one.reference, "")),
            one.number,
            one.issued_on,
            (one.issued_on, one.issued_at, one.id),
            accounting_plans.document_bookings(book.side, one),
        )
        for one in found
    ]


def _text(entry: Entry, about: Subject) -> str:
    what = accounting_plans.LABELS[entry.fact]
    said = f"{accounting_plans.REVERSAL} : {what}" if entry.is_reversal else what
    return _joined(said, about.number, about.title)


def _joined(*parts: str) -> str:
    return " – ".join(part for part in parts if part)


def _of_ids(session: Session, table: type[SQLModel], ids: Iterable[str], name: str) -> list[Any]:
    column: Any = getattr(table, name)
    return statement_subjects.rows(session, table, column, ids)
