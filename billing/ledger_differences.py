"""Differences that reconciliation found: kept until both say the same, and shown to operators until one has looked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import wallet_balances
from billing.models.ledger import LedgerDifference
from billing.postings import Amount
from billing.provider_books import External
from foundation import audits
from foundation.audits import Actor
from foundation.errors import Conflict, NotFound

KIND = "ledger_difference"
OWN = "ledger"
"""What stands for the provider where the ledger differs from our own rows."""
DOCUMENTS = "documents"
"""The same, where invoices do."""
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """What both say of one transaction, or of what is in a wallet; None for who knows nothing of it."""

    external: External
    here: Amount | None
    there: Amount | None


def keep(
    session: Session,
    provider: str,
    differences: Iterable[Difference],
    equal: frozenset[External] | None,
    at: datetime,
) -> None:
    """Keep the differences; what both say the same of by now is gone (`equal` None: whatever was not found)."""
    rows = session.execute(select(LedgerDifference).where(col(LedgerDifference.provider) == provider)).scalars()
    kept = {External(row.external_kind, row.external_id): row for row in rows}
    seen: set[External] = set()
    for found in differences:
        seen.add(found.external)
        session.add(_row(kept.get(found.external), provider, found, at))
    for external in _gone(kept, seen, equal):
        if kept[external].gone_at is None:
            kept[external].gone_at = at
            session.add(kept[external])


def waiting(session: Session, *, limit: int = 100) -> Sequence[LedgerDifference]:
    """Return the differences that there are and that nobody has looked at, the oldest first."""
    statement = select(LedgerDifference).where(
        col(LedgerDifference.gone_at).is_(None), col(LedgerDifference.looked_at).is_(None)
    )
    oldest_first = (col(LedgerDifference.found_at), col(LedgerDifference.id))
    return session.execute(statement.order_by(*oldest_first).limit(limit)).scalars().all()


def looked_at(session: Session, *, limit: int = 100) -> Sequence[LedgerDifference]:
    """Return the differences that somebody looked at, or that are gone, the latest first."""
    statement = select(LedgerDifference).where(
        col(LedgerDifference.gone_at).is_not(None) | col(LedgerDifference.looked_at).is_not(None)
    )
    latest_first = (col(LedgerDifference.seen_at).desc(), col(LedgerDifference.id))
    return session.execute(statement.order_by(*latest_first).limit(limit)).scalars().all()


def look_at(session: Session, difference_id: str, note: str, actor: Actor, *, at: datetime) -> None:
    """Note that an operator looked at a difference, and what they say; raise Conflict if somebody was quicker."""
    found = session.get(LedgerDifference, difference_id, with_for_update=True)
    if found is None:
        raise NotFound("there is no such difference")
    if found.looked_at is not None or found.gone_at is not None:
        raise Conflict("this difference waits for nobody any more")
    found.looked_by, found.looked_at = actor.account_id, at
    found.note = " ".join(note.split())[:LONGEST_NOTE]
    session.add(found)
    audits.record(session, actor, "difference_looked_at", KIND, found.id, at=at)


def _gone(kept: Iterable[External], seen: set[External], equal: frozenset[External] | None) -> Iterator[External]:
    for external in kept:
        if external not in seen and (equal is None or external in equal):
            yield external


def _row(kept: LedgerDifference | None, provider: str, found: Difference, at: datetime) -> LedgerDifference:
    """Return the row of a difference, as it stands now; one that came to be another waits once more."""
    row = kept or LedgerDifference(
        provider=provider,
        external_kind=found.external.kind,
        external_id=found.external.id,
        found_at=at,
        seen_at=at,
    )
    says = (_cents(found.here), _currency(found.here), _cents(found.there), _currency(found.there))
    if row.gone_at is not None or not _is_same(row, says):
        row.looked_by = row.looked_at = None
    row.here_cents, row.here_currency, row.there_cents, row.there_currency = says
    row.seen_at, row.gone_at = at, None
    return row


def _is_same(row: LedgerDifference, says: tuple[int | None, str, int | None, str]) -> bool:
    """Tell whether a difference is the one that somebody may have looked at. What is in a wallet changes every day."""
    here_cents, here_currency, there_cents, there_currency = says
    if row.external_kind in wallet_balances.KINDS and None not in {row.there_cents, there_cents}:
        return (there_cents or 0) - (here_cents or 0) == (row.there_cents or 0) - (row.here_cents or 0)
    return (row.here_cents, row.here_currency, row.there_cents, row.there_currency) == (
        here_cents, here_currency, there_cents, there_currency,
    )  # fmt: skip


def _cents(amount: Amount | None) -> int | None:
    return amount.cents if amount else None


def _currency(amount: Amount | None) -> str:
    return amount.currency if amount else ""
