"""What a provider says it did with money, named as the ledger names it: for holding both against each other."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from billing.lifecycle import PaymentState
from billing.models.escrows import RefundPart
from billing.models.provider_parties import ProviderUser, ProviderWallet
from billing.providers.interface import (
    CHARGEBACK,
    CHARGEBACK_RETURN,
    PAYIN,
    PAYOUT,
    PAYOUT_RETURN,
    REFUND,
    RELEASE,
    Provider,
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


def read(database: Database, provider: Provider, since: datetime) -> dict[External, Told]:
    """Return what the provider says went through, in all wallets that it has made for us."""
    with database.reading() as session:
        wallets = (
            select(col(ProviderWallet.provider_id))
            .join(ProviderUser, col(ProviderUser.id) == col(ProviderWallet.user_id))
            .where(col(ProviderUser.provider) == provider.name, col(ProviderWallet.provider_id).is_not(None))
            .order_by(col(ProviderWallet.id))
        )
        wallet_ids = session.execute(wallets).scalars().all()
    # Outside of a transaction: each of these is a call over a network.
    told = {
        External(KINDS[found.kind, found.nature], found.provider_id): Told(found.cents, found.currency, found.made_at)
        for wallet_id in wallet_ids
        if wallet_id
        for found in provider.transactions(wallet_id, since)
        if found.state is PaymentState.SUCCEEDED and (found.kind, found.nature) in KINDS
    }
    _name_refunds(database, told)
    for disputed in provider.chargebacks(since):
        is_of = disputed.currency, disputed.made_at
        told[External(CHARGEBACK, disputed.provider_id)] = Told(disputed.cents, *is_of)
        if disputed.back_cents:
            told[External(CHARGEBACK_RETURN, disputed.provider_id)] = Told(disputed.back_cents, *is_of)
    return told


def _name_refunds(database: Database, told: dict[External, Told]) -> None:
    """Call payouts refunds that send a wire back, as the ledger does."""
    ids = [external.id for external in told if external.kind == PAYOUT]
    with database.reading() as session:
        for begin in range(0, len(ids), ASKED_AT_ONCE):
            asked = ids[begin : begin + ASKED_AT_ONCE]
            of_parts = select(col(RefundPart.provider_id)).where(col(RefundPart.provider_id).in_(asked))
            for refund_id in session.execute(of_parts).scalars():
                told[External(REFUND, str(refund_id))] = told.pop(External(PAYOUT, str(refund_id)))
