"""Tables of how experts are paid: transfers from payers' wallets to theirs, bank accounts, payouts (rows S20–S23).

Amounts are whole cents. There is no foreign key to profiles: what was paid outlasts one that is erased. Of a bank
account its country, the last four signs of its number and a keyed hash are kept, by which the same one is known again:
number and holder are with the provider alone.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.lifecycle import TransferState
from billing.provider_states import PayoutState, RecipientState
from foundation.types import Instant

_NOT_FAILED = text("state <> 'failed'")
_UNDER_WAY = text("state <> 'failed' AND state <> 'returned'")


class Transfer(SQLModel, table=True):
    """What one provider brings of a released escrow from the payer's wallet to the expert's, the fee to ours."""

    __tablename__ = "transfers"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # Of one escrow each provider brings what it holds once; one that failed may be followed by another.
        Index(
            "ux_transfers_escrow",
            "escrow_id",
            "provider",
            unique=True,
            sqlite_where=_NOT_FAILED,
            postgresql_where=_NOT_FAILED,
        ),
        Index("ix_transfers_payee", "payee_expert_id"),
        Index("ix_transfers_state", "state"),
        UniqueConstraint("provider", "provider_id", name="ux_transfers_provider"),
        CheckConstraint(one_of("state", TransferState), name="transfer_state_is_known"),
        CheckConstraint("cents > 0 AND fee_cents >= 0 AND fee_cents <= cents", name="transfer_is_an_amount"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked: asking twice makes one."""
    escrow_id: str = Field(foreign_key="escrows.id")
    payee_expert_id: str
    provider: str
    owner_id: str | None = Field(default=None, foreign_key="provider_users.id")
    """As whom the expert gets it: decided on before the provider is asked. None: not asked yet."""
    provider_id: str | None = None
    state: str = TransferState.CREATED.value
    cents: int = Field(sa_type=BigInteger)
    fee_cents: int = Field(sa_type=BigInteger)
    """The commission with its tax."""
    currency: str
    failure: str | None = None
    """The provider's code."""
    retried_at: datetime | None = Field(default=None, sa_type=Instant)
    """When another one was made in place of this one, which failed."""
    made_at: datetime = Field(sa_type=Instant)
    done_at: datetime | None = Field(default=None, sa_type=Instant)

    @property
    def net_cents(self) -> int:
        """Return what comes to the expert's wallet, and is paid out."""
        return self.cents - self.fee_cents


class BankAccount(SQLModel, table=True):
    """A bank account that an expert wants to be paid to."""

    __tablename__ = "bank_accounts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_bank_accounts_expert", "expert_id"),
        UniqueConstraint("provider", "provider_id", name="ux_bank_accounts_provider"),
        CheckConstraint(one_of("state", RecipientState), name="bank_account_state_is_known"),
        CheckConstraint("length(ending) <= 4", name="numbers_are_not_kept"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked."""
    expert_id: str
    owner_id: str = Field(foreign_key="provider_users.id")
    """Whose it is at the provider."""
    provider: str
    provider_id: str | None = None
    state: str = RecipientState.PENDING.value
    country: str
    currency: str
    ending: str
    """The last four signs of its number."""
    number_hash: str
    """HMAC-SHA-256 of its number with holder and currency: a key is good for these alone."""
    warning: str | None = None
    """What the bank says of the holder's name."""
    made_at: datetime = Field(sa_type=Instant)
    replaced_at: datetime | None = Field(default=None, sa_type=Instant)
    """When another one was given."""


class Payout(SQLModel, table=True):
    """What an expert is paid of one transfer."""

    __tablename__ = "payouts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # Nothing is paid twice: one that failed or came back may be followed by another.
        Index("ux_payouts_transfer", "transfer_id", unique=True, sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
        Index("ix_payouts_of_transfer", "transfer_id"),
        Index("ix_payouts_expert", "expert_id"),
        Index("ix_payouts_state", "state"),
        UniqueConstraint("provider", "provider_id", name="ux_payouts_provider"),
        CheckConstraint(one_of("state", PayoutState), name="payout_state_is_known"),
        CheckConstraint("cents > 0", name="payout_is_an_amount"),
        CheckConstraint("(state = 'returned') = (return_id IS NOT NULL)", name="what_came_back_came_by_a_transaction"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked."""
    transfer_id: str = Field(foreign_key="transfers.id")
    bank_account_id: str = Field(foreign_key="bank_accounts.id")
    expert_id: str
    provider: str
    provider_id: str | None = None
    return_id: str | None = None
    """The provider's transaction by which it came back."""
    state: str = PayoutState.CREATED.value
    cents: int = Field(sa_type=BigInteger)
    currency: str
    failure: str | None = None
    """The provider's code."""
    made_at: datetime = Field(sa_type=Instant)
    expected_on: date
    """By when it is on the account."""
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    came_back_at: datetime | None = Field(default=None, sa_type=Instant)
    retried_at: datetime | None = Field(default=None, sa_type=Instant)
    """When an operator had it tried again, to the same account."""
