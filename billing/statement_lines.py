"""Statements of account, read from the ledger: whatever was posted to a side's accounts, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import statement_subjects, statements
from billing.documents.contents import Kind
from billing.ledger import name_of
from billing.models.boosts import BoostCharge
from billing.models.escrows import Escrow, Payment, Refund, RefundPart
from billing.models.ledger import FactKind, LedgerAccount, LedgerKind, LedgerTransaction, Posting
from billing.postings import Name
from billing.providers.interface import PAYIN
from billing.statement_periods import Period
from billing.statements import Aside, Line, Side, Statement, Subject

DOCUMENTS: Mapping[Side, Sequence[Kind]] = {
    Side.EXPERT: (Kind.INVOICE, Kind.COMMISSION, Kind.BOOST),
    Side.CLIENT: (Kind.INVOICE,),
}
"""Which documents are named, the first that there is."""


@dataclass(slots=True)
class Entry:
    """A transaction with all that it posts."""

    row: LedgerTransaction
    said: LedgerTransaction
    """What a reversal takes back; of any other, itself."""
    legs: dict[Name, int] = field(default_factory=dict[Name, int])

    @property
    def fact(self) -> FactKind:
        """Return what happened, or was taken back."""
        return FactKind(self.said.kind)

    @property
    def is_reversal(self) -> bool:
        """Tell whether it takes something back."""
        return self.row.reverses is not None


def of(session: Session, side: Side, party_id: str, period: Period) -> list[Statement]:
    """Return the statements of an expert or a client for a period, one for each currency that was ever moved."""
    is_own = owned(side, party_id)
    opening = _balances(session, is_own, period.since)
    own = {name_of(account) for account in session.execute(select(LedgerAccount).where(is_own)).scalars()}
    found = entries(session, touching(is_own), period.since, period.before)
    apart = entries(session, aside(party_id), period.since, period.before) if side is Side.EXPERT else []
    subjects = statement_subjects.of(session, [*found, *apart], DOCUMENTS[side])
    returning = _balances(session, is_own & (col(LedgerAccount.kind) == LedgerKind.REFUND.value), period.before)
    return [
        Statement(
            side,
            currency,
            opening.get(currency, 0),
            _lines(side, currency, opening.get(currency, 0), found, own, subjects),
            _asides(currency, apart, subjects),
            returning.get(currency, 0),
        )
        for currency in sorted({name.currency for name in own} | {_currency(entry) for entry in apart})
    ]


def first_at(session: Session, side: Side, party_id: str) -> datetime | None:
    """Return when a side's balance first moved; None where it never did."""
    statement = select(func.min(col(LedgerTransaction.effective_at))).where(
        col(LedgerTransaction.id).in_(touching(owned(side, party_id)))
    )
    return session.execute(statement).scalar_one()


def owned(side: Side, party_id: str) -> ColumnElement[bool]:
    """Return the condition that an account of the ledger is part of a side's balance."""
    kind, reference = col(LedgerAccount.kind), col(LedgerAccount.reference)
    if side is Side.EXPERT:
        return and_(kind == LedgerKind.PAYABLE.value, reference == party_id)
    theirs = select(col(Escrow.id)).where(col(Escrow.payer_client_id) == party_id)
    references = select(col(Escrow.reference)).where(col(Escrow.payer_client_id) == party_id)
    # What was won back from a bank, or came too late, goes back against its payment, and is of no escrow.
    against = (
        select(col(RefundPart.refund_id))
        .join(Payment, col(Payment.id) == col(RefundPart.payment_id))
        .where(col(Payment.escrow_id).in_(theirs))
    )
    refunds = select(col(Refund.id)).where(or_(col(Refund.escrow_id).in_(theirs), col(Refund.id).in_(against)))
    return or_(
        and_(kind == LedgerKind.ESCROW.value, reference.in_(references)),
        and_(kind == LedgerKind.REFUND.value, reference.in_(refunds)),
    )


def entries(
    session: Session, ids: Any | None, since: datetime | None = None, before: datetime | None = None
) -> list[Entry]:
    """Return transactions with their legs, in order; `ids` is a query of those that are meant, None: all."""
    row = col(LedgerTransaction.id)
    wanted = select(LedgerTransaction)
    for condition in (
        row.in_(ids) if ids is not None else None,
        col(LedgerTransaction.effective_at) >= since if since else None,
        col(LedgerTransaction.effective_at) < before if before else None,
    ):
        wanted = wanted if condition is None else wanted.where(condition)
    rows = session.execute(
        wanted.order_by(col(LedgerTransaction.effective_at), col(LedgerTransaction.recorded_at), row)
    ).scalars()
    found = {one.id: Entry(one, one) for one in rows}
    legs = (
        select(col(Posting.transaction_id), LedgerAccount, col(Posting.cents))
        .join(LedgerAccount, col(LedgerAccount.id) == col(Posting.account_id))
        .where(col(Posting.transaction_id).in_(wanted.with_only_columns(row)))
    )
    for transaction_id, account, cents in session.execute(legs):
        if entry := found.get(transaction_id):
            entry.legs[name_of(account)] = cents
    reversed_ids = wanted.with_only_columns(col(LedgerTransaction.reverses))
    said = session.execute(select(LedgerTransaction).where(row.in_(reversed_ids))).scalars()
    by_id = {one.id: one for one in said}
    for entry in found.values():
        entry.said = by_id.get(entry.row.reverses or "", entry.row)
    return list(found.values())


def touching(is_own: ColumnElement[bool]) -> Any:
    """Return the query of transactions that post to accounts."""
    return (
        select(col(Posting.transaction_id))
        .join(LedgerAccount, col(LedgerAccount.id) == col(Posting.account_id))
        .where(is_own)
    )


def aside(expert_id: str) -> Any:
    """Return the query of what belongs to an expert and moves no balance of theirs: refunds, and boosts."""
    references = select(col(Escrow.reference)).where(col(Escrow.payee_expert_id) == expert_id)
    is_held = (col(LedgerAccount.kind) == LedgerKind.ESCROW.value) & col(LedgerAccount.reference).in_(references)
    refunds = select(col(LedgerTransaction.id)).where(
        col(LedgerTransaction.kind) == FactKind.REFUND.value, col(LedgerTransaction.id).in_(touching(is_held))
    )
    boosts = (
        select(col(LedgerTransaction.id))
        .join(
            BoostCharge,
            (col(BoostCharge.provider) == col(LedgerTransaction.provider))
            & (col(BoostCharge.provider_id) == col(LedgerTransaction.external_id)),
        )
        .where(
            col(LedgerTransaction.kind) == FactKind.BOOST.value,
            col(LedgerTransaction.external_kind) == PAYIN,
            col(BoostCharge.expert_id) == expert_id,
        )
    )
    return select(col(LedgerTransaction.id)).where(
        or_(*(column.in_(ids) for ids in (refunds, boosts) for column in _ITSELF_OR_REVERSED))
    )


_ITSELF_OR_REVERSED = (col(LedgerTransaction.id), col(LedgerTransaction.reverses))


def _balances(session: Session, is_own: ColumnElement[bool], before: datetime) -> Mapping[str, int]:
    statement = (
        select(col(LedgerAccount.currency), func.sum(-col(Posting.cents)))
        .join(Posting, col(Posting.account_id) == col(LedgerAccount.id))
        .join(LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id))
        .where(is_own, col(LedgerTransaction.effective_at) < before)
        .group_by(col(LedgerAccount.currency))
    )
    return {currency: int(cents) for currency, cents in session.execute(statement)}


def _lines(
    side: Side,
    currency: str,
    opening: int,
    found: Iterable[Entry],
    own: set[Name],
    subjects: Mapping[str, Subject],
) -> list[Line]:
    lines: list[Line] = []
    balance = opening
    for entry in found:
        legs = {name: cents for name, cents in entry.legs.items() if name.currency == currency}
        changed = statements.amounts(side, entry.fact, legs, [name for name in legs if name in own])
        if changed:  # A refund that was agreed on is the client's as before.
            balance += sum(changed.values())
            row = entry.row
            said = (row.id, entry.fact, entry.is_reversal, row.key, row.effective_at)
            lines.append(Line(*said, changed, subjects.get(row.id, Subject()), balance))
    return lines


def _asides(currency: str, found: Iterable[Entry], subjects: Mapping[str, Subject]) -> Sequence[Aside]:
    kinds = {FactKind.REFUND: LedgerKind.ESCROW, FactKind.BOOST: LedgerKind.FEES_WALLET}
    return [
        Aside(
            entry.row.id,
            entry.fact,
            entry.is_reversal,
            entry.row.key,
            entry.row.effective_at,
            sum(cents for name, cents in entry.legs.items() if name.kind is kinds[entry.fact]),
            subjects.get(entry.row.id, Subject()),
        )
        for entry in found
        if _currency(entry) == currency
    ]


def _currency(entry: Entry) -> str:
    return next(iter(entry.legs)).currency
