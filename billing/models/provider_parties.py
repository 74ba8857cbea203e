"""Tables of whom providers know, and in which wallets their money is.

There is no foreign key to clients or profiles: a wallet with money in it outlasts one that is erased.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.provider_states import UserState
from foundation.types import Instant

PAYER = "payer"


class ProviderUser(SQLModel, table=True):
    """A client as payer, or an expert as owner, at one provider.

    An expert whose status changes is another owner: providers can't make a person a company.
    """

    __tablename__ = "provider_users"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("provider", "role", "party_id", name="ux_provider_users_party"),
        Index("ux_provider_users_id", "provider", "provider_id", unique=True),
        CheckConstraint("role IN ('payer', 'person', 'sole_trader', 'business')", name="role_is_known"),
        CheckConstraint(one_of("state", UserState), name="user_state_is_known"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked: asking twice makes one user."""
    provider: str
    role: str
    """`payer`, or as what an owner is paid: `billing.provider_states.OwnerKind`."""
    party_id: str
    """The client's id, or the expert's."""
    provider_id: str | None = None
    state: str = UserState.PENDING.value
    is_verified: bool = False
    made_at: datetime = Field(sa_type=Instant)


class ProviderWallet(SQLModel, table=True):
    """A user's wallet in one currency."""

    __tablename__ = "provider_wallets"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("user_id", "currency", name="ux_provider_wallets_user"),
        CheckConstraint("length(currency) = 3", name="wallet_currency_is_a_code"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked."""
    user_id: str = Field(foreign_key="provider_users.id")
    currency: str
    provider_id: str | None = None
    made_at: datetime = Field(sa_type=Instant)
