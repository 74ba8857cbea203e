"""What a provider says it did with money, named as the ledger names it: for holding both against each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.lifecycle import PaymentState
from billing.models.escrows import RefundPart
from billing.models.ledger import LedgerKind
from billing.models.provider_parties import PAYER, ProviderUser, ProviderWallet
from billing.postings import Name
from billing.providers.interface import (
    CHARGEBACK,
    CHARGEBACK_RETURN,
    PAYIN,
    PAYOUT,
    PAYOUT_RETURN,
    REFUND,
    RELEASE,
    Guarded,
    Provider,
    Transaction,
    TransactionKind,
    TransactionNature,
)
from foundation.database import Database

ASKED_AT_ONCE = 500
KINDS = {
    (TransactionKind.PAYIN, TransactionNature.REGULAR): PAYIN,
    (TransactionKind.PAYIN, TransactionNature.REFUND): REFUND,
    (TransactionKind.TRANSFER, TransactionNature.REGULAR): RELEASE,
    (TransactionKind.TRANSFER, TransactionNature.REFUND): REFUND,
    (TransactionKind.PAYOUT, TransactionNature.REGULAR): PAYOUT,
    (TransactionKind.PAYOUT, TransactionNature.REFUND): PAYOUT_RETURN,
}
"""What the ledger calls the provider's transactions. Chargebacks are listed apart: they leave the operator's wallet."""


@dataclass(frozen=True, slots=True)
class External:
    """A kind of a provider's transactions, and an id among those."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider says of one transaction."""

    cents: int
    currency: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """A transaction of a wallet, with what the ledger calls it; None where the ledger has no such thing."""

    external: External | None
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Books:
    """What the provider says."""

    accounts: Mapping[str, Name]
    """Its wallets, each with the account of the ledger that stands for it."""
    moves: Mapping[str, Sequence[Move]]
    """What was made in each wallet that it shows."""
    told: Mapping[External, Told]
    """What went through."""

    @property
    def guarded(self) -> frozenset[str]:
        """Return the wallets that it does not show without their owners."""
        return frozenset(self.accounts.keys() - self.moves.keys())


def read(database: Database, provider: Provider, since: datetime) -> Books:
    """Return what the provider says of all wallets that it has made for us; raises Unreachable."""
    with database.reading() as session:
        accounts = _accounts(session, provider.name)
    # Outside of a transaction: each of these is a call over a network.
    listed: dict[str, list[Transaction]] = {}
    for wallet_id in accounts:
        try:
            listed[wallet_id] = list(provider.transactions(wallet_id, since))
        except Guarded:
            continue
    moves = _named(database, listed)
    told = {
        move.external: Told(move.transaction.cents, move.transaction.currency, move.transaction.made_at)
        for found in moves.values()
        for move in found
        if move.external and move.transaction.state is PaymentState.SUCCEEDED
    }
    for disputed in provider.chargebacks(since):
        is_of = disputed.currency, disputed.made_at
        told[External(CHARGEBACK, disputed.provider_id)] = Told(disputed.cents, *is_of)
        if disputed.back_cents:
            told[External(CHARGEBACK_RETURN, disputed.provider_id)] = Told(disputed.back_cents, *is_of)
    return Books(accounts, moves, told)


def _accounts(session: Session, provider: str) -> dict[str, Name]:
    rows = (
        select(ProviderUser, ProviderWallet)
        .join(ProviderWallet, col(ProviderWallet.user_id) == col(ProviderUser.id))
        .where(col(ProviderUser.provider) == provider, col(ProviderWallet.provider_id).is_not(None))
        .order_by(col(ProviderWallet.id))
    )
    return {
        str(wallet.provider_id): Name(
            LedgerKind.PAYER_WALLET if user.role == PAYER else LedgerKind.PAYEE_WALLET,
            user.party_id,
            wallet.currency,
            provider,
        )
        for user, wallet in session.execute(rows)
    }


def _named(database: Database, listed: Mapping[str, Iterable[Transaction]]) -> dict[str, list[Move]]:
    """Name transactions as the ledger does, which calls payouts refunds that send a wire back."""
    kinds = {
        wallet_id: [(KINDS.get((one.kind, one.nature)), one) for one in found] for wallet_id, found in listed.items()
    }
    ids = sorted({one.provider_id for found in kinds.values() for kind, one in found if kind == PAYOUT})
    sent_back: set[str] = set()
    with database.reading() as session:
        for begin in range(0, len(ids), ASKED_AT_ONCE):
            asked = ids[begin : begin + ASKED_AT_ONCE]
            of_parts = select(col(RefundPart.provider_id)).where(col(RefundPart.provider_id).in_(asked))
            sent_back.update(str(refund_id) for refund_id in session.execute(of_parts).scalars())

    def name(kind: str | None, provider_id: str) -> External | None:
        is_refund = kind == PAYOUT and provider_id in sent_back
        return External(REFUND if is_refund else kind, provider_id) if kind else None

    return {
        wallet_id: [Move(name(kind, one.provider_id), one) for kind, one in found] for wallet_id, found in kinds.items()
    }
