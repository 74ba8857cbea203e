"""Checking the ledger: every promise over every row, and whether escrows, refunds and payments say the same.

The database refuses what would break a promise; this looks whether it did, also where somebody took its triggers away.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, and_, cast, func, or_, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from billing import ledger
from billing.lifecycle import PaymentState, RefundState, TransferState
from billing.models.boosts import BoostCharge
from billing.models.escrows import Escrow, Payment, Refund, RefundPart
from billing.models.ledger import FactKind, LedgerAccount, LedgerKind, LedgerTransaction, Posting
from billing.models.payouts import Payout, Transfer
from billing.postings import External, Fact

READ_AT_ONCE = 5_000


class Promise(StrEnum):
    """What the ledger promises."""

    BALANCED = "balanced"
    """Every transaction has its postings, which sum to zero in each currency."""
    WHOLE = "whole"
    """Every posting belongs to a transaction, and is whole cents."""
    UNCHANGED = "unchanged"
    """What is posted is what the fingerprint was taken of."""
    COVERED = "covered"
    """No account that must not fall below zero has."""
    REVERSED = "reversed"
    """A reversal posts the opposite of what it reverses."""
    ESCROWS = "escrows"
    """An escrow's account holds what its row says: nothing once it is closed."""
    RELEASES = "releases"
    """What was released was posted."""
    REFUNDS = "refunds"
    """A refund's account holds what has not been sent back yet."""
    UNASSIGNED = "unassigned"
    """A payment's account holds it for as long as it waits for an operator."""
    PAYEES = "payees"
    """An expert's wallets hold what transfers brought and no payout took."""
    PAYOUTS = "payouts"
    """What was paid out was posted."""
    BOOSTS = "boosts"
    """What cards were charged for boosts, before tax, was posted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise that is broken."""

    promise: Promise
    subject: str
    """A transaction's id, an account's name, or the reference of what the account is of."""
    expected_cents: int
    found_cents: int


def check(session: Session) -> list[Finding]:
    """Return every promise that is broken; nothing is changed."""
    found: list[Finding] = []
    for look in (_unbalanced, _not_whole, _changed, _negative, _not_opposite, _rows):
        found += look(session)
    return found


def _unbalanced(session: Session) -> Iterator[Finding]:
    counts = (
        select(col(Posting.transaction_id).label("id"), func.count().label("legs"))
        .group_by(col(Posting.transaction_id))
        .subquery()
    )
    legs = (
        select(col(LedgerTransaction.id), col(LedgerTransaction.legs), func.coalesce(counts.c.legs, 0))
        .outerjoin(counts, counts.c.id == col(LedgerTransaction.id))
        .where(or_(func.coalesce(counts.c.legs, 0) != col(LedgerTransaction.legs), col(LedgerTransaction.legs) < 2))
    )
    for transaction_id, wanted, there in session.execute(legs):
        yield Finding(Promise.BALANCED, transaction_id, wanted, there)
    total = func.sum(col(Posting.cents))
    sums = (
        select(col(Posting.transaction_id), total)
        .join(LedgerAccount, col(LedgerAccount.id) == col(Posting.account_id))
        .group_by(col(Posting.transaction_id), col(LedgerAccount.currency))
        .having(total != 0)
    )
    for transaction_id, cents in session.execute(sums):
        yield Finding(Promise.BALANCED, transaction_id, 0, int(cents))


def _not_whole(session: Session) -> Iterator[Finding]:
    orphans = (
        select(col(Posting.transaction_id), func.count())
        .outerjoin(LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id))
        .where(or_(col(LedgerTransaction.id).is_(None), col(Posting.cents) != cast(col(Posting.cents), BigInteger)))
        .group_by(col(Posting.transaction_id))
    )
    for transaction_id, there in session.execute(orphans):
        yield Finding(Promise.WHOLE, transaction_id, 0, there)


def _changed(session: Session) -> Iterator[Finding]:
    """Take every fingerprint again; rows are read as they come, a few thousand at a time."""
    names = {account.id: ledger.name_of(account) for account in session.execute(select(LedgerAccount)).scalars()}
    rows = (
        select(
            col(Posting.transaction_id),
            col(Posting.account_id),
            col(Posting.cents),
            col(LedgerTransaction.kind),
            col(LedgerTransaction.key),
            col(LedgerTransaction.fingerprint),
            col(LedgerTransaction.provider),
            col(LedgerTransaction.external_kind),
            col(LedgerTransaction.external_id),
            col(LedgerTransaction.reverses),
        )
        .join(LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id))
        .order_by(col(Posting.transaction_id))
        .execution_options(yield_per=READ_AT_ONCE)
    )
    for transaction_id, found in groupby(session.execute(rows), lambda row: row[0]):
        legs = list(found)
        _, _, _, kind, key, fingerprint, provider, external_kind, external_id, reverses = legs[0]
        external = External(str(provider), str(external_kind), str(external_id)) if provider else None
        posted = {names[account_id]: cents for _, account_id, cents, *_ in legs}
        if Fact(FactKind(kind), key, posted, external, reverses).fingerprint != fingerprint:
            yield Finding(Promise.UNCHANGED, transaction_id, 0, 0)


def _negative(session: Session) -> Iterator[Finding]:
    summed = (
        select(col(Posting.account_id).label("id"), func.sum(col(Posting.cents)).label("cents"))
        .group_by(col(Posting.account_id))
        .subquery()
    )
    total = summed.c.cents * col(LedgerAccount.side)
    rows = (
        select(LedgerAccount, total)
        .join(summed, summed.c.id == col(LedgerAccount.id))
        .where(col(LedgerAccount.may_be_negative).is_(False), total < 0)
    )
    for account, cents in session.execute(rows):
        yield Finding(Promise.COVERED, f"{account.kind} {account.reference}".strip(), 0, int(cents))


def _not_opposite(session: Session) -> Iterator[Finding]:
    turned: Any = aliased(Posting)
    original: Any = aliased(Posting)
    both = (
        select(col(LedgerTransaction.id), func.sum(turned.cents + func.coalesce(original.cents, 0)))
        .join(turned, turned.transaction_id == col(LedgerTransaction.id))
        .outerjoin(
            original,
            and_(original.transaction_id == col(LedgerTransaction.reverses), original.account_id == turned.account_id),
        )
        .where(col(LedgerTransaction.reverses).is_not(None))
        .where(turned.cents + func.coalesce(original.cents, 0) != 0)
        .group_by(col(LedgerTransaction.id))
    )
    for transaction_id, cents in session.execute(both):
        yield Finding(Promise.REVERSED, transaction_id, 0, int(cents))


def _rows(session: Session) -> Iterator[Finding]:
    """Hold accounts against the rows of which they are."""
    released = _sums(session, LedgerKind.ESCROW, of=FactKind.RELEASE)
    wanted: dict[Promise, dict[str, int]] = {Promise.ESCROWS: {}, Promise.RELEASES: {}}
    for escrow in session.execute(select(Escrow)).scalars():
        wanted[Promise.ESCROWS][escrow.reference] = escrow.amounts.held
        wanted[Promise.RELEASES][escrow.reference] = escrow.released_cents
    is_owed = col(Refund.state).in_(
        [state.value for state in (RefundState.AGREED, RefundState.DONE, RefundState.FAILED)]
    )
    sent = (
        select(func.coalesce(func.sum(col(RefundPart.cents)), 0))
        .where(col(RefundPart.refund_id) == col(Refund.id), col(RefundPart.state) == PaymentState.SUCCEEDED.value)
        .scalar_subquery()
    )
    owed = session.execute(select(col(Refund.id), col(Refund.cents) - sent).where(is_owed))
    wanted[Promise.REFUNDS] = {refund_id: int(cents) for refund_id, cents in owed}
    waits = (
        col(Payment.state) == PaymentState.SUCCEEDED.value,
        col(Payment.counted_at).is_(None),
        col(Payment.returned_at).is_(None),
    )
    waiting = session.execute(select(col(Payment.id), col(Payment.cents)).where(*waits))
    wanted[Promise.UNASSIGNED] = {payment_id: cents for payment_id, cents in waiting}  # noqa: C416 - rows, not pairs
    was_paid = col(BoostCharge.state) == PaymentState.SUCCEEDED.value
    net = select(func.coalesce(func.sum(col(BoostCharge.net_cents)), 0)).where(was_paid)
    wanted[Promise.BOOSTS] = {"": int(session.execute(net).scalar_one())}
    there = {
        Promise.ESCROWS: _sums(session, LedgerKind.ESCROW),
        Promise.RELEASES: {reference: -cents for reference, cents in released.items()},
        Promise.REFUNDS: _sums(session, LedgerKind.REFUND),
        Promise.UNASSIGNED: _sums(session, LedgerKind.UNASSIGNED),
        Promise.BOOSTS: _sums(session, LedgerKind.BOOST, of=FactKind.BOOST),
    }
    wanted[Promise.PAYEES], wanted[Promise.PAYOUTS] = _of_payees(session)
    there[Promise.PAYEES] = _sums(session, LedgerKind.PAYEE_WALLET)
    there[Promise.PAYOUTS] = _sums(session, LedgerKind.PAYABLE, of=FactKind.PAYOUT)
    for promise, rows in wanted.items():
        yield from _compared(promise, rows, there[promise])


def _of_payees(session: Session) -> tuple[dict[str, int], dict[str, int]]:
    """Return what the rows of transfers and payouts leave in experts' wallets, and take from what is payable."""
    held: dict[str, int] = {}
    paid: dict[str, int] = {}
    moved = select(Transfer).where(col(Transfer.state) == TransferState.SUCCEEDED.value)
    for transfer in session.execute(moved).scalars():
        held[transfer.payee_expert_id] = held.get(transfer.payee_expert_id, 0) + transfer.net_cents
    sent = select(Payout).where(col(Payout.sent_at).is_not(None))
    for payout in session.execute(sent).scalars():
        paid[payout.expert_id] = paid.get(payout.expert_id, 0) - payout.cents
        if payout.came_back_at is None:
            held[payout.expert_id] = held.get(payout.expert_id, 0) - payout.cents
    return held, paid


def _compared(promise: Promise, wanted: Mapping[str, int], there: Mapping[str, int]) -> Iterator[Finding]:
    for reference in sorted(wanted.keys() | there.keys()):
        expected, found = wanted.get(reference, 0), there.get(reference, 0)
        if expected != found:
            yield Finding(promise, reference, expected, found)


def _sums(session: Session, kind: LedgerKind, *, of: FactKind | None = None) -> dict[str, int]:
    """Return what accounts of a kind hold, by reference; or what facts of one kind posted to them."""
    rows: Any = (
        select(col(LedgerAccount.reference), func.sum(col(Posting.cents) * col(LedgerAccount.side)).label("cents"))
        .join(Posting, col(Posting.account_id) == col(LedgerAccount.id))
        .where(col(LedgerAccount.kind) == kind.value)
        .group_by(col(LedgerAccount.reference))
    )
    if of is not None:
        rows = rows.join(LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id)).where(
            col(LedgerTransaction.kind) == of.value
        )
    return {row.reference: int(row.cents) for row in session.execute(rows)}
