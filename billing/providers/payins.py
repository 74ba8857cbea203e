"""The part of the port to a payment provider by which money comes in, and goes back to whoever paid."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from billing.lifecycle import ChargebackState, PaymentState
from billing.models.escrows import PaymentKind
from foundation.i18n import Language


@dataclass(frozen=True, slots=True)
class CardRequest:
    """A card payment that is to begin."""

    key: str
    user_id: str
    """The payer, as the provider knows them, and their wallet."""
    wallet_id: str
    cents: int
    currency: str
    title: str
    language: Language
    return_path: str
    """The page of ours that the payer comes back to."""


@dataclass(frozen=True, slots=True)
class CardPage:
    """Where the payer types the card: on the provider's page, never on one of ours."""

    provider_id: str
    url: str


@dataclass(frozen=True, slots=True)
class WireRequest:
    """Somebody wants to send a transfer."""

    key: str
    user_id: str
    """The payer, as the provider knows them, and their wallet."""
    wallet_id: str
    cents: int
    currency: str
    number: str
    """What it is for; the provider may want another reference on the transfer."""


@dataclass(frozen=True, slots=True)
class WireAccount:
    """Where to send it, with which reference."""

    provider_id: str
    reference: str
    holder: str
    account_number: str
    bic: str


@dataclass(frozen=True, slots=True)
class Payin:
    """A payment as the provider has it now."""

    provider_id: str
    kind: PaymentKind
    state: PaymentState
    cents: int
    currency: str
    key: str | None = None
    """Ours, where we began it."""
    wire_text: str = ""
    wire_sender: str = ""
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """A payment, or a part of it, that is to go back to whoever paid it."""

    key: str
    payin_id: str
    kind: PaymentKind
    cents: int
    currency: str
    holder: str = ""
    """Whose account a wire came from, and which it was, where the provider may not know: only wires need it."""
    account_number: str = ""


@dataclass(frozen=True, slots=True)
class Repaid:
    """A refund of one payment as the provider has it now."""

    provider_id: str
    key: str | None
    state: PaymentState
    failure: str | None = None
    return_id: str | None = None
    """By which a bank sent it back, after it had been sent."""


@dataclass(frozen=True, slots=True)
class Disputed:
    """A chargeback as the provider has it now: the payer's bank took a card payment back, or a part of it."""

    provider_id: str
    payin_id: str
    state: ChargebackState
    cents: int
    currency: str
    made_at: datetime
    back_cents: int = 0
    """What of it the bank gave back (`won`)."""
    reason: str = ""


class Payins(Protocol):
    """Cards, wires, refunds of both, and what banks take back."""

    def start_card(self, request: CardRequest) -> CardPage:
        """Begin a card payment."""
        ...

    def open_wire(self, request: WireRequest) -> WireAccount:
        """Say where a transfer goes."""
        ...

    def fetch_payin(self, provider_id: str) -> Payin | None:
        """Return a payment as it stands; None for one that the provider does not have."""
        ...

    def refund(self, request: RefundRequest) -> Repaid:
        """Send money back to whoever paid it."""
        ...

    def fetch_refund(self, provider_id: str) -> Repaid | None:
        """Return a refund as it stands, of a payment or of a release."""
        ...

    def fetch_chargeback(self, provider_id: str) -> Disputed | None:
        """Return a chargeback as it stands; None also where a bank only asks, and took nothing."""
        ...

    def chargebacks(self, since: datetime) -> Iterator[Disputed]:
        """Return the chargebacks that were made at an instant or later, oldest first."""
        ...
