"""Reconciliation: what the provider says it did, and has, against what the ledger says (mission row B6).

Differences are kept for operators, who look at them; nothing is ever corrected by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import document_differences, ledger_checks, ledger_differences, provider_books, wallet_balances
from billing.ledger_differences import Difference
from billing.models.ledger import (
    WALLETS,
    LedgerAccount,
    LedgerKind,
    LedgerTransaction,
    Posting,
)
from billing.postings import Amount
from billing.provider_books import ASKED_AT_ONCE, Books, External, Told
from billing.providers.interface import PAYOUT, PAYOUT_RETURN, Provider
from billing.wallet_balances import Balance
from foundation.database import Database

NIGHTLY_DAYS = timedelta(days=35)
MARGIN = timedelta(days=35)
"""A wire is begun up to a month before it arrives: both sides may date one transaction so far apart."""
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
GRACE = timedelta(hours=1)
"""What happened just now may still be on its way here."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison came to."""

    differences: Sequence[Difference]
    equal: frozenset[External]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What holding both against each other came to."""

    differences: Sequence[Difference]
    balances: Sequence[Balance]
    """Of all wallets; none where a period was asked for that is over: what was there then nobody knows any more."""


def compare(here: Mapping[External, Amount], there: Mapping[External, Amount]) -> Compared:
    """Compare what both say. Pure."""
    both = sorted(here.keys() | there.keys(), key=lambda external: (external.kind, external.id))
    equal = frozenset(external for external in both if here.get(external) == there.get(external))
    found = [
        Difference(external, here.get(external), there.get(external)) for external in both if external not in equal
    ]
    return Compared(found, equal)


def reconcile(
    database: Database,
    provider: Provider,
    *,
    at: datetime,
    since: datetime | None = None,
    before: datetime | None = None,
) -> Reconciled:
    """Compare what happened in a period and what is there now, and keep the differences for operators.

    Raises Unreachable.
    """
    books, balances = _read(database, provider, since - MARGIN if since else FIRST)
    told = books.told
    there = {external: Amount(found.cents, found.currency) for external, found in told.items()}
    with database.reading() as session:
        posted = _posted(session, provider.name, since, before)
        known = _known(session, provider.name, [external.id for external in there])
        untold = _untold(session, provider.name, balances) - told.keys()
    compared = compare({**known, **posted}, there)
    differences = [
        found
        for found in compared.differences
        if (found.external in posted and found.external not in untold)
        or (found.there and _is_within(told[found.external], since, before))
    ]
    if before is not None and before < at - GRACE:
        balances = []
    differences += [_difference(balance) for balance in balances if balance.is_off]
    equal = compared.equal | {_external(balance) for balance in balances if balance.is_equal}
    database.write(lambda session: ledger_differences.keep(session, provider.name, differences, equal, at))
    return Reconciled(differences, balances)


def look_after(database: Database, provider: Provider, at: datetime) -> None:
    """Reconcile the last weeks, and check the ledger against our own rows. May be repeated."""
    found = reconcile(database, provider, at=at, since=at - NIGHTLY_DAYS, before=at - GRACE)
    if guarded := sum(balance.is_guarded for balance in found.balances):
        log.warning("wallets are not shown without their owners", provider=provider.name, wallets=guarded)
    document_differences.reconcile(database, at=at, since=at - NIGHTLY_DAYS, before=at - GRACE)
    with database.reading() as session:
        findings = ledger_checks.check(session)
    for finding in findings:
        log.error("the ledger breaks a promise", promise=finding.promise.value, subject=finding.subject)
    own = [
        Difference(
            External(finding.promise.value, finding.subject),
            Amount(finding.found_cents, ""),
            Amount(finding.expected_cents, ""),
        )
        for finding in findings
    ]
    database.write(lambda session: ledger_differences.keep(session, ledger_differences.OWN, own, None, at))


def _read(database: Database, provider: Provider, since: datetime) -> tuple[Books, Sequence[Balance]]:
    with database.reading() as session:
        since = wallet_balances.oldest(session, provider.name, since)
    books = provider_books.read(database, provider, since)
    balances = wallet_balances.read(database, provider, books)
    if any(balance.is_off for balance in balances):
        # Money may have moved while it was asked after: by now it is where it went.
        books = provider_books.read(database, provider, since)
        balances = wallet_balances.read(database, provider, books)
    return books, balances


def _difference(balance: Balance) -> Difference:
    currency, there = balance.name.currency, balance.provider_cents
    expected = Amount(balance.expected_cents, currency)
    return Difference(_external(balance), expected, None if there is None else Amount(there, currency))


def _external(balance: Balance) -> External:
    """Name a wallet as the accounts of the ledger are named: its owner may have several at the provider."""
    return External(balance.name.kind.value, f"{balance.name.reference} {balance.name.currency}".strip())


def _untold(session: Session, provider: str, balances: Sequence[Balance]) -> set[External]:
    """Return what only a wallet could tell of that is guarded: what was paid out of it, and came back to it."""
    guarded = [balance.name.reference for balance in balances if balance.is_guarded]
    statement = (
        select(col(LedgerTransaction.external_kind), col(LedgerTransaction.external_id))
        .join(Posting, col(Posting.transaction_id) == col(LedgerTransaction.id))
        .join(LedgerAccount, col(LedgerAccount.id) == col(Posting.account_id))
        .where(
            col(LedgerTransaction.provider) == provider,
            col(LedgerTransaction.external_kind).in_([PAYOUT, PAYOUT_RETURN]),
            col(LedgerAccount.kind) == LedgerKind.PAYEE_WALLET.value,
            col(LedgerAccount.reference).in_(guarded),
        )
    )
    found = session.execute(statement) if guarded else ()
    return {External(str(kind), str(external_id)) for kind, external_id in found}


def _posted(session: Session, provider: str, since: datetime | None, before: datetime | None) -> dict[External, Amount]:
    """Return what the ledger says of a period."""
    conditions = []
    if since is not None:
        conditions.append(col(LedgerTransaction.effective_at) >= since)
    if before is not None:
        conditions.append(col(LedgerTransaction.effective_at) < before)
    return _amounts(session, provider, *conditions)


def _known(session: Session, provider: str, ids: Sequence[str]) -> dict[External, Amount]:
    """Return what the ledger says of some of the provider's transactions, whenever they were posted."""
    found: dict[External, Amount] = {}
    for begin in range(0, len(ids), ASKED_AT_ONCE):
        asked = ids[begin : begin + ASKED_AT_ONCE]
        found |= _amounts(session, provider, col(LedgerTransaction.external_id).in_(asked))
    return found


def _amounts(session: Session, provider: str, *conditions: Any) -> dict[External, Amount]:
    """Return how much transactions moved between the provider's wallets, into them, or out of them."""
    cents = col(Posting.cents)
    came, went = func.sum(case((cents > 0, cents), else_=0)), func.sum(case((cents < 0, -cents), else_=0))
    rows = (
        select(
            col(LedgerTransaction.external_kind),
            col(LedgerTransaction.external_id),
            col(LedgerAccount.currency),
            came,
            went,
        )
        .join(Posting, col(Posting.transaction_id) == col(LedgerTransaction.id))
        .join(LedgerAccount, col(LedgerAccount.id) == col(Posting.account_id))
        .where(
            col(LedgerTransaction.provider) == provider,
            col(LedgerAccount.kind).in_([kind.value for kind in WALLETS]),
            *conditions,
        )
        .group_by(col(LedgerTransaction.external_kind), col(LedgerTransaction.external_id), col(LedgerAccount.currency))
    )
    return {
        External(str(kind), str(external_id)): Amount(int(max(into, out)), currency)
        for kind, external_id, currency, into, out in session.execute(rows)
    }


def _is_within(told: Told, since: datetime | None, before: datetime | None) -> bool:
    return (since is None or told.made_at >= since) and (before is None or told.made_at < before)
