"""The table of billing mandates (mission row S24)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.identities import new_id
from foundation.types import Instant


class Mandate(SQLModel, table=True):
    """That an expert gave the operator the mandate to invoice, as evidence: who, when, from where, which text.

    It outlives the profile: invoices were issued under it. What names a person is blanked when they are erased.
    """

    __tablename__ = "mandates"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_mandates_expert", "expert_id"),
        CheckConstraint("language IN ('fr', 'en')", name="language_is_ours"),
        CheckConstraint("ended_at IS NULL OR ended_at >= accepted_at", name="it_ends_after_it_began"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    expert_id: str
    version: str
    """The day on which the text was published, such as 2026-11-30."""
    language: str
    """In which it was read."""
    text_hash: str
    """SHA-256 of the published text, in hex."""
    mandatary: str
    """Who was given it, as the text named them: the operator's details are settings."""
    mandator: str
    """Under which legal name it was given."""
    registration_number: str | None = None
    """Of that legal person: another one gives a mandate of its own."""
    accepted_at: datetime = Field(sa_type=Instant)
    accepted_by: str
    """The account."""
    address: str
    """The network address of whoever clicked."""
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    """From when on no quote is sent under it any more."""
