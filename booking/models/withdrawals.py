"""Table of the contracts that private clients withdrew from (mission row B11)."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from foundation.types import Instant


class Withdrawal(SQLModel, table=True):
    """That a private client withdrew from a mission's contract in time, and what of the work was done by then."""

    __tablename__ = "withdrawals"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("done_percent IS NULL OR done_percent BETWEEN 0 AND 100", name="share_is_a_percentage"),
        CheckConstraint("(done_percent IS NULL) = (stated_at IS NULL)", name="shares_have_their_time"),
    )

    mission_id: str = Field(primary_key=True, foreign_key="missions.id")
    account_id: str = Field(foreign_key="accounts.id")
    address: str
    """The network address that it came from."""
    withdrawn_at: datetime = Field(sa_type=Instant)
    done_percent: int | None = None
    """As the expert states it; None where work had not begun, or as long as the expert has not said."""
    stated_at: datetime | None = Field(default=None, sa_type=Instant)
