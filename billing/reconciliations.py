"""Reconciliation: what the provider says it did against what the ledger says (mission row B6).

Differences are kept for operators, who look at them; nothing is ever corrected by itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import ledger_checks, provider_books
from billing.models.ledger import WALLETS, LedgerAccount, LedgerDifference, LedgerTransaction, Posting
from billing.postings import Amount
from billing.provider_books import ASKED_AT_ONCE, External, Told
from billing.providers.interface import Provider
from foundation import audits
from foundation.audits import Actor
from foundation.database import Database
from foundation.errors import Conflict, NotFound

KIND = "ledger_difference"
OWN = "ledger"
"""What stands for the provider where the ledger differs from our own rows."""
NIGHTLY_DAYS = timedelta(days=35)
MARGIN = timedelta(days=35)
"""A wire is begun up to a month before it arrives: both sides may date one transaction so far apart."""
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
GRACE = timedelta(hours=1)
"""What happened just now may still be on its way here."""
LONGEST_NOTE = 500
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Difference:
    """What both say of one transaction; None for who knows nothing of it."""

    external: External
    here: Amount | None
    there: Amount | None


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison came to."""

    differences: Sequence[Difference]
    equal: frozenset[External]


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
) -> Sequence[Difference]:
    """Compare what happened in a period, keep the differences for operators, and return them. Raises Unreachable."""
    told = provider_books.read(database, provider, since - MARGIN if since else FIRST)
    there = {external: Amount(found.cents, found.currency) for external, found in told.items()}
    with database.reading() as session:
        posted = _posted(session, provider.name, since, before)
        known = _known(session, provider.name, [external.id for external in there])
    compared = compare({**known, **posted}, there)
    differences = [
        found
        for found in compared.differences
        if found.external in posted or (found.there and _is_within(told[found.external], since, before))
    ]
    database.write(lambda session: _keep(session, provider.name, differences, compared.equal, at))
    return differences


def look_after(database: Database, provider: Provider, at: datetime) -> None:
    """Reconcile the last weeks, and check the ledger against our own rows. May be repeated."""
    reconcile(database, provider, at=at, since=at - NIGHTLY_DAYS, before=at - GRACE)
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
    database.write(lambda session: _keep(session, OWN, own, None, at))


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


def _keep(
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
    if (row.here_cents, row.here_currency, row.there_cents, row.there_currency) != says or row.gone_at is not None:
        row.looked_by = row.looked_at = None
    row.here_cents, row.here_currency, row.there_cents, row.there_currency = says
    row.seen_at, row.gone_at = at, None
    return row


def _cents(amount: Amount | None) -> int | None:
    return amount.cents if amount else None


def _currency(amount: Amount | None) -> str:
    return amount.currency if amount else ""
