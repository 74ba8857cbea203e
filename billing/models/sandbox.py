"""The table of the simulated provider: what a real one would keep at its own place."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.lifecycle import PaymentState
from foundation.types import Instant


class SandboxTransaction(SQLModel, table=True):
    """A card payment, a wire, or a refund of one, in play money."""

    __tablename__ = "sandbox_transactions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_sandbox_transactions_key", "key", unique=True),
        Index("ix_sandbox_transactions_arrives", "arrives_at"),
        Index("ix_sandbox_transactions_client", "client_id"),
        CheckConstraint("kind IN ('card', 'wire', 'refund')", name="sandbox_kind_is_known"),
        CheckConstraint(one_of("state", PaymentState), name="sandbox_state_is_known"),
        CheckConstraint("cents > 0", name="sandbox_amount_is_one"),
    )

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    key: str | None = None
    """Of whoever asked: asking twice makes one."""
    kind: str
    state: str = PaymentState.CREATED.value
    cents: int = Field(sa_type=BigInteger)
    currency: str
    title: str = ""
    """What the payer reads on the card page; on a wire, what they wrote."""
    client_id: str | None = None
    """Who sent a wire."""
    language: str = ""
    return_path: str = ""
    refunded_id: str | None = None
    """The payment that a refund is of."""
    failure: str | None = None
    made_at: datetime = Field(sa_type=Instant)
    arrives_at: datetime | None = Field(default=None, sa_type=Instant)
    """When a wire that is under way arrives."""
