"""Tables of what is let off the commission: for an expert's own clients, and for referrals (mission rows S16, S17)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from foundation.types import Instant


class ReductionKind(StrEnum):
    """By what a reduction was earned."""

    OWN_CLIENT = "own_client"
    """It holds on every mission of the pair, and is never used up."""
    REFERRAL = "referral"
    """It holds once."""


class Refusal(StrEnum):
    """Why a referral earns nothing."""

    SELF = "self"
    SAME_COMPANY = "same_company"
    CIRCULAR = "circular"
    KNOWN_ALREADY = "known_already"
    CLIENTS_EARN_NOTHING = "clients_earn_nothing"


class Reduction(SQLModel, table=True):
    """What an expert has earned."""

    __tablename__ = "reductions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_reductions_expert", "expert_id"),
        Index("ux_reductions_pair", "expert_id", "client_id", unique=True),
        Index("ux_reductions_earned_by", "earned_by", unique=True),
        CheckConstraint(one_of("kind", ReductionKind), name="kind_is_known"),
        CheckConstraint("(kind = 'own_client') = (client_id IS NOT NULL)", name="own_clients_are_named"),
        CheckConstraint("(kind = 'referral') = (earned_by IS NOT NULL)", name="referrals_are_named"),
        CheckConstraint("share_bp BETWEEN 0 AND 10000", name="share_is_a_part"),
        CheckConstraint("later_share_bp BETWEEN 0 AND 10000", name="later_share_is_a_part"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")
    kind: str
    client_id: str | None = Field(default=None, foreign_key="clients.id", ondelete="CASCADE")
    share_bp: int
    """Share of the commission that is let off, as it was promised on the day; the first time, for own clients."""
    later_share_bp: int
    """The same for every later mission of the pair."""
    earned_by: str | None = None
    """The referral: each counts once."""
    earned_at: datetime = Field(sa_type=Instant)


class ReductionUse(SQLModel, table=True):
    """That a reduction holds on something sold: kept for it from the acceptance on, used once it is paid.

    The turn is part of the key, so that nothing is used twice whatever happens at once.
    """

    __tablename__ = "reduction_uses"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_reduction_uses_reference", "reference", unique=True),
        CheckConstraint("turn >= 1", name="turns_are_counted"),
        CheckConstraint("share_bp BETWEEN 0 AND 10000", name="share_is_a_part"),
    )

    reduction_id: str = Field(primary_key=True, foreign_key="reductions.id", ondelete="CASCADE")
    turn: int = Field(primary_key=True)
    """The how-manieth use; a referral's has but the first."""
    reference: str
    """What it is used for; one reduction each."""
    share_bp: int
    reserved_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class PromoCode(SQLModel, table=True):
    """The code that an expert passes on."""

    __tablename__ = "promo_codes"  # pyright: ignore[reportAssignmentType]

    expert_id: str = Field(primary_key=True, foreign_key="experts.id", ondelete="CASCADE")
    code: str = Field(unique=True)
    made_at: datetime = Field(sa_type=Instant)


class Referral(SQLModel, table=True):
    """That somebody signed up with an expert's code, and what came of it."""

    __tablename__ = "referrals"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_referrals_sponsor", "sponsor_expert_id"),
        Index("ux_referrals_referred", "referred_account_id", unique=True),
        CheckConstraint(f"refusal IS NULL OR {one_of('refusal', Refusal)}", name="refusal_is_known"),
        CheckConstraint("(completed_at IS NULL) = (completed_by IS NULL)", name="completed_by_something"),
        CheckConstraint("refusal IS NULL OR completed_at IS NOT NULL", name="refused_at_the_end"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    sponsor_expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")
    referred_account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE")
    signed_up_at: datetime = Field(sa_type=Instant)
    completed_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the first transaction was completed."""
    completed_by: str | None = None
    """Its reference."""
    refusal: str | None = None
    """Why it earned nothing all the same."""
