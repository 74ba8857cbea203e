"""The table of links by which a company's accounting pays without an account."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.identities import new_id
from foundation.types import Instant


class PaymentLink(SQLModel, table=True):
    """A link to one payment request. Its token is made of the id and the installation's key, and kept nowhere."""

    __tablename__ = "payment_links"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_payment_links_token", "token_hash", unique=True),
        Index("ix_payment_links_escrow", "escrow_id"),
        CheckConstraint("ends_at > made_at", name="a_payment_link_lasts"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    escrow_id: str = Field(foreign_key="escrows.id")
    token_hash: str
    made_by: str
    """The account of the client that made it."""
    made_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    """When it was taken back, or a newer one took its place."""
