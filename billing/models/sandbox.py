"""The tables of the simulated provider: what a real one would keep at its own place, and nothing that is personal."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.lifecycle import ChargebackState, PaymentState
from billing.provider_states import (
    DeclarationState,
    PaperKind,
    PaperState,
    PayoutState,
    Period,
    RecipientState,
    SubscriptionState,
)
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
    wallet_id: str | None = None
    """Where a card payment goes; a wire goes to the wallet of its client."""
    fee_cents: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    subscription_id: str | None = None
    """Whose charge it is."""
    refunded_id: str | None = None
    """The payment that a refund is of."""
    failure: str | None = None
    made_at: datetime = Field(sa_type=Instant)
    arrives_at: datetime | None = Field(default=None, sa_type=Instant)
    """When a wire that is under way arrives."""


class SandboxChargeback(SQLModel, table=True):
    """A card payment that the payer's bank took back, and what became of that."""

    __tablename__ = "sandbox_chargebacks"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_sandbox_chargebacks_payin", "payin_id"),
        CheckConstraint(one_of("state", ChargebackState), name="sandbox_chargeback_state_is_known"),
        CheckConstraint("cents > 0", name="sandbox_chargeback_is_an_amount"),
    )

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    payin_id: str = Field(foreign_key="sandbox_transactions.id")
    state: str = ChargebackState.TAKEN.value
    cents: int = Field(sa_type=BigInteger)
    currency: str
    made_at: datetime = Field(sa_type=Instant)


class SandboxUser(SQLModel, table=True):
    """A payer or an owner. Who that is stands with us, under the key."""

    __tablename__ = "sandbox_users"  # pyright: ignore[reportAssignmentType]

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    key: str = Field(unique=True)
    role: str
    """`payer`, or as what an owner is paid."""
    made_at: datetime = Field(sa_type=Instant)


class SandboxWallet(SQLModel, table=True):
    """A wallet; what is in it is the sum of what went in and out."""

    __tablename__ = "sandbox_wallets"  # pyright: ignore[reportAssignmentType]

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    key: str = Field(unique=True)
    user_id: str = Field(foreign_key="sandbox_users.id")
    currency: str
    made_at: datetime = Field(sa_type=Instant)


class SandboxRecipient(SQLModel, table=True):
    """A bank account, of which only is kept what becomes of payouts to it."""

    __tablename__ = "sandbox_recipients"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint(one_of("state", RecipientState), name="sandbox_recipient_state_is_known"),)

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    key: str = Field(unique=True)
    user_id: str = Field(foreign_key="sandbox_users.id")
    outcome: str
    state: str
    return_path: str = ""
    made_at: datetime = Field(sa_type=Instant)


class SandboxMovement(SQLModel, table=True):
    """A release, one that was taken back, or a payout."""

    __tablename__ = "sandbox_movements"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_sandbox_movements_from", "from_wallet_id"),
        Index("ix_sandbox_movements_to", "to_wallet_id"),
        Index("ix_sandbox_movements_due", "due_at"),
        CheckConstraint("kind IN ('release', 'return', 'payout')", name="sandbox_movement_kind_is_known"),
        CheckConstraint(one_of("state", PayoutState), name="sandbox_movement_state_is_known"),
        CheckConstraint("cents > 0", name="sandbox_movement_is_an_amount"),
    )

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    key: str = Field(unique=True)
    kind: str
    state: str
    cents: int = Field(sa_type=BigInteger)
    fee_cents: int = Field(default=0, sa_type=BigInteger)
    currency: str
    from_wallet_id: str
    to_wallet_id: str | None = None
    """None: a bank."""
    sent_to: str | None = None
    """The recipient of a payout."""
    returned_id: str | None = None
    """The release that was taken back."""
    failure: str | None = None
    made_at: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the bank does what it will do."""
    done_at: datetime | None = Field(default=None, sa_type=Instant)
    came_back_at: datetime | None = Field(default=None, sa_type=Instant)


class SandboxPaper(SQLModel, table=True):
    """A paper; its pages are kept until somebody has looked at them."""

    __tablename__ = "sandbox_papers"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_sandbox_papers_user", "user_id"),
        CheckConstraint(one_of("kind", PaperKind), name="sandbox_paper_kind_is_known"),
        CheckConstraint(one_of("state", PaperState), name="sandbox_paper_state_is_known"),
    )

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    key: str = Field(unique=True)
    user_id: str = Field(foreign_key="sandbox_users.id")
    kind: str
    state: str
    reason: str | None = None
    explanation: str = ""
    pages: int
    made_at: datetime = Field(sa_type=Instant)


class SandboxPage(SQLModel, table=True):
    """One file of a paper that waits to be looked at, sealed."""

    __tablename__ = "sandbox_pages"  # pyright: ignore[reportAssignmentType]

    paper_id: str = Field(primary_key=True, foreign_key="sandbox_papers.id", ondelete="CASCADE")
    place: int = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)


class SandboxDeclaration(SQLModel, table=True):
    """A declaration of who owns a business; whom it names is kept, sealed, until somebody has looked at it."""

    __tablename__ = "sandbox_declarations"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_sandbox_declarations_user", "user_id"),
        CheckConstraint(one_of("state", DeclarationState), name="sandbox_declaration_state_is_known"),
    )

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    key: str = Field(unique=True)
    """Of whoever asked last: an incomplete one is taken up again by the next."""
    user_id: str = Field(foreign_key="sandbox_users.id")
    state: str
    reason: str | None = None
    explanation: str = ""
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=Instant)


class SandboxCard(SQLModel, table=True):
    """A card that is kept for later charges: which of the sandbox's it is, once it was typed."""

    __tablename__ = "sandbox_cards"  # pyright: ignore[reportAssignmentType]

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    key: str = Field(unique=True)
    user_id: str = Field(foreign_key="sandbox_users.id")
    currency: str
    return_path: str
    number: str | None = None
    made_at: datetime = Field(sa_type=Instant)


class SandboxSubscription(SQLModel, table=True):
    """What allows charges of a kept card."""

    __tablename__ = "sandbox_subscriptions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint(one_of("state", SubscriptionState), name="sandbox_subscription_state_is_known"),
        CheckConstraint(one_of("period", Period), name="sandbox_period_is_known"),
        CheckConstraint("cents > 0", name="sandbox_subscription_is_an_amount"),
    )

    id: str = Field(primary_key=True, default_factory=lambda: f"sandbox-{new_id()}")
    key: str = Field(unique=True)
    card_id: str = Field(foreign_key="sandbox_cards.id")
    wallet_id: str = Field(foreign_key="sandbox_wallets.id")
    cents: int = Field(sa_type=BigInteger)
    currency: str
    period: str
    state: str
    made_at: datetime = Field(sa_type=Instant)
