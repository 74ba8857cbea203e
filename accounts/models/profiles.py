"""Tables of an expert's own space: what one's profile was before, portrait, letters, legal identity (S7, S8)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.experts import LegalStatus
from accounts.models.identities import new_id
from foundation.types import Instant

MAX_LETTERS = 3


class ProfileVersion(SQLModel, table=True):
    """What an owner's edit replaced, so that it can be taken back; the latest few are kept."""

    __tablename__ = "profile_versions"  # pyright: ignore[reportAssignmentType]

    expert_id: str = Field(primary_key=True, foreign_key="experts.id", ondelete="CASCADE")
    version: int = Field(primary_key=True)
    """The expert's version that the edit made."""
    replaced: dict[str, Any] = Field(sa_type=JSON)
    """The columns that changed, as they were before."""
    edited_at: datetime = Field(sa_type=Instant)


class PortraitFile(SQLModel, table=True):
    """One size of a portrait, as it is sent to readers."""

    __tablename__ = "portrait_files"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_portrait_files_expert", "expert_id"),)

    portrait_id: str = Field(primary_key=True)
    size_px: int = Field(primary_key=True)
    expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")
    file_id: str = Field(foreign_key="stored_files.id")


class ReferenceLetter(SQLModel, table=True):
    """A letter by a client. The place, one of three, makes a fourth one impossible whatever happens at once."""

    __tablename__ = "reference_letters"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_reference_letters_place", "expert_id", "place", unique=True),
        CheckConstraint(f"place BETWEEN 1 AND {MAX_LETTERS}", name="three_letters_at_most"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")
    place: int
    title: str
    is_shown: bool
    """On the profile; otherwise its owner and operators alone see it."""
    pages: int
    file_id: str = Field(foreign_key="stored_files.id")
    added_at: datetime = Field(sa_type=Instant)


class LegalIdentity(SQLModel, table=True):
    """Under which legal identity an expert works (mission row S8); nothing of it is in the profile or the index.

    The status itself is repeated on the profile, which shows it.
    """

    __tablename__ = "legal_identities"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint(one_of("status", LegalStatus), name="status_is_known"),)

    expert_id: str = Field(primary_key=True, foreign_key="experts.id", ondelete="CASCADE")
    status: str
    country: str
    legal_name: str
    address: str
    registration_number: str | None = None
    vat_number: str | None = None
    vat_proof: dict[str, str] | None = Field(default=None, sa_type=JSON)
    """What the public VAT service answered, and when."""
    has_vat_franchise: bool = False
    """No tax is charged, whoever buys (mission row S19)."""
    portage_company: str | None = None
    changed_at: datetime = Field(sa_type=Instant)
