"""Tables of what payment providers hold: escrows, how to fill them by wire, payments, refunds (rows S20, S25).

Amounts are whole cents of the escrow's currency, never negative. References are opaque: nobody here knows what was
booked. There is no foreign key to profiles: what was paid outlasts one that is erased.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.lifecycle import Amounts, EscrowState, PaymentState, RefundState
from foundation.types import Instant


class PaymentKind(StrEnum):
    """By which way money comes (no cheque, no PayPal: S20)."""

    CARD = "card"
    WIRE = "wire"


class RefundReason(StrEnum):
    """Why money goes back."""

    ASKED = "asked"
    """The client asks for it; the expert has to agree (S25)."""
    SURPLUS = "surplus"
    """More was paid, or is held, than is due."""
    CANCELLED = "cancelled"
    """What was paid for something that was called off: in part before it began, or whole by a right to withdraw."""
    RETURNED = "returned"
    """A payment that nobody could assign, or that came too late."""


class Escrow(SQLModel, table=True):
    """What is held for one reference until it is released to the expert, or goes back."""

    __tablename__ = "escrows"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_escrows_reference", "reference", unique=True),
        Index("ux_escrows_number_key", "number_key", unique=True),
        Index("ix_escrows_payer", "payer_client_id"),
        Index("ix_escrows_payee", "payee_expert_id"),
        CheckConstraint(one_of("state", EscrowState), name="escrow_state_is_known"),
        CheckConstraint("length(currency) = 3", name="currency_is_a_code"),
        CheckConstraint(
            "due_cents >= 0 AND paid_cents >= 0 AND refunded_cents >= 0 AND released_cents >= 0",
            name="nothing_is_negative",
        ),
        CheckConstraint("refunded_cents + released_cents <= paid_cents", name="no_more_leaves_than_came"),
        CheckConstraint(
            "state <> 'held' OR paid_cents - refunded_cents >= due_cents",
            name="what_is_held_is_covered",
        ),
        CheckConstraint(
            "(state = 'released' AND released_cents = due_cents) OR (state <> 'released' AND released_cents = 0)",
            name="only_what_is_released_was_paid_out",
        ),
        CheckConstraint(
            "state NOT IN ('refunded', 'cancelled') OR (due_cents = 0 AND paid_cents = refunded_cents)",
            name="what_went_back_is_gone_wholly",
        ),
        CheckConstraint("state <> 'released' OR paid_cents = refunded_cents + released_cents", name="nothing_is_left"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    reference: str
    """What it is held for, as whoever booked names it."""
    number: str
    """The same for people, such as M-2026-00042: what a transfer carries (S20)."""
    number_key: str
    """The number as it is compared: its letters and digits only."""
    title: str
    state: str = EscrowState.AWAITING.value
    payer_client_id: str = Field(foreign_key="clients.id")
    payee_expert_id: str
    currency: str
    due_cents: int = Field(sa_type=BigInteger)
    """What the expert is to get in all, before commission."""
    paid_cents: int = Field(default=0, sa_type=BigInteger)
    refunded_cents: int = Field(default=0, sa_type=BigInteger)
    """What went back, or is on its way."""
    released_cents: int = Field(default=0, sa_type=BigInteger)
    opened_at: datetime = Field(sa_type=Instant)
    held_at: datetime | None = Field(default=None, sa_type=Instant)
    """When all was there for the first time: from then on nothing goes back unless the expert agrees."""
    approved_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the payer approved the work: from then on nothing is asked back, and the release is owed."""
    closed_at: datetime | None = Field(default=None, sa_type=Instant)

    @property
    def amounts(self) -> Amounts:
        """Return the amounts, for reckoning."""
        return Amounts(self.due_cents, self.paid_cents, self.refunded_cents, self.released_cents)


class WireDetails(SQLModel, table=True):
    """Where to send a transfer for an escrow, as the provider said."""

    __tablename__ = "wire_details"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("escrow_id", "provider", name="ux_wire_details_escrow"),
        Index("ix_wire_details_provider", "provider", "provider_id"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    escrow_id: str = Field(foreign_key="escrows.id")
    provider: str
    provider_id: str
    reference: str
    holder: str
    account_number: str
    """The provider's IBAN."""
    bic: str
    turn: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """How often it was said: where a reference is good for one transfer, another one is needed after each."""
    used_at: datetime | None = Field(default=None, sa_type=Instant)
    """When a transfer came for it, or it ended without one."""
    made_at: datetime = Field(sa_type=Instant)


class Payment(SQLModel, table=True):
    """One payment: a card that was tried, or a wire that arrived. Each of a provider's is here once."""

    __tablename__ = "payments"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("provider", "provider_id", name="ux_payments_provider"),
        Index("ix_payments_escrow", "escrow_id"),
        CheckConstraint(one_of("state", PaymentState), name="payment_state_is_known"),
        CheckConstraint(one_of("kind", PaymentKind), name="payment_kind_is_known"),
        CheckConstraint("cents > 0", name="payment_is_an_amount"),
        CheckConstraint("length(currency) = 3", name="payment_currency_is_a_code"),
        CheckConstraint(
            "counted_at IS NULL OR (state = 'succeeded' AND escrow_id IS NOT NULL)", name="only_what_came_is_counted"
        ),
        CheckConstraint("counted_at IS NULL OR returned_at IS NULL", name="counted_or_returned"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked: asking twice makes one payment."""
    escrow_id: str | None = Field(default=None, foreign_key="escrows.id")
    """None: nobody knows yet what it is for."""
    provider: str
    provider_id: str | None = None
    kind: str
    state: str = PaymentState.CREATED.value
    cents: int = Field(sa_type=BigInteger)
    currency: str
    failure: str | None = None
    """The provider's code."""
    wire_text: str = ""
    """What the payer wrote on the transfer."""
    wire_sender: str = ""
    begun_by: str | None = None
    """The account that paid by card."""
    begun_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    counted_at: datetime | None = Field(default=None, sa_type=Instant)
    """When it was added to the escrow; one that succeeded and was not waits for an operator."""
    returned_at: datetime | None = Field(default=None, sa_type=Instant)


class Refund(SQLModel, table=True):
    """Money that is to go back to whoever paid it."""

    __tablename__ = "refunds"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_refunds_escrow", "escrow_id"),
        Index("ix_refunds_state", "state"),
        CheckConstraint(one_of("state", RefundState), name="refund_state_is_known"),
        CheckConstraint(one_of("reason", RefundReason), name="refund_reason_is_known"),
        CheckConstraint("cents > 0", name="refund_is_an_amount"),
        CheckConstraint(
            "reason <> 'asked' OR state NOT IN ('agreed', 'done', 'failed') OR consented_by IS NOT NULL",
            name="what_was_asked_for_was_consented_to",
        ),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    escrow_id: str | None = Field(default=None, foreign_key="escrows.id")
    """None: of a payment that was never assigned."""
    reason: str
    state: str = RefundState.ASKED.value
    cents: int = Field(sa_type=BigInteger)
    currency: str
    explanation: str = ""
    """Why the client asks, in their words."""
    asked_by: str | None = None
    asked_at: datetime = Field(sa_type=Instant)
    consented_by: str | None = None
    """The expert's account (S25)."""
    consented_at: datetime | None = Field(default=None, sa_type=Instant)
    consented_from: str | None = None
    """The network address that the consent came from."""
    answer: str = ""
    """Why the expert refuses, in their words."""
    reminders: int = 0
    reminded_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the expert was last asked."""
    done_at: datetime | None = Field(default=None, sa_type=Instant)


class RefundPart(SQLModel, table=True):
    """What of a refund goes back against one payment: providers refund payments, not balances."""

    __tablename__ = "refund_parts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_refund_parts_refund", "refund_id"),
        Index("ix_refund_parts_payment", "payment_id"),
        UniqueConstraint("provider_id", "payment_id", name="ux_refund_parts_provider"),
        CheckConstraint(one_of("state", PaymentState), name="part_state_is_known"),
        CheckConstraint("cents > 0", name="part_is_an_amount"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked."""
    refund_id: str = Field(foreign_key="refunds.id")
    payment_id: str = Field(foreign_key="payments.id")
    provider_id: str | None = None
    state: str = PaymentState.CREATED.value
    cents: int = Field(sa_type=BigInteger)
    failure: str | None = None
