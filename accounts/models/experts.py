"""Tables of experts and of the reviews that their public profiles show."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, false
from sqlmodel import Field, SQLModel

from accounts.models.identities import new_id
from foundation.types import Instant


class LegalStatus(StrEnum):
    """How an expert is established (mission row S8); the first five are French."""

    SASU = "sasu"
    SARL = "sarl"
    EURL = "eurl"
    MICRO_ENTREPRENEUR = "micro_entrepreneur"
    PORTAGE_SALARIAL = "portage_salarial"
    SOLE_TRADER = "sole_trader"
    COMPANY = "company"
    OTHER = "other"


class ReviewOrigin(StrEnum):
    """Who vouches for a review: the operator who imported it, or a mission validated here."""

    IMPORTED = "imported"
    MISSION = "mission"


class ExpertColumns(SQLModel):
    """What a profile holds (mission row S7); lists keep the order that the expert gave them."""

    id: str = Field(primary_key=True, default_factory=new_id)
    ref: str
    slug: str
    name: str
    headline: str
    summary: str = ""
    skills: list[str] = Field(default_factory=list, sa_type=JSON)
    soft_skills: list[str] = Field(default_factory=list, sa_type=JSON)
    sectors: list[str] = Field(default_factory=list, sa_type=JSON)
    countries: list[str] = Field(default_factory=list, sa_type=JSON)
    languages: list[str] = Field(default_factory=list, sa_type=JSON)
    client_references: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    based_in: str | None = None
    city: str | None = None
    legal_status: str | None = None
    day_rate_cents: int | None = None
    day_rate_currency: str | None = None
    is_available: bool = True
    available_from: date | None = None
    is_visible: bool = True
    boost_granted_until: date | None = None
    """By the operator, for nothing: it comes with a record."""
    portrait_id: str | None = None
    availability_confirmed_on: date | None = None
    """When the owner last said so; None for an imported profile that nobody has claimed: it never lapses."""
    owned_fields: list[str] = Field(default_factory=list, sa_type=JSON)
    """Fields that the owner has edited: an import leaves them alone (decision 0019)."""
    version: int = 1
    """Grows by one with every change; orders what the index hears about."""
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class Expert(ExpertColumns, table=True):
    """An independent expert and the public profile."""

    __tablename__ = "experts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_experts_ref", "ref", unique=True),
        Index("ux_experts_slug", "slug", unique=True),
        CheckConstraint("version >= 1", name="version_grows"),
        CheckConstraint("day_rate_cents IS NULL OR day_rate_cents > 0", name="day_rate_is_positive"),
        CheckConstraint("(day_rate_cents IS NULL) = (day_rate_currency IS NULL)", name="day_rate_has_a_currency"),
        CheckConstraint(
            "legal_status IS NULL OR legal_status IN (" + ", ".join(f"'{status}'" for status in LegalStatus) + ")",
            name="legal_status_is_known",
        ),
    )

    is_withheld: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Operators keep the profile back; its owner's own preference stays as it is. See `accounts.withholdings`."""
    boost_paid_until: date | None = None
    """The last day of the boost that a subscription pays for; one that the operator grants stands apart from it."""

    @property
    def boosted_until(self) -> date | None:
        """Return the last day of a boost, paid or granted."""
        return max((day for day in (self.boost_paid_until, self.boost_granted_until) if day), default=None)

    @property
    def is_shown(self) -> bool:
        """Tell whether everybody may look at the profile, though it need not be in results."""
        return self.is_visible and not self.is_withheld


class ReviewColumns(SQLModel):
    """A rating of one area of expertise, with the comment that goes with it (mission row S4)."""

    id: str = Field(primary_key=True, default_factory=new_id)
    expert_id: str
    skill: str
    rating: int
    comment: str | None = None
    experienced_on: date
    published_on: date
    origin: str = ReviewOrigin.IMPORTED.value


class Review(ReviewColumns, table=True):
    """A review that is shown on a profile."""

    __tablename__ = "reviews"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_reviews_expert", "expert_id"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_is_1_to_5"),
        CheckConstraint("origin IN ('imported', 'mission')", name="origin_is_known"),
    )

    expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")


class StagedExpert(ExpertColumns, table=True):
    """A checked import line that waits for the flip that publishes its whole batch; one row a batch and expert."""

    __tablename__ = "staged_experts"  # pyright: ignore[reportAssignmentType]

    batch: str = Field(primary_key=True)
    base_version: int = 0
    """The version that was merged with; 0 for an expert that did not exist."""
    replaces_reviews: bool = False
    line: str
    """The record as it came, to merge again if the expert changes before the flip."""


class StagedReview(ReviewColumns, table=True):
    """An imported review that waits with its expert."""

    __tablename__ = "staged_reviews"  # pyright: ignore[reportAssignmentType]

    batch: str = Field(primary_key=True)


class SectorRating(SQLModel, table=True):
    """The mean rating of a sector's reviews, shrunk, as it was taken last."""

    __tablename__ = "sector_ratings"  # pyright: ignore[reportAssignmentType]

    sector: str = Field(primary_key=True)
    """The sector's key: a concept's id, or a free label's own."""
    mean: float
    taken_at: datetime = Field(sa_type=Instant)
