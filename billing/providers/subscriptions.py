"""The part of the port to a payment provider by which one card is charged again and again, for a subscription.

The card is typed once, on the provider's page or in a form that goes to the provider, never to us; the first charge is
the payer's (their bank may ask whether it is really them), later ones are ours. What comes of a charge is a payment:
`fetch_payin` has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from billing.lifecycle import PaymentState
from billing.provider_states import Period, SubscriptionState


@dataclass(frozen=True, slots=True)
class CardFormRequest:
    """A card is to be kept for later charges."""

    key: str
    user_id: str
    currency: str
    return_path: str
    """The page of ours that the payer comes back to; what the provider adds to its query goes to `keep_card`."""


@dataclass(frozen=True, slots=True)
class CardForm:
    """Where the card is typed."""

    provider_id: str
    url: str
    """A page to lead on to; where there are `fields`, the target of a form with them and the card's own."""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """A kept card is to be charged regularly."""

    key: str
    user_id: str
    wallet_id: str
    card_id: str
    cents: int
    currency: str
    period: Period


@dataclass(frozen=True, slots=True)
class Subscription:
    """What allows charges, as the provider has it now."""

    provider_id: str
    state: SubscriptionState


@dataclass(frozen=True, slots=True)
class Browser:
    """What banks want to know of the payer's browser (3-D Secure 2)."""

    address: str
    """Network address."""
    user_agent: str
    accept: str = "text/html"
    language: str = "fr"
    screen_width: int = 1280
    screen_height: int = 800
    color_depth: int = 24
    time_zone_offset: int = 0
    """Minutes."""


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """One charge."""

    key: str
    subscription_id: str
    cents: int
    fee_cents: int
    """Of these cents: what is ours at once."""
    currency: str
    browser: Browser | None = None
    """Of the first charge, where the payer is there."""
    return_path: str = "/"
    text: str = ""
    """On the payer's bank statement, at most 10 characters."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as the provider has it now."""

    provider_id: str
    key: str | None
    state: PaymentState
    cents: int
    failure: str | None = None
    action_url: str | None = None
    """Where the payer's bank asks whether it is really them (`challenge`)."""


class Subscriptions(Protocol):
    """Cards that are kept and charged."""

    def begin_card(self, request: CardFormRequest) -> CardForm:
        """Say where a card is typed."""
        ...

    def keep_card(self, provider_id: str, answer: str) -> str:
        """Return the id of the card that was typed; `answer` is the query with which the payer came back."""
        ...

    def subscribe(self, request: SubscriptionRequest) -> Subscription:
        """Allow charges of a kept card."""
        ...

    def fetch_subscription(self, provider_id: str) -> Subscription | None:
        """Return a subscription as it stands."""
        ...

    def charge(self, request: ChargeRequest) -> Charge:
        """Charge the card: with a browser as the payer, without as ourselves."""
        ...

    def end_subscription(self, provider_id: str) -> None:
        """Allow no more charges. May be repeated."""
        ...
