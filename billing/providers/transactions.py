"""The part of the port to a payment provider that lists what happened there, to hold it against our own books."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from billing.lifecycle import PaymentState

FEES = "fees"
"""The wallet into which commissions go: no user's, one for each currency."""


class TransactionKind(StrEnum):
    """Which way money went."""

    PAYIN = "payin"
    """From a bank or card into a wallet."""
    TRANSFER = "transfer"
    """From a wallet to another one."""
    PAYOUT = "payout"
    """From a wallet to a bank."""


class TransactionNature(StrEnum):
    """Whether money went or came back. What came back went the other way than its kind says."""

    REGULAR = "regular"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    """The payer's bank took a card payment back."""
    SETTLEMENT = "settlement"
    """A chargeback was paid for."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement of money at the provider."""

    provider_id: str
    kind: TransactionKind
    nature: TransactionNature
    state: PaymentState
    cents: int
    """What left where it was."""
    fee_cents: int
    """What of this went to the fees; negative where fees were given back."""
    currency: str
    from_wallet_id: str | None
    to_wallet_id: str | None
    key: str | None
    """Ours, where we made it."""
    made_at: datetime
    done_at: datetime | None

    @property
    def arrived_cents(self) -> int:
        """Return what came to where it went."""
        return self.cents - self.fee_cents


class Statements(Protocol):
    """What happened."""

    def transactions(self, wallet_id: str, since: datetime) -> Iterator[Transaction]:
        """Return what was made in a wallet at an instant or later, oldest first, whatever its state; raises Guarded.

        Providers forget: one did after 13 months.
        """
        ...

    def fees(self, currency: str) -> int:
        """Return what is in the wallet of the commissions, in cents."""
        ...

    def fees_paid_out(self, currency: str) -> int:
        """Return what the provider has sent of them to the operator's bank, in cents: nobody asks it to."""
        ...
