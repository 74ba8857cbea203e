"""Tables of what payers' banks took back: payments for escrows, and charges of Boost subscriptions."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.lifecycle import ChargebackState
from foundation.types import Instant


class Chargeback(SQLModel, table=True):
    """A card payment, or a part of it, that the payer's bank took back. Each of a provider's is here once."""

    __tablename__ = "chargebacks"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("provider", "provider_id", name="ux_chargebacks_provider"),
        Index("ix_chargebacks_payment", "payment_id"),
        Index("ix_chargebacks_escrow", "escrow_id"),
        CheckConstraint(one_of("state", ChargebackState), name="chargeback_state_is_known"),
        CheckConstraint("cents > 0", name="chargeback_is_an_amount"),
        CheckConstraint("length(currency) = 3", name="chargeback_currency_is_a_code"),
        CheckConstraint("held_cents BETWEEN 0 AND cents", name="no_more_was_held_than_was_taken"),
        CheckConstraint("back_cents BETWEEN 0 AND cents", name="no_more_comes_back_than_was_taken"),
        CheckConstraint("restored_cents BETWEEN 0 AND held_cents", name="no_more_is_held_again_than_was"),
        CheckConstraint("(state = 'won') = (back_cents > 0)", name="what_was_won_came_back"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    provider: str
    provider_id: str
    payment_id: str = Field(foreign_key="payments.id")
    escrow_id: str | None = Field(default=None, foreign_key="escrows.id")
    """For what the payment counted; None: for nothing yet."""
    state: str = ChargebackState.TAKEN.value
    cents: int = Field(sa_type=BigInteger)
    currency: str
    held_cents: int = Field(sa_type=BigInteger)
    """What of it was still held, and is no more; the rest is the operator's loss."""
    back_cents: int = Field(default=0, sa_type=BigInteger)
    """What the bank gave back."""
    restored_cents: int = Field(default=0, sa_type=BigInteger)
    """What of this is held again; the rest is the operator's, or goes to the payer (`refund_id`)."""
    refund_id: str | None = Field(default=None, foreign_key="refunds.id")
    """By which it goes to the payer, where nothing was awaited any more when it came back."""
    reason: str = ""
    """The provider's code."""
    taken_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)

    @property
    def lost_cents(self) -> int:
        """Return what was the operator's loss when it was taken."""
        return self.cents - self.held_cents


class BoostChargeback(SQLModel, table=True):
    """A charge of a Boost subscription, or a part of it, that the bank took back: all of it is the operator's loss."""

    __tablename__ = "boost_chargebacks"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("provider", "provider_id", name="ux_boost_chargebacks_provider"),
        Index("ix_boost_chargebacks_charge", "charge_id"),
        CheckConstraint(one_of("state", ChargebackState), name="boost_chargeback_state_is_known"),
        CheckConstraint("cents > 0", name="boost_chargeback_is_an_amount"),
        CheckConstraint("length(currency) = 3", name="boost_chargeback_currency_is_a_code"),
        CheckConstraint("back_cents BETWEEN 0 AND cents", name="no_more_of_a_charge_comes_back_than_was_taken"),
        CheckConstraint("(state = 'won') = (back_cents > 0)", name="what_was_won_of_a_charge_came_back"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    provider: str
    provider_id: str
    charge_id: str = Field(foreign_key="boost_charges.id")
    state: str = ChargebackState.TAKEN.value
    cents: int = Field(sa_type=BigInteger)
    currency: str
    back_cents: int = Field(default=0, sa_type=BigInteger)
    """What the bank gave back."""
    reason: str = ""
    """The provider's code."""
    taken_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
