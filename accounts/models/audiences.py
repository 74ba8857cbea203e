"""Tables of experts' audience: who was shown, whose page was opened (mission row S5)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.identities import new_id
from foundation.types import Instant


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
    places: str | None = None
    """Codes of countries and ids of zones that were asked for, with commas between; None where none was."""
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
