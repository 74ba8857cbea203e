"""The table of what providers were asked to make, kept before each call: no crash makes anything twice."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from foundation.types import Instant


class ProviderRequest(SQLModel, table=True):
    """One thing that a provider was asked to make, until it is made or declined."""

    __tablename__ = "provider_requests"  # pyright: ignore[reportAssignmentType]

    key: str = Field(primary_key=True)
    """The id of the row of ours that it is made for, with what is made where that is several things."""
    provider: str
    path: str
    fingerprint: str
    """SHA-256 of what was asked: nothing else may be asked with the key."""
    turn: int = 1
    """How often the provider was asked anew, after it had surely made nothing."""
    asked_at: datetime = Field(sa_type=Instant)
    """When this turn began: providers remember keys for a time only."""
    provider_id: str | None = None
    """What was made."""
