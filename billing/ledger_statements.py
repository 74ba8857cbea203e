"""What the ledger says: statements with running balances, and balances by kind. All of it derived from postings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import ledger
from billing.models.ledger import LedgerAccount, LedgerTransaction, Posting
from billing.postings import Name


@dataclass(frozen=True, slots=True)
class Line:
    """One posting of a statement; amounts are in the account's own direction."""

    name: Name
    kind: str
    key: str
    transaction_id: str
    effective_at: datetime
    recorded_at: datetime
    cents: int
    balance_cents: int
    """Of its account, after it."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What accounts of one kind, provider and currency come to, in their own direction."""

    kind: str
    provider: str
    currency: str
    side: int
    accounts: int
    cents: int


def statement(
    session: Session,
    reference: str,
    *,
    kind: str | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
) -> list[Line]:
    """Return what was posted to the accounts of a reference in a period, the earliest first."""
    rows = (
        select(LedgerAccount, col(Posting.cents), LedgerTransaction)
        .join(Posting, col(Posting.account_id) == col(LedgerAccount.id))
        .join(LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id))
        .where(col(LedgerAccount.reference) == reference)
    )
    if kind is not None:
        rows = rows.where(col(LedgerAccount.kind) == kind)
    if before is not None:
        rows = rows.where(col(LedgerTransaction.effective_at) < before)
    in_order = (
        col(LedgerTransaction.effective_at),
        col(LedgerTransaction.recorded_at),
        col(LedgerTransaction.id),
        col(LedgerAccount.kind),
    )
    balances: dict[str, int] = {}
    lines: list[Line] = []
    for account, signed, transaction in session.execute(rows.order_by(*in_order)):
        cents = account.side * signed
        balances[account.id] = balances.get(account.id, 0) + cents
        if since is None or transaction.effective_at >= since:
            lines.append(
                Line(
                    ledger.name_of(account),
                    transaction.kind,
                    transaction.key,
                    transaction.id,
                    transaction.effective_at,
                    transaction.recorded_at,
                    cents,
                    balances[account.id],
                )
            )
    return lines


def balances(session: Session, *, before: datetime | None = None) -> Sequence[Sum]:
    """Return what all accounts come to before an instant, or now, by kind, provider and currency."""
    grouped: Any = (
        col(LedgerAccount.kind),
        col(LedgerAccount.provider),
        col(LedgerAccount.currency),
        col(LedgerAccount.side),
    )
    # Postings are summed by account first: accounts are few, and their names need not be sorted for each posting.
    of_accounts = select(col(Posting.account_id).label("id"), func.sum(col(Posting.cents)).label("cents"))
    if before is not None:
        of_accounts = of_accounts.join(
            LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id)
        ).where(col(LedgerTransaction.effective_at) < before)
    summed = of_accounts.group_by(col(Posting.account_id)).subquery()
    rows = (
        select(*grouped, func.count().label("accounts"), func.sum(summed.c.cents).label("cents"))
        .join(summed, summed.c.id == col(LedgerAccount.id))
        .group_by(*grouped)
        .order_by(*grouped[:3])
    )
    return [
        Sum(row.kind, row.provider, row.currency, row.side, row.accounts, row.side * int(row.cents))
        for row in session.execute(rows)
    ]
