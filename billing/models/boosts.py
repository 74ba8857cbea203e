"""Tables of Boost subscriptions: who subscribed, the cards that were kept for it, and each charge.

There is no foreign key to profiles: what was paid is kept for ten years, longer than the expert may stay.
"""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.boost_periods import ChargeReason
from billing.lifecycle import BoostState, PaymentState
from billing.provider_states import Period, SubscriptionState
from foundation.types import Instant

_IS_LIVE = text("state <> 'ended'")
_IS_OPEN = text("state IN ('created', 'challenge')")


class BoostSubscription(SQLModel, table=True):
    """A Boost that is paid by the month or by the year. The table itself keeps an expert from having two."""

    __tablename__ = "boost_subscriptions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ux_boost_subscriptions_live", "expert_id", unique=True, sqlite_where=_IS_LIVE, postgresql_where=_IS_LIVE
        ),
        Index("ix_boost_subscriptions_expert", "expert_id"),
        Index("ix_boost_subscriptions_due", "state", "ends_on"),
        CheckConstraint(one_of("state", BoostState), name="boost_state_is_known"),
        CheckConstraint(one_of("plan", Period), name="boost_plan_is_known"),
        CheckConstraint(f"next_plan IS NULL OR {one_of('next_plan', Period)}", name="boost_next_plan_is_known"),
        CheckConstraint("(next_plan IS NULL) = (next_price_cents IS NULL)", name="boost_next_plan_has_a_price"),
        CheckConstraint("price_cents > 0", name="boost_price_is_an_amount"),
        CheckConstraint("length(currency) = 3", name="boost_currency_is_a_code"),
        CheckConstraint(
            "state NOT IN ('active', 'past_due', 'cancelled') OR (starts_on IS NOT NULL AND ends_on > starts_on"
            " AND anchor_on IS NOT NULL AND card_id IS NOT NULL)",
            name="boost_that_runs_was_paid",
        ),
        CheckConstraint("state <> 'past_due' OR grace_ends_on > ends_on", name="boost_past_due_has_its_grace"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="boost_that_ended_has_an_end"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    expert_id: str
    state: str = BoostState.AWAITING.value
    plan: str
    price_cents: int = Field(sa_type=BigInteger)
    """Of a whole period, before tax: what was agreed, whatever new subscribers pay."""
    currency: str
    anchor_on: date | None = None
    """The day that renewals are counted from."""
    starts_on: date | None = None
    ends_on: date | None = None
    """The first day that is not paid yet."""
    grace_ends_on: date | None = None
    """Where a renewal is under way or was missed: the first day without a boost unless it is paid."""
    next_plan: str | None = None
    """Chosen for the next renewal."""
    next_price_cents: int | None = Field(default=None, sa_type=BigInteger)
    card_id: str | None = None
    """Which of its cards is charged."""
    made_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class BoostCard(SQLModel, table=True):
    """A card that is typed at the provider, to be charged again and again. No number of it is here."""

    __tablename__ = "boost_cards"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_boost_cards_subscription", "subscription_id"),
        UniqueConstraint("provider", "provider_subscription_id", name="ux_boost_cards_provider"),
        CheckConstraint(
            f"subscription_state IS NULL OR {one_of('subscription_state', SubscriptionState)}",
            name="card_subscription_state_is_known",
        ),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked where the card is typed."""
    subscription_id: str = Field(foreign_key="boost_subscriptions.id")
    provider: str
    form_id: str | None = None
    provider_subscription_id: str | None = None
    """What allows charges of the card, once it was typed."""
    subscription_state: str | None = None
    """Whether it can be charged, as the provider said last."""
    made_at: datetime = Field(sa_type=Instant)
    typed_at: datetime | None = Field(default=None, sa_type=Instant)
    dropped_at: datetime | None = Field(default=None, sa_type=Instant)
    """When another card took its place, or nothing is charged any more."""


class BoostCharge(SQLModel, table=True):
    """One charge with its period and tax: what an invoice is made of. At most one of a subscription is under way."""

    __tablename__ = "boost_charges"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ux_boost_charges_open", "subscription_id", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
        ),
        Index("ix_boost_charges_subscription", "subscription_id"),
        Index("ix_boost_charges_expert", "expert_id"),
        UniqueConstraint("provider", "provider_id", name="ux_boost_charges_provider"),
        CheckConstraint(one_of("reason", ChargeReason), name="charge_reason_is_known"),
        CheckConstraint(one_of("plan", Period), name="charge_plan_is_known"),
        CheckConstraint(one_of("state", PaymentState), name="charge_state_is_known"),
        CheckConstraint("net_cents > 0 AND tax_cents >= 0", name="charge_is_an_amount"),
        CheckConstraint("credit_cents >= 0 AND net_cents = price_cents - credit_cents", name="charge_adds_up"),
        CheckConstraint("ends_on > starts_on", name="charge_is_for_days"),
        CheckConstraint("length(currency) = 3", name="charge_currency_is_a_code"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked: asking twice makes one charge."""
    subscription_id: str = Field(foreign_key="boost_subscriptions.id")
    card_id: str = Field(foreign_key="boost_cards.id")
    expert_id: str
    reason: str
    plan: str
    anchor_on: date
    starts_on: date
    ends_on: date
    price_cents: int = Field(sa_type=BigInteger)
    credit_cents: int = Field(sa_type=BigInteger)
    net_cents: int = Field(sa_type=BigInteger)
    tax_cents: int = Field(sa_type=BigInteger)
    tax_code: str
    tax_rate_bp: int
    tax_country: str | None = None
    tax_exemption: str | None = None
    tax_mentions: list[str] = Field(default_factory=list, sa_type=JSON)
    currency: str
    state: str = PaymentState.CREATED.value
    is_attended: bool
    """Whether the payer was there; the others are attempts of ours."""
    is_stray: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """It came when there was nothing left to pay: an operator gives it back at the provider."""
    provider: str
    provider_id: str | None = None
    failure: str | None = None
    """The provider's code."""
    action_url: str | None = None
    """Where the payer's bank asks whether it is really them."""
    made_at: datetime = Field(sa_type=Instant)
    asked_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the provider was asked first: until then it surely knows nothing of it."""
    settled_at: datetime | None = Field(default=None, sa_type=Instant)

    @property
    def gross_cents(self) -> int:
        """Return what the card is charged."""
        return self.net_cents + self.tax_cents
