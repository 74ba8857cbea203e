"""The part of the port to a payment provider that says whose money it is: users and their wallets.

A client pays in as a *payer*; an expert is paid as an *owner*, whom the provider has to know by papers first. Who is
both is two users: a payer that became an owner can't pay without being asked for papers.
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from billing.provider_states import OwnerKind, UserState


@dataclass(frozen=True, slots=True)
class Representative:
    """A natural person: who is paid, or who acts for a company."""

    first_name: str
    last_name: str
    email: str
    born_on: date | None = None
    """Of owners."""
    nationality: str = ""
    """ISO 3166-1 alpha-2, as the next one; of owners."""
    residence: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives, or a company has its seat."""

    line: str
    city: str
    postal_code: str
    country: str
    region: str = ""
    """Where a country's addresses have one."""


@dataclass(frozen=True, slots=True)
class PayerRequest:
    """A client who is to pay in. No papers are asked of one."""

    key: str
    name: str
    """Of the company; for a private person the representative's."""
    is_person: bool
    email: str
    representative: Representative


@dataclass(frozen=True, slots=True)
class OwnerRequest:
    """An expert who is to be paid, as their legal status has them."""

    key: str
    kind: OwnerKind
    name: str
    email: str
    representative: Representative
    address: Address
    company_number: str = ""
    return_path: str = "/"
    """The page of ours that they come back to, where the provider wants to see them."""


@dataclass(frozen=True, slots=True)
class User:
    """A payer or an owner as the provider has them now."""

    provider_id: str
    state: UserState
    is_verified: bool = False
    """The papers were validated: money may be paid out."""
    action_url: str | None = None
    """The provider's page where a pending user has to do something, such as proving that it is really them."""


@dataclass(frozen=True, slots=True)
class WalletRequest:
    """A user is to have a wallet in one currency."""

    key: str
    user_id: str
    currency: str
    title: str


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet with what is in it now."""

    provider_id: str
    currency: str
    cents: int


class Parties(Protocol):
    """Users and wallets."""

    def register_payer(self, request: PayerRequest) -> User:
        """Make a client known."""
        ...

    def register_owner(self, request: OwnerRequest) -> User:
        """Make an expert known; they may have to do something at the provider's page before they are paid."""
        ...

    def update_owner(self, provider_id: str, request: OwnerRequest) -> User:
        """Correct what is known of an owner of the same kind; may be repeated. Papers may be outdated by it."""
        ...

    def fetch_user(self, provider_id: str) -> User | None:
        """Return a user as they stand; None for one that the provider does not have."""
        ...

    def open_wallet(self, request: WalletRequest) -> Wallet:
        """Give a user a wallet."""
        ...

    def fetch_wallet(self, provider_id: str) -> Wallet | None:
        """Return a wallet with what is in it; raises Guarded."""
        ...
