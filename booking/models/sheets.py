"""Tables of mission sheets and of the offers made with them (mission rows S11, S12)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from booking.lifecycle import OfferState, SheetState
from foundation.types import Instant

MOST_FILES = 5
"""Of one sheet."""


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
    message: str = ""
    refusal_reason: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """One of `booking.offer_rules.Reason`, where it was refused."""
    refusal: str = ""
    """What the expert adds to the reason."""
    sent_at: datetime = Field(sa_type=Instant)
    seen_at: datetime | None = Field(default=None, sa_type=Instant)
    seen_edition: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Which edition of the sheet the expert has read; 0: none yet."""
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)


class SheetEdition(SQLModel, table=True):
    """What a published sheet said in one of its editions, so that what has changed can be shown."""

    __tablename__ = "sheet_editions"  # pyright: ignore[reportAssignmentType]

    sheet_id: str = Field(primary_key=True, foreign_key="sheets.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSON)
    published_at: datetime = Field(sa_type=Instant)


class SheetFile(SQLModel, table=True):
    """A file that goes with a sheet."""

    __tablename__ = "sheet_files"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_sheet_files_place", "sheet_id", "place", unique=True),
        CheckConstraint(f"place BETWEEN 1 AND {MOST_FILES}", name="sheet_files_are_few"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    sheet_id: str = Field(foreign_key="sheets.id", ondelete="CASCADE")
    place: int
    name: str
    size_bytes: int
    file_id: str = Field(foreign_key="stored_files.id")
    added_at: datetime = Field(sa_type=Instant)


class NdaAcceptance(SQLModel, table=True):
    """That an expert accepted a non-disclosure agreement for a sheet, word by word. Never changed (mission row B10)."""

    __tablename__ = "nda_acceptances"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_nda_acceptances_account", "account_id"),
        CheckConstraint("language IN ('fr', 'en')", name="nda_language_is_ours"),
    )

    sheet_id: str = Field(primary_key=True)
    """No foreign key: an agreement outlasts the sheet that it is about."""
    expert_id: str = Field(primary_key=True)
    client_id: str = Field(foreign_key="clients.id")
    account_id: str = Field(foreign_key="accounts.id")
    name: str
    """As it was when accepting; the account may be erased, the agreement stays."""
    address: str
    """The network address that it came from."""
    version: str
    language: str
    text: str
    text_hash: str
    """SHA-256 of the text."""
    accepted_at: datetime = Field(sa_type=Instant)
