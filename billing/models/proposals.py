"""The table of what operators propose to do with money by hand, and a second one has to confirm."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.lifecycle import Deed, ProposalState
from foundation.types import Instant

_IS_OPEN = text("state = 'proposed'")


class MoneyProposal(SQLModel, table=True):
    """A deed that waits for a second operator. The table itself refuses one that confirms or declines their own."""

    __tablename__ = "money_proposals"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ux_money_proposals_payment", "payment_id", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
        ),
        Index("ux_money_proposals_refund", "refund_id", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_money_proposals_escrow", "escrow_id"),
        CheckConstraint(one_of("deed", Deed), name="deed_is_known"),
        CheckConstraint(one_of("state", ProposalState), name="proposal_state_is_known"),
        CheckConstraint("cents > 0", name="proposal_is_an_amount"),
        CheckConstraint("length(currency) = 3", name="proposal_currency_is_a_code"),
        CheckConstraint(
            "(deed = 'assign' AND payment_id IS NOT NULL AND escrow_id IS NOT NULL AND refund_id IS NULL)"
            " OR (deed = 'return' AND payment_id IS NOT NULL AND escrow_id IS NULL AND refund_id IS NULL)"
            " OR (deed = 'retry' AND payment_id IS NULL AND refund_id IS NOT NULL)",
            name="a_deed_has_its_object",
        ),
        CheckConstraint(
            "(state IN ('confirmed', 'declined')) = (decided_by IS NOT NULL)", name="a_decision_has_somebody"
        ),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="nobody_decides_on_their_own"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    deed: str
    state: str = ProposalState.PROPOSED.value
    payment_id: str | None = Field(default=None, foreign_key="payments.id")
    refund_id: str | None = Field(default=None, foreign_key="refunds.id")
    escrow_id: str | None = Field(default=None, foreign_key="escrows.id")
    """What a payment is to be counted for, or what a refund is of."""
    cents: int = Field(sa_type=BigInteger)
    currency: str
    proposed_by: str
    """The operator's account."""
    proposed_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    answer: str = ""
    """Why it was declined."""
