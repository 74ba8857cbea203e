"""Table of what binds a review to the mission that it comes from (mission row S4)."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from foundation.types import Instant


class MissionReview(SQLModel, table=True):
    """A review's mission, how its client is described on the profile, and what the expert replies."""

    __tablename__ = "mission_reviews"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ux_mission_reviews_skill", "mission_id", "skill", unique=True),)

    review_id: str = Field(primary_key=True, foreign_key="reviews.id", ondelete="CASCADE")
    mission_id: str = Field(foreign_key="missions.id")
    skill: str
    client_id: str = Field(foreign_key="clients.id")
    author_account_id: str = Field(foreign_key="accounts.id")
    shows_name: bool = False
    """The client agrees to be named; otherwise only its kind, place and trade are told."""
    place: str = ""
    sector: str = ""
    written_at: datetime = Field(sa_type=Instant)
    reply: str = ""
    replied_at: datetime | None = Field(default=None, sa_type=Instant)
