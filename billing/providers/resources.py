"""What changes at a payment provider, and how it says no."""

from dataclasses import dataclass
from typing import Self

PAYIN, REFUND, RELEASE, PAYOUT = "payin", "refund", "release", "payout"
USER, RECIPIENT, PAPER, SUBSCRIPTION, CHARGEBACK = "user", "recipient", "paper", "subscription", "chargeback"
DECLARATION = "declaration"
KINDS = frozenset({PAYIN, REFUND, RELEASE, PAYOUT, USER, RECIPIENT, PAPER, SUBSCRIPTION, CHARGEBACK, DECLARATION})
"""Of what changes at a provider."""
PAYOUT_RETURN = "payout_refund"
"""What the ledger calls a payout that a bank sent back."""
CHARGEBACK_RETURN = "chargeback_return"
"""What the ledger calls a chargeback that was won: the provider has no other id for it."""


class Declined(Exception):
    """The provider will never do what was asked; the text is its code."""


class Guarded(Exception):
    """The provider shows an owner's wallet only once that owner has confirmed, at its page, that it is them."""


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
