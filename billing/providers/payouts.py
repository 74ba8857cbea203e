"""The part of the port to a payment provider by which money is released and leaves to banks.

A *release* moves what is held from the payer's wallet to the owner's, and keeps the commission. A *payout* sends what
is in an owner's wallet to a *recipient*, which is a bank account. One that succeeded may still come back days later:
banks return what they can't book.
"""

from dataclasses import dataclass
from typing import Protocol

from billing.lifecycle import PaymentState
from billing.provider_states import PayoutState, RecipientState
from billing.providers.payins import Repaid


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """What is held is to go to whom it was held for."""

    key: str
    payer_id: str
    from_wallet_id: str
    to_wallet_id: str
    cents: int
    fee_cents: int
    """Of these cents: the commission with its tax. The rest arrives."""
    currency: str


@dataclass(frozen=True, slots=True)
class Release:
    """A release as the provider has it now."""

    provider_id: str
    key: str | None
    state: PaymentState
    cents: int
    fee_cents: int
    currency: str
    failure: str | None = None
    action_url: str | None = None
    """Where somebody has to confirm it (`challenge`)."""


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """What was released, or a part of it, is to go back to the payer's wallet."""

    key: str
    release_id: str
    payer_id: str
    cents: int
    """What leaves the owner's wallet; with `fee_cents` it is what arrives in the payer's."""
    fee_cents: int
    """How much of the commission is given back."""
    currency: str


@dataclass(frozen=True, slots=True)
class RecipientRequest:
    """A bank account that an owner wants to be paid to."""

    key: str
    user_id: str
    is_business: bool
    holder: str
    """A business by its name; a person as first and last name, with a space between them."""
    account_number: str
    """IBAN."""
    currency: str
    country: str
    """Of the account."""
    return_path: str
    """The page of ours that its owner comes back to after confirming it."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A bank account as the provider knows it."""

    provider_id: str
    state: RecipientState
    action_url: str | None = None
    """Where its owner has to confirm it (strong customer authentication)."""
    warning: str | None = None
    """What the bank says about the holder's name, where it is another one."""


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """What is in an owner's wallet is to go to a bank account."""

    key: str
    user_id: str
    wallet_id: str
    recipient_id: str
    cents: int
    currency: str
    text: str
    """On the bank statement; providers cut it short."""


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout as the provider has it now."""

    provider_id: str
    key: str | None
    state: PayoutState
    cents: int
    currency: str
    failure: str | None = None
    return_id: str | None = None
    """The transaction by which it came back."""


class Payouts(Protocol):
    """Releases, recipients and payouts."""

    def release(self, request: ReleaseRequest) -> Release:
        """Move what is held to the owner's wallet, less the commission."""
        ...

    def fetch_release(self, provider_id: str) -> Release | None:
        """Return a release as it stands."""
        ...

    def take_back(self, request: ReturnRequest) -> Repaid:
        """Move what was released back into the payer's wallet; `fetch_refund` says how it stands."""
        ...

    def add_recipient(self, request: RecipientRequest) -> Recipient:
        """Make a bank account known."""
        ...

    def fetch_recipient(self, provider_id: str, return_path: str = "/") -> Recipient | None:
        """Return a recipient as it stands; whoever confirms it comes back to a page of ours."""
        ...

    def pay_out(self, request: PayoutRequest) -> Payout:
        """Send money to a bank account."""
        ...

    def fetch_payout(self, provider_id: str) -> Payout | None:
        """Return a payout as it stands."""
        ...
