"""The port to a payment provider: what is asked of one, and what it says. Everything of it can be imported from here.

Calls go over a network, so they happen outside of transactions, and each that makes something carries a key: asking
again with the same key makes nothing more, and answers as the first time. Keys are ids of rows of ours (UUIDs), kept
before the call; what is made carries its key, so that it is known again whoever tells of it.

A provider also calls us, to say that something of its own changed. Such a call proves nothing: its resource is fetched
(`fetch_payin`, `fetch_payout`…), and what that says is applied, however often and in which order it is told.

Amounts are whole cents. Methods raise `foundation.errors.Unreachable` while the provider does not answer, or asks to
wait: what was asked may or may not have happened, and is asked again with the same key. They raise `Declined` for what
it will never do under this key, and `Guarded` where an owner's wallet is read that is not shown without its owner.
"""

from typing import Protocol

from billing.provider_states import (
    DeclarationState,
    OwnerKind,
    PaperKind,
    PaperState,
    PayoutState,
    Period,
    RecipientState,
    SubscriptionState,
    UserState,
)
from billing.providers.declarations import BeneficialOwner, Declaration, DeclarationRequest, Declarations
from billing.providers.papers import Paper, PaperPage, PaperRequest, Papers
from billing.providers.parties import (
    Address,
    OwnerRequest,
    Parties,
    PayerRequest,
    Representative,
    User,
    Wallet,
    WalletRequest,
)
from billing.providers.payins import (
    CardPage,
    CardRequest,
    Disputed,
    Payin,
    Payins,
    RefundRequest,
    Repaid,
    WireAccount,
    WireRequest,
)
from billing.providers.payouts import (
    Payout,
    PayoutRequest,
    Payouts,
    Recipient,
    RecipientRequest,
    Release,
    ReleaseRequest,
    ReturnRequest,
)
from billing.providers.resources import (
    CHARGEBACK,
    CHARGEBACK_RETURN,
    DECLARATION,
    KINDS,
    PAPER,
    PAYIN,
    PAYOUT,
    PAYOUT_RETURN,
    RECIPIENT,
    REFUND,
    RELEASE,
    SUBSCRIPTION,
    USER,
    Declined,
    Guarded,
    Resource,
)
from billing.providers.subscriptions import (
    Browser,
    CardForm,
    CardFormRequest,
    Charge,
    ChargeRequest,
    Subscription,
    SubscriptionRequest,
    Subscriptions,
)
from billing.providers.transactions import FEES, Statements, Transaction, TransactionKind, TransactionNature

__all__ = [
    "CHARGEBACK",
    "CHARGEBACK_RETURN",
    "DECLARATION",
    "FEES",
    "KINDS",
    "PAPER",
    "PAYIN",
    "PAYOUT",
    "PAYOUT_RETURN",
    "RECIPIENT",
    "REFUND",
    "RELEASE",
    "SUBSCRIPTION",
    "USER",
    "Address",
    "BeneficialOwner",
    "Browser",
    "CardForm",
    "CardFormRequest",
    "CardPage",
    "CardRequest",
    "Charge",
    "ChargeRequest",
    "Declaration",
    "DeclarationRequest",
    "DeclarationState",
    "Declarations",
    "Declined",
    "Disputed",
    "Guarded",
    "OwnerKind",
    "OwnerRequest",
    "Paper",
    "PaperKind",
    "PaperPage",
    "PaperRequest",
    "PaperState",
    "Papers",
    "Parties",
    "PayerRequest",
    "Payin",
    "Payins",
    "Payout",
    "PayoutRequest",
    "PayoutState",
    "Payouts",
    "Period",
    "Provider",
    "Recipient",
    "RecipientRequest",
    "RecipientState",
    "RefundRequest",
    "Release",
    "ReleaseRequest",
    "Repaid",
    "Representative",
    "Resource",
    "ReturnRequest",
    "Statements",
    "Subscription",
    "SubscriptionRequest",
    "SubscriptionState",
    "Subscriptions",
    "Transaction",
    "TransactionKind",
    "TransactionNature",
    "User",
    "UserState",
    "Wallet",
    "WalletRequest",
    "WireAccount",
    "WireRequest",
]


class Provider(Payins, Parties, Payouts, Papers, Declarations, Subscriptions, Statements, Protocol):
    """Who holds the money."""

    name: str
    is_sandbox: bool
    """No money moves: pages say so."""
