"""The table of what sellers give for the yearly report to the tax authority (DAC7).

There is no foreign key to profiles: the report of a year is due whoever leaves, and what it says is kept for ten years
(Directive (EU) 2021/514, annex V, section III; French general tax code, article 1649 ter D).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary
from sqlmodel import Field, SQLModel

from foundation.types import Instant

MOST_REQUESTS = 3
"""A request and two reminders."""


class TaxDetails(SQLModel, table=True):
    """What an expert gave last, and how often they were asked for it."""

    __tablename__ = "tax_details"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("(sealed IS NULL) = (given_at IS NULL)", name="tax_details_were_given"),
        CheckConstraint("(requests = 0) = (asked_at IS NULL)", name="tax_details_were_asked_for"),
        CheckConstraint(f"requests BETWEEN 0 AND {MOST_REQUESTS}", name="tax_details_are_asked_for_three_times"),
    )

    expert_id: str = Field(primary_key=True)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The details themselves, which nobody reads without the installation's key."""
    given_at: datetime | None = Field(default=None, sa_type=Instant)
    asked_at: datetime | None = Field(default=None, sa_type=Instant)
    """When they were asked for last."""
    requests: int = 0
    """How often, since anything was missing."""
