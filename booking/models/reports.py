"""Tables of end reports: what an expert says of each objective at a mission's end (mission row S22)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.identities import new_id
from foundation.types import Instant


class Outcome(StrEnum):
    """How far an objective was reached."""

    REACHED = "reached"
    PARTLY = "partly"
    MISSED = "missed"


class Report(SQLModel, table=True):
    """A report as it was sent: never changed, but for what the client answers. Sent back, another one follows."""

    __tablename__ = "reports"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_reports_mission", "mission_id", "number", unique=True),
        CheckConstraint("number >= 1", name="report_number_is_positive"),
        CheckConstraint("returned_at IS NULL OR validated_at IS NULL", name="returned_or_validated"),
        CheckConstraint("(returned_at IS NULL) = (return_reason IS NULL)", name="returned_with_a_reason"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    mission_id: str = Field(foreign_key="missions.id")
    number: int
    objectives: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """For each objective of the quote its `text`, an `outcome` and a `comment`, in the quote's order."""
    summary: str
    sent_by: str = Field(foreign_key="accounts.id")
    sent_at: datetime = Field(sa_type=Instant)
    returned_at: datetime | None = Field(default=None, sa_type=Instant)
    return_reason: str | None = None
    validated_at: datetime | None = Field(default=None, sa_type=Instant)


class ReportFile(SQLModel, table=True):
    """A file that goes with a report."""

    __tablename__ = "report_files"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_report_files_place", "report_id", "place", unique=True),
        CheckConstraint("place >= 1", name="report_file_place_is_positive"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    report_id: str = Field(foreign_key="reports.id")
    place: int
    name: str
    size_bytes: int
    file_id: str = Field(foreign_key="stored_files.id")
