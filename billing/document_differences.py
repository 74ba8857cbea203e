"""What was invoiced against what the ledger says was released, kept back and paid (mission rows B5, B6)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import boost_invoices, ledger_differences, postings
from billing.documents.contents import Kind
from billing.ledger_differences import Difference
from billing.models.boosts import BoostCharge
from billing.models.documents import AccountingDocument
from billing.models.ledger import FactKind, LedgerAccount, LedgerKind, LedgerTransaction, Posting
from billing.postings import Amount
from billing.provider_books import ASKED_AT_ONCE, External
from foundation.database import Database

_KINDS = {LedgerKind.ESCROW: Kind.INVOICE, LedgerKind.COMMISSION: Kind.COMMISSION, LedgerKind.VAT: Kind.COMMISSION}
Amounts = dict[External, Amount]


def reconcile(
    database: Database, *, at: datetime, since: datetime | None = None, before: datetime | None = None
) -> list[Difference]:
    """Compare invoices and ledger over a period, and keep the differences for operators."""
    with database.reading() as session:
        found = find(session, since=since, before=before)
    database.write(lambda session: ledger_differences.keep(session, ledger_differences.DOCUMENTS, found, None, at))
    return found


def find(session: Session, *, since: datetime | None = None, before: datetime | None = None) -> list[Difference]:
    """Return what was sold in a period without an invoice of just that, and what was invoiced without being sold.

    A document that was taken back is none any more. What was sold or invoiced outside of the period is looked up
    where the other of the two lies in it.
    """
    sold = {
        **_released(session, *_within(LedgerTransaction.effective_at, since, before)),
        **_boosts(session, *_within(BoostCharge.settled_at, since, before)),
    }
    issued = _issued(session, *_within(AccountingDocument.issued_at, since, before))
    issued |= _looked_up(sold.keys() - issued.keys(), lambda ids: _issued_for(session, ids))
    sold |= _looked_up(issued.keys() - sold.keys(), lambda ids: _sold_for(session, ids))
    both = sorted(sold.keys() | issued.keys(), key=lambda external: (external.kind, external.id))
    return [Difference(one, sold.get(one), issued.get(one)) for one in both if sold.get(one) != issued.get(one)]


def _issued_for(session: Session, references: Sequence[str]) -> Amounts:
    return _issued(session, col(AccountingDocument.reference).in_(references))


def _sold_for(session: Session, references: Sequence[str]) -> Amounts:
    keys = [postings.release_key(reference) for reference in references]
    released = _released(session, col(LedgerTransaction.key).in_(keys))
    return {**released, **_boosts(session, col(BoostCharge.id).in_(references))}


def _within(column: Any, since: datetime | None, before: datetime | None) -> list[Any]:
    bounds = [col(column) >= since] if since else []
    return [*bounds, col(column) < before] if before else bounds


def _looked_up(externals: Iterable[External], read: Callable[[list[str]], Amounts]) -> Amounts:
    """Return what is known of some, asked for in parts that a statement may hold."""
    wanted = set(externals)
    ids = sorted({external.id for external in wanted})
    found: Amounts = {}
    for begin in range(0, len(ids), ASKED_AT_ONCE):
        found |= read(ids[begin : begin + ASKED_AT_ONCE])
    return {external: amount for external, amount in found.items() if external in wanted}


def _released(session: Session, *conditions: Any) -> Amounts:
    """Return what releases say: all of it by its invoice, what was kept back by that of the commission."""
    statement = (
        select(
            col(LedgerTransaction.key),
            col(LedgerAccount.kind),
            col(LedgerAccount.currency),
            func.sum(func.abs(col(Posting.cents))),
        )
        .join(Posting, col(Posting.transaction_id) == col(LedgerTransaction.id))
        .join(LedgerAccount, col(LedgerAccount.id) == col(Posting.account_id))
        .where(
            col(LedgerTransaction.kind) == FactKind.RELEASE.value,
            col(LedgerAccount.kind).in_([kind.value for kind in _KINDS]),
            *conditions,
        )
        .group_by(col(LedgerTransaction.key), col(LedgerAccount.kind), col(LedgerAccount.currency))
    )
    found: Amounts = {}
    for key, kind, currency, cents in session.execute(statement):
        external = External(_KINDS[LedgerKind(kind)].value, postings.released_by(key))
        before = found.get(external, Amount(0, currency))
        found[external] = Amount(before.cents + int(cents), currency)
    return found


def _boosts(session: Session, *conditions: Any) -> Amounts:
    charges = session.execute(select(BoostCharge).where(*boost_invoices.counting(), *conditions)).scalars()
    return {External(Kind.BOOST.value, one.id): Amount(one.gross_cents, one.currency) for one in charges}


def _issued(session: Session, *conditions: Any) -> Amounts:
    taken_back = select(col(AccountingDocument.preceding_id)).where(col(AccountingDocument.preceding_id).is_not(None))
    statement = select(
        col(AccountingDocument.kind),
        col(AccountingDocument.reference),
        col(AccountingDocument.gross_cents),
        col(AccountingDocument.currency),
    ).where(
        col(AccountingDocument.kind) != Kind.CREDIT_NOTE.value,
        col(AccountingDocument.id).not_in(taken_back),
        *conditions,
    )
    rows = session.execute(statement)
    return {External(kind, reference): Amount(cents, currency) for kind, reference, cents, currency in rows}
