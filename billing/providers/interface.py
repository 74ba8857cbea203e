"""The port to a payment provider: what is asked of one, and what it says.

Calls go over a network, so they happen outside of transactions, and each that makes something carries a key: asking
again with the same key makes nothing more. A provider also calls us, to say that something of its own changed. Such a
call proves nothing: its resource is fetched (`fetch_payin`, `fetch_refund`), and what that says is applied, however
often and in which order it is told.

Amounts are whole cents. Methods raise `foundation.errors.Unreachable` while the provider does not answer, and
`Declined` for what it will never do.
"""

from dataclasses import dataclass
from typing import Protocol, Self

from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from foundation.i18n import Language

PAYIN, REFUND = "payin", "refund"


class Declined(Exception):
    """The provider will never do what was asked; the text is its code."""


@dataclass(frozen=True, slots=True)
class CardRequest:
    """A card payment that is to begin."""

    key: str
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


@dataclass(frozen=True, slots=True)
class Repaid:
    """A refund of one payment as the provider has it now."""

    provider_id: str
    key: str | None
    state: PaymentState
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """What a provider says has changed."""

    provider: str
    kind: str
    provider_id: str

    @property
    def key(self) -> str:
        """Return it as the outbox holds it."""
        return f"{self.provider}:{self.kind}:{self.provider_id}"

    @classmethod
    def read(cls, key: str) -> Self:
        """Return it from how the outbox holds it."""
        provider, kind, provider_id = key.split(":", 2)
        return cls(provider, kind, provider_id)


class Provider(Protocol):
    """Who holds the money."""

    name: str
    is_sandbox: bool
    """No money moves: pages say so."""

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
        """Send money back."""
        ...

    def fetch_refund(self, provider_id: str) -> Repaid | None:
        """Return a refund as it stands."""
        ...
