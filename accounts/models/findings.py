"""What somebody asked for when results showed them an expert: beside whatever they do about it (decision 24)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel


@dataclass(frozen=True, slots=True)
class Finding:
    """For which words, at which place among results and on which day an expert was found."""

    query: str
    """In small letters, with single spaces."""
    position: int
    on: date


class Found(SQLModel):
    """Columns of rows that know how their expert was found; all None where no search led there, or none any more."""

    found_for: str | None = None
    found_at_position: int | None = None
    found_on: date | None = None

    @property
    def finding(self) -> Finding | None:
        """Return the columns as a value."""
        if self.found_for is None or self.found_at_position is None or self.found_on is None:
            return None
        return Finding(self.found_for, self.found_at_position, self.found_on)


class Approach(SQLModel, table=True):
    """That a client proposed a mission, or wrote first, to an expert whom results had shown.

    Nothing of it leads to the page of results: no query id, no visitor key, and no time of day.
    """

    __tablename__ = "approaches"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_approaches_expert", "expert_id"),
        Index("ix_approaches_found", "found_on"),
        CheckConstraint("position >= 1", name="position_starts_at_1"),
    )

    client_id: str = Field(primary_key=True, foreign_key="clients.id", ondelete="CASCADE")
    expert_id: str = Field(primary_key=True)
    query: str = Field(primary_key=True)
    position: int
    found_on: date
