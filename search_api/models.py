"""Tables of searching: ranking profiles, what points to them, judgments, what is counted of searches, saved ones."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, event
from sqlmodel import Field, SQLModel

from accounts.models.identities import new_id
from foundation.errors import Conflict
from foundation.types import Instant


class ProfileRow(SQLModel, table=True):
    """A ranking profile under the hash of its content. Rows are added, never changed and never removed."""

    __tablename__ = "ranking_profiles"  # pyright: ignore[reportAssignmentType]

    id: str = Field(primary_key=True)
    content: str
    """Canonical JSON, see `ranking.profiles.dump`."""
    parent_id: str | None = Field(default=None, foreign_key="ranking_profiles.id")
    author: str
    note: str
    created_at: datetime = Field(sa_type=Instant)


class PointerRow(SQLModel, table=True):
    """Which profile has a role on a surface; `percent` is the canary's share of searches, and `mode` what it does."""

    __tablename__ = "ranking_pointers"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("surface IN ('search', 'browse')", name="surface_is_known"),
        CheckConstraint("role IN ('live', 'canary', 'shadow')", name="role_is_known"),
        CheckConstraint("(role = 'canary') = (percent IS NOT NULL)", name="canary_has_a_share"),
        CheckConstraint("(role = 'canary') = (mode IS NOT NULL)", name="canary_has_a_mode"),
        CheckConstraint("mode IS NULL OR mode IN ('answers', 'interleaved')", name="mode_is_known"),
        CheckConstraint("percent IS NULL OR (percent >= 1 AND percent <= 99)", name="percent_is_a_share"),
    )

    surface: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    profile_id: str = Field(foreign_key="ranking_profiles.id")
    percent: int | None = None
    mode: str | None = None
    """`answers` alone, or `interleaved` with the live profile."""
    moved_at: datetime = Field(sa_type=Instant)


class MoveRow(SQLModel, table=True):
    """One move of a pointer; `to_id` is null where the role was given up. Rows are added, never changed."""

    __tablename__ = "ranking_moves"  # pyright: ignore[reportAssignmentType]

    id: int | None = Field(default=None, primary_key=True)
    surface: str
    role: str
    action: str
    """`promote`, `rollback`, `shadow`, `canary`, or `end` of a role whose profile went live."""
    from_id: str | None = Field(default=None, foreign_key="ranking_profiles.id")
    to_id: str | None = Field(default=None, foreign_key="ranking_profiles.id")
    percent: int | None = None
    mode: str | None = None
    """As in `PointerRow`."""
    author: str
    note: str
    override_reason: str | None = None
    """Why a profile went live without the evidence that is asked for."""
    moved_at: datetime = Field(sa_type=Instant)


class ShadowRow(SQLModel, table=True):
    """What a shadow would have changed, summed over searches that the live profile answered."""

    __tablename__ = "ranking_shadows"  # pyright: ignore[reportAssignmentType]

    surface: str = Field(primary_key=True)
    live_id: str = Field(primary_key=True)
    shadow_id: str = Field(primary_key=True)
    searches: int
    overlap_sum: float
    rank_biased_overlap_sum: float
    other_first: int
    """In how many searches somebody else would have stood first."""
    first_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant)


class ShadowMoveRow(SQLModel, table=True):
    """How often an expert would have left the first ten, or entered them."""

    __tablename__ = "ranking_shadow_moves"  # pyright: ignore[reportAssignmentType]

    surface: str = Field(primary_key=True)
    live_id: str = Field(primary_key=True)
    shadow_id: str = Field(primary_key=True)
    expert_id: str = Field(primary_key=True)
    times_left: int
    times_entered: int


class EmptySearchRow(SQLModel, table=True):
    """How often a search found nobody on one day: what was searched, nothing about who did."""

    __tablename__ = "empty_searches"  # pyright: ignore[reportAssignmentType]

    searched_on: date = Field(primary_key=True)
    key: str = Field(primary_key=True)
    """Hash of query and filters."""
    query: str
    filters: str
    """The parameters that narrow, as a query string."""
    count: int


class JudgedQuery(SQLModel, table=True):
    """A query that experts are graded for; `id` is made from its text, which may be longer than an index takes."""

    __tablename__ = "judged_queries"  # pyright: ignore[reportAssignmentType]

    id: str = Field(primary_key=True)
    text: str
    kind: str


class Judgment(SQLModel, table=True):
    """What one author thinks of one expert for one query, from 0 (no use) to 3 (just who was meant)."""

    __tablename__ = "judgments"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("grade BETWEEN 0 AND 3", name="grade_is_0_to_3"),
        CheckConstraint("source IN ('graded', 'traffic')", name="source_is_known"),
    )

    query_id: str = Field(primary_key=True, foreign_key="judged_queries.id", ondelete="CASCADE")
    expert_ref: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    author: str = Field(primary_key=True)
    grade: int
    judged_at: datetime = Field(sa_type=Instant)


class Evaluation(SQLModel, table=True):
    """What a profile reached on judged queries, with what besides it decided the figures."""

    __tablename__ = "evaluations"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_evaluations_profile", "profile_id"),
        CheckConstraint("basis IN ('searched', 'held_out', 'in_sample')", name="basis_is_known"),
    )

    id: str = Field(primary_key=True)
    profile_id: str
    basis: str
    conditions: dict[str, str] = Field(sa_type=JSON)
    kinds: dict[str, str] = Field(sa_type=JSON)
    """The kind of each query."""
    figures: dict[str, dict[str, float]] = Field(sa_type=JSON)
    """By metric, then by query."""
    folds: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """For held-out figures: what each fold reached in training and testing, and its profile."""
    author: str
    created_at: datetime = Field(sa_type=Instant)


class Frequency(StrEnum):
    """How often the new matches of a saved search are mailed."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


class SavedSearch(SQLModel, table=True):
    """A search that a client runs again, and may be mailed new matches of (mission row B8)."""

    __tablename__ = "saved_searches"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_saved_searches_account", "account_id"),
        Index("ix_saved_searches_frequency", "frequency"),
        CheckConstraint("frequency IN ('off', 'daily', 'weekly')", name="frequency_is_known"),
        CheckConstraint("new_count >= 0", name="new_count_is_a_number"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE")
    name: str
    parameters: dict[str, Any] = Field(sa_type=JSON)
    """As `search_api.requests.Parameters` takes them, without what belongs to a page or its reader."""
    frequency: str
    saved_at: datetime = Field(sa_type=Instant)
    looked_at: datetime = Field(sa_type=Instant)
    """For which due time it was looked for new matches last; when it was saved, at first."""
    told: list[str] = Field(default_factory=list, sa_type=JSON)
    """Experts who are not new any more, latest last."""
    new_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    """The first of those who were new last."""
    new_count: int = 0
    new_at: datetime | None = Field(default=None, sa_type=Instant)
    removed_at: datetime | None = Field(default=None, sa_type=Instant)
    """Deleted by its owner, who may take that back for a while."""


def _refuse(_mapper: Any, _connection: Any, row: SQLModel) -> None:
    """Raise Conflict: what ranked an answer, and who decided it, stays as it was written."""
    raise Conflict(f"{type(row).__name__} is never changed and never removed")


for _kept in (ProfileRow, MoveRow):
    for _change in ("before_update", "before_delete"):
        event.listen(_kept, _change, _refuse)
