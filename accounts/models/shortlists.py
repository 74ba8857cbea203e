"""Tables of shortlists: the few experts whom somebody weighs up, and what colleagues say of them (rows S1, B8)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.findings import Found
from accounts.models.identities import new_id
from accounts.picks import MOST
from foundation.types import Instant


class Shortlist(SQLModel, table=True):
    """A client's list, or that of a browser in which nobody has signed in."""

    __tablename__ = "shortlists"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_shortlists_client", "client_id", unique=True),
        Index("ux_shortlists_token", "token_hash", unique=True),
        Index("ux_shortlists_share", "share_hash", unique=True),
        Index("ix_shortlists_used", "used_at"),
        CheckConstraint("(client_id IS NULL) <> (token_hash IS NULL)", name="shortlist_has_one_owner"),
        CheckConstraint("(share_id IS NULL) = (share_hash IS NULL)", name="share_is_whole"),
        CheckConstraint("(share_id IS NULL) = (share_ends_at IS NULL)", name="share_ends"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    client_id: str | None = Field(default=None, foreign_key="clients.id", ondelete="CASCADE")
    token_hash: str | None = None
    """SHA-256 of what the browser's cookie holds."""
    name: str = ""
    """What whoever gets the link reads."""
    made_at: datetime = Field(sa_type=Instant)
    used_at: datetime = Field(sa_type=Instant)
    """To the day: browsers' lists that nobody uses are deleted."""
    removed: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))  # pyright: ignore[reportArgumentType, reportCallIssue]
    """The pick that was taken off last, for taking that back."""
    left_out: list[str] = Field(default_factory=list, sa_type=JSON)
    """Experts of a browser's list that did not fit when it was joined with this one; until the reader says so."""
    share_id: str | None = None
    """What the link's token is made of, with the installation's key: the database alone opens nothing."""
    share_hash: str | None = None
    share_ends_at: datetime | None = Field(default=None, sa_type=Instant)


class ShortlistItem(Found, table=True):
    """An expert on a list. No foreign key: who is erased leaves an empty place, and the page says so."""

    __tablename__ = "shortlist_items"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_shortlist_items_position", "shortlist_id", "position", unique=True),
        Index("ix_shortlist_items_expert", "expert_id"),
        CheckConstraint(f"position BETWEEN 1 AND {MOST}", name="list_is_short"),
    )

    shortlist_id: str = Field(primary_key=True, foreign_key="shortlists.id", ondelete="CASCADE")
    expert_id: str = Field(primary_key=True)
    position: int
    added_at: datetime = Field(sa_type=Instant)
    note: str = ""


class ShortlistComment(SQLModel, table=True):
    """What somebody who has the link says, of one expert or of the whole list."""

    __tablename__ = "shortlist_comments"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_shortlist_comments_list", "shortlist_id", "written_at"),
        Index("ix_shortlist_comments_expert", "expert_id"),
        CheckConstraint("opinion IS NULL OR opinion IN ('for', 'against')", name="opinion_is_known"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    shortlist_id: str = Field(foreign_key="shortlists.id", ondelete="CASCADE")
    expert_id: str | None = None
    author: str
    """The name that they gave; nobody checked it."""
    text: str
    opinion: str | None = None
    """`for` or `against` the expert; None where they did not say."""
    written_at: datetime = Field(sa_type=Instant)
