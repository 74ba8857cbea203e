"""Tables of documents of accounting: their series, what was issued, and the files of it (mission rows S24, B5).

Rows are only added. Migration 0039 has the triggers by which the database itself refuses to change or delete what was
issued, and a number that doesn't follow the one before, on SQLite and PostgreSQL.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import JSON, Field, SQLModel

from accounts.models.identities import new_id
from foundation.types import Cents, Instant


class DocumentSeries(SQLModel, table=True):
    """A series of numbers without gaps: of one legal person, one kind, and one year."""

    __tablename__ = "document_series"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint("latest >= 1", name="series_begin_with_one"),)

    name: str = Field(primary_key=True)
    """What its numbers begin with, such as FAC-K7Q2M4XA3D-2026."""
    seller: str
    """Whose it is: two legal persons never share one."""
    latest: int


class AccountingDocument(SQLModel, table=True):
    """Something that was issued."""

    __tablename__ = "accounting_documents"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("number", name="ux_accounting_documents_number"),
        UniqueConstraint("series", "position", name="ux_accounting_documents_position"),
        # One of each kind for what was sold, and another once that was taken back; credit notes are held to what they
        # take back.
        Index(
            "ux_accounting_documents_reference",
            "kind",
            "reference",
            "correction",
            unique=True,
            sqlite_where=text("kind <> 'credit_note'"),
            postgresql_where=text("kind <> 'credit_note'"),
        ),
        UniqueConstraint("preceding_id", name="ux_accounting_documents_preceding"),
        Index("ix_accounting_documents_expert", "expert_id"),
        Index("ix_accounting_documents_client", "client_id"),
        CheckConstraint("kind IN ('invoice', 'credit_note', 'commission', 'boost')", name="document_kind_is_known"),
        CheckConstraint("(kind = 'credit_note') = (preceding_id IS NOT NULL)", name="credit_notes_take_back"),
        CheckConstraint("net_cents + tax_cents = gross_cents", name="document_adds_up"),
        CheckConstraint("net_cents >= 0 AND tax_cents >= 0", name="document_is_not_negative"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    kind: str
    number: str
    series: str = Field(foreign_key="document_series.name")
    position: int
    """In its series, from 1."""
    reference: str
    """What was sold: an escrow's reference, or a charge's id."""
    correction: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """How many of its kind were issued for this before, and taken back."""
    expert_id: str
    """Who sells, or whom the operator sells to."""
    client_id: str | None = None
    """Who buys; None where the expert does."""
    preceding_id: str | None = Field(default=None, foreign_key="accounting_documents.id")
    """What a credit note takes back, which is done once."""
    language: str
    issued_on: date
    issued_at: datetime = Field(sa_type=Instant)
    currency: str
    net_cents: int = Field(sa_type=Cents)
    tax_cents: int = Field(sa_type=Cents)
    gross_cents: int = Field(sa_type=Cents)
    content: dict[str, Any] = Field(sa_type=JSON)
    """All that it says (`billing.documents.contents`)."""
    content_hash: str
    """SHA-256 of that, in hex."""


class DocumentFile(SQLModel, table=True):
    """The file of a document, as it was rendered once: PDF/A-3 with the XML in it."""

    __tablename__ = "document_files"  # pyright: ignore[reportAssignmentType]

    document_id: str = Field(primary_key=True, foreign_key="accounting_documents.id")
    pdf: bytes = Field(sa_type=LargeBinary)
    sha256: str
    """Of the bytes, in hex."""
    rendered_at: datetime = Field(sa_type=Instant)


class DocumentContest(SQLModel, table=True):
    """That an expert contests what was issued in their name, within the time that the mandate gives (row S24)."""

    __tablename__ = "document_contests"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_document_contests_decided", "decided_at"),
        CheckConstraint("(decided_at IS NULL) = (is_upheld IS NULL)", name="contest_is_decided_or_open"),
    )

    document_id: str = Field(primary_key=True, foreign_key="accounting_documents.id")
    expert_id: str
    reason: str
    contested_at: datetime = Field(sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: str | None = None
    """The operator's account."""
    is_upheld: bool | None = None
    """Whether the document was taken back, and issued anew."""
    note: str = ""
    """What the operator answers."""
