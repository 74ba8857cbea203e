"""The log of what became of documents once they were issued: by mail, at an approved platform, in the archive (S24).

Rows are only added: triggers refuse everything else (migration 0042). Neither names nor addresses are in them.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from foundation.types import Instant


class Way(StrEnum):
    """By what a document goes."""

    MAIL = "mail"
    PLATFORM = "platform"
    """An approved platform, which brings invoices to French companies (CGI, article 289 bis)."""
    ARCHIVE = "archive"
    """It goes nowhere: whether it is whole was looked at."""


class State(StrEnum):
    """What was noted. Of a platform's, the code of the invoice's life cycle stands beside (XP Z12-012)."""

    QUEUED = "queued"
    SENT = "sent"
    """The mail server took it."""
    FAILED = "failed"
    HANDED_OVER = "handed_over"
    """The platform can take it."""
    DEPOSITED = "deposited"  # 200
    ISSUED = "issued"  # 201
    RECEIVED = "received"  # 202
    AVAILABLE = "available"  # 203
    TAKEN_OVER = "taken_over"  # 204
    APPROVED = "approved"  # 205
    PARTLY_APPROVED = "partly_approved"  # 206
    DISPUTED = "disputed"  # 207
    SUSPENDED = "suspended"  # 208
    COMPLETED = "completed"  # 209
    REFUSED = "refused"  # 210
    PAYMENT_SENT = "payment_sent"  # 211
    COLLECTED = "collected"  # 212
    REJECTED = "rejected"  # 213
    CANCELLED = "cancelled"  # 220
    MISROUTED = "misrouted"  # 221
    INADMISSIBLE = "inadmissible"  # 501
    DAMAGED = "damaged"
    UNMADE = "unmade"
    """Its file was not made in time."""
    WHOLE = "whole"
    """What was wrong is right again."""
    SETTLED = "settled"
    """An operator has seen to what went wrong."""


class DocumentDelivery(SQLModel, table=True):
    """One line of the log."""

    __tablename__ = "document_deliveries"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_document_deliveries_document", "document_id", "id"),
        Index("ix_document_deliveries_sending", "sending"),
        Index("ix_document_deliveries_state", "state", "at"),
        CheckConstraint(one_of("way", Way), name="way_of_a_document_is_known"),
        CheckConstraint(one_of("state", State), name="state_of_a_delivery_is_known"),
        CheckConstraint("party IN ('', 'client', 'expert')", name="party_of_a_delivery_is_known"),
        CheckConstraint("(party <> '') = (way = 'mail')", name="mails_go_to_a_party"),
    )

    id: int | None = Field(default=None, primary_key=True)
    document_id: str = Field(foreign_key="accounting_documents.id")
    sending: str
    """Lines of one sending share it: what is sent once more has another."""
    way: str
    party: str = ""
    """To whom a mail goes."""
    state: str
    at: datetime = Field(sa_type=Instant)
    """When it happened, as whoever did it says."""
    code: str = ""
    """Of a platform's status."""
    detail: str = ""
    key: str = Field(unique=True)
    """What is told twice is noted once."""
