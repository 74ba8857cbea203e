"""Tables of mission sheets and of the offers made with them (mission rows S11, S12)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from booking.lifecycle import OfferState, SheetState
from foundation.types import Instant


class Sheet(SQLModel, table=True):
    """What a client wants to have done. A browser drafts one without an account; publishing needs one."""

    __tablename__ = "sheets"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_sheets_client", "client_id"),
        Index("ux_sheets_token", "token_hash", unique=True),
        CheckConstraint(one_of("state", SheetState), name="sheet_state_is_known"),
        CheckConstraint("(client_id IS NULL) <> (token_hash IS NULL)", name="sheet_has_one_owner"),
        CheckConstraint("state = 'draft' OR client_id IS NOT NULL", name="published_sheets_have_a_client"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    state: str = SheetState.DRAFT.value
    client_id: str | None = Field(default=None, foreign_key="clients.id")
    token_hash: str | None = None
    """SHA-256 of what the browser's cookie holds."""
    author_account_id: str | None = Field(default=None, foreign_key="accounts.id", ondelete="SET NULL")
    title: str = ""
    content: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """See `booking.sheet_contents`: objectives, terms, skills, zones, dates, budget."""
    needs_nda: bool = False
    """Attachments and details are open only to who has signed the non-disclosure agreement (B10)."""
    answer_by: date | None = None
    edition: int = 1
    """Grows with each edit after publishing; experts are told."""
    made_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    published_at: datetime | None = Field(default=None, sa_type=Instant)


class Offer(SQLModel, table=True):
    """A sheet that was proposed to an expert; once, whatever happens at once."""

    __tablename__ = "offers"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_offers_sheet_expert", "sheet_id", "expert_id", unique=True),
        Index("ix_offers_expert", "expert_id"),
        CheckConstraint(one_of("state", OfferState), name="offer_state_is_known"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    state: str = OfferState.SENT.value
    sheet_id: str = Field(foreign_key="sheets.id", ondelete="CASCADE")
    client_id: str = Field(foreign_key="clients.id")
    expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")
    query_id: str | None = None
    """The answered search that the expert was picked from, where it is known: for judgments from traffic."""
    message: str = ""
    refusal: str = ""
    """What the expert answers instead of a quote."""
    sent_at: datetime = Field(sa_type=Instant)
    seen_at: datetime | None = Field(default=None, sa_type=Instant)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
