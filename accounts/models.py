"""Tables of experts and of the reviews that their public profiles show."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, CheckConstraint, Index
from sqlmodel import Field, SQLModel

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


def new_id() -> str:
    """Return a fresh identity for a row that the world may see."""
    return str(uuid4())


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


class VisitorKind(StrEnum):
    """Who looks: mission row S5 counts companies and experts; who has not signed in is counted apart."""

    COMPANY = "company"
    EXPERT = "expert"
    ANONYMOUS = "anonymous"


_KIND_IS_KNOWN = "visitor_kind IN (" + ", ".join(f"'{kind}'" for kind in VisitorKind) + ")"


class VisitorSalt(SQLModel, table=True):
    """A day's secret, of which visitor keys are made. Once it is gone, no key leads back to an address."""

    __tablename__ = "visitor_salts"  # pyright: ignore[reportAssignmentType]

    used_on: date = Field(primary_key=True)
    salt: str


class ResultPage(SQLModel, table=True):
    """A page of results that somebody saw. `id` is the query id of its answer."""

    __tablename__ = "result_pages"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_result_pages_shown", "shown_at"),
        Index("ix_result_pages_visitor", "visitor_key", "shown_at"),
        CheckConstraint(_KIND_IS_KNOWN, name="visitor_kind_is_known"),
    )

    id: str = Field(primary_key=True)
    shown_at: datetime = Field(sa_type=Instant)
    query: str | None = None
    """As typed, cut short; None where nothing was typed."""
    draw_key: str
    """What the draws about the search hang on: equal for the same search in the same week."""
    profile_id: str
    arm: str
    canary_id: str | None = None
    """The ranking profile that was interleaved with `profile_id`, if one was."""
    holdout_percent: int
    visitor_kind: str
    visitor_key: str


class Impression(SQLModel, table=True):
    """An expert on a page of results."""

    __tablename__ = "impressions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_impressions_expert", "expert_id"),
        CheckConstraint("position >= 1", name="position_starts_at_1"),
        CheckConstraint("treatment IS NULL OR treatment IN ('boosted', 'held_out')", name="treatment_is_known"),
    )

    query_id: str = Field(primary_key=True, foreign_key="result_pages.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    """Place among all results, from 1."""
    expert_id: str
    team: str | None = None
    """Which of two interleaved rankings brought the expert."""
    treatment: str | None = None
    """What became of a boost that could have counted: `boosted`, or `held_out` to measure it."""
    base: float
    score: float
    is_repeated: bool = False


class View(SQLModel, table=True):
    """An expert's full page that somebody opened; `query_id` says from which page of results."""

    __tablename__ = "views"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_views_expert", "expert_id"),
        Index("ix_views_visitor", "visitor_key", "viewed_at"),
        Index("ix_views_viewed", "viewed_at"),
        CheckConstraint(_KIND_IS_KNOWN, name="visitor_kind_is_known"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    expert_id: str
    viewed_at: datetime = Field(sa_type=Instant)
    query_id: str | None = None
    visitor_kind: str
    visitor_key: str
    is_repeated: bool = False


class AudienceDay(SQLModel, table=True):
    """What is kept for good of one expert's audience on one day."""

    __tablename__ = "audience_days"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint(_KIND_IS_KNOWN, name="visitor_kind_is_known"),)

    expert_id: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    visitor_kind: str = Field(primary_key=True)
    impressions: int = 0
    repeated_impressions: int = 0
    views: int = 0
    repeated_views: int = 0
