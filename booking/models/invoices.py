"""The table of releases that wait, since an invoice of theirs can't be issued yet (mission row S24)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from foundation.types import Instant


class InvoiceHold(SQLModel, table=True):
    """A validated mission whose invoices break rules: what is held for it is released once they don't."""

    __tablename__ = "invoice_holds"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_invoice_holds_ended", "ended_at"),)

    mission_id: str = Field(primary_key=True, foreign_key="missions.id")
    breaches: list[dict[str, Any]] = Field(sa_type=JSON)
    """Which rules (`billing.documents.checks.Breach`), and of which kind of document."""
    units_per_euro: str | None = None
    """What an operator says that a euro was worth in the currency of the documents on the day of the tax, as
    decimals: where a French seller's tax has to be said in euros (CGI, annex II, article 242 nonies A)."""
    held_at: datetime = Field(sa_type=Instant)
    tried_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the invoices were issued."""
