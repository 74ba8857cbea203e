"""What happened at the simulated provider, as real ones list it."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.lifecycle import PaymentState
from billing.models.sandbox import SandboxMovement, SandboxTransaction, SandboxWallet
from billing.provider_states import PayoutState
from billing.providers.resources import PAYOUT, REFUND, RELEASE
from billing.providers.sandbox_parties import payments_of
from billing.providers.sandbox_payouts import return_id_of
from billing.providers.sandbox_rows import RETURNED, returned_id
from billing.providers.transactions import Transaction, TransactionKind, TransactionNature
from foundation.database import Database


class SandboxStatements:
    """What happened."""

    _database: Database

    def transactions(self, wallet_id: str, since: datetime) -> Iterator[Transaction]:
        """Return what was made in a wallet at an instant or later, oldest first."""
        with self._database.reading() as session:
            wallet = session.get(SandboxWallet, wallet_id)
            found = [*_payments(session, wallet), *_movements(session, wallet)] if wallet else []
        return iter(
            sorted((row for row in found if row.made_at >= since), key=lambda row: (row.made_at, row.provider_id))
        )

    def fees(self, currency: str) -> int:
        """Return what commissions came to."""
        with self._database.reading() as session:
            return sum(
                int(
                    session.execute(
                        select(func.coalesce(func.sum(col(table.fee_cents)), 0)).where(
                            col(table.currency) == currency, col(table.state) == PaymentState.SUCCEEDED.value
                        )
                    ).scalar_one()
                )
                for table in (SandboxTransaction, SandboxMovement)
            )

    def fees_paid_out(self, currency: str) -> int:
        """Return nothing: commissions stay where they are."""
        del currency
        return 0


def _payments(session: Session, wallet: SandboxWallet) -> Iterator[Transaction]:
    statement = select(SandboxTransaction).where(
        payments_of(session, wallet),
        col(SandboxTransaction.currency) == wallet.currency,
        col(SandboxTransaction.arrives_at).is_(None),
    )
    for row in session.execute(statement).scalars():
        is_refund = row.kind == REFUND
        yield Transaction(
            row.id,
            TransactionKind.PAYIN,
            TransactionNature.REFUND if is_refund else TransactionNature.REGULAR,
            PaymentState(row.state),
            row.cents,
            row.fee_cents,
            row.currency,
            wallet.id if is_refund else None,
            None if is_refund else wallet.id,
            row.key,
            row.made_at,
            row.made_at,
        )
        if is_refund and row.failure == RETURNED:
            yield Transaction(
                returned_id(row.id),
                TransactionKind.PAYOUT,
                TransactionNature.REFUND,
                PaymentState.SUCCEEDED,
                row.cents,
                0,
                row.currency,
                None,
                wallet.id,
                None,
                row.made_at,
                row.made_at,
            )


def _movements(session: Session, wallet: SandboxWallet) -> Iterator[Transaction]:
    is_its = or_(col(SandboxMovement.from_wallet_id) == wallet.id, col(SandboxMovement.to_wallet_id) == wallet.id)
    for row in session.execute(select(SandboxMovement).where(is_its)).scalars():
        is_payout = row.kind == PAYOUT
        is_back = row.state == PayoutState.RETURNED
        yield Transaction(
            row.id,
            TransactionKind.PAYOUT if is_payout else TransactionKind.TRANSFER,
            TransactionNature.REGULAR if is_payout or row.kind == RELEASE else TransactionNature.REFUND,
            PaymentState.SUCCEEDED if is_back else PaymentState(row.state),
            row.cents,
            row.fee_cents,
            row.currency,
            row.from_wallet_id,
            row.to_wallet_id,
            row.key,
            row.made_at,
            row.done_at,
        )
        if row.came_back_at is not None:
            yield Transaction(
                return_id_of(row),
                TransactionKind.PAYOUT,
                TransactionNature.REFUND,
                PaymentState.SUCCEEDED,
                row.cents,
                0,
                row.currency,
                None,
                row.from_wallet_id,
                None,
                row.came_back_at,
                row.came_back_at,
            )
