"""What transactions of the ledger are about: the mission behind each, and the document that was issued for it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from billing.documents.contents import Kind
from billing.models.boosts import BoostCharge
from billing.models.documents import AccountingDocument
from billing.models.escrows import Escrow, Payment, Refund, RefundPart
from billing.models.ledger import FactKind, LedgerKind, LedgerTransaction
from billing.models.payouts import Payout, Transfer
from billing.postings import Name
from billing.statements import Subject

Row = TypeVar("Row", bound=SQLModel)
_AT_ONCE = 500
"""Ids in one query: databases take only so many."""


class About(Protocol):
    """A transaction with its legs."""

    row: LedgerTransaction
    said: LedgerTransaction
    legs: dict[Name, int]


def of(session: Session, found: Sequence[About], kinds: Sequence[Kind]) -> Mapping[str, Subject]:
    """Return what transactions are about, by their ids; what is about nothing that is known is left out.

    `kinds` are those of documents that are named, the first before the others.
    """
    references = _references(session, found)
    escrows = {one.reference: one for one in rows(session, Escrow, col(Escrow.reference), references.values())}
    documents = _documents(session, references.values(), kinds)
    return {
        transaction_id: _subject(reference, escrows.get(reference), documents.get(reference))
        for transaction_id, reference in references.items()
    }


def _subject(reference: str, escrow: Escrow | None, document: AccountingDocument | None) -> Subject:
    said = (escrow.number, escrow.title) if escrow else ("", "")
    issued = (document.number, document.issued_on) if document else ("", None)
    parties = (escrow.payer_client_id, escrow.payee_expert_id) if escrow else ("", "")
    return Subject(reference, *said, *issued, *parties)


def _references(session: Session, found: Sequence[About]) -> Mapping[str, str]:
    """Return the reference of what each transaction is about: an escrow's, or a charge's id."""
    by_id: dict[str, str] = {}
    refunds: dict[str, str] = {}
    externals: dict[str, str] = {}
    for one in found:
        held = next((name for name in one.legs if name.kind is LedgerKind.ESCROW and name.reference), None)
        back = next((name for name in one.legs if name.kind is LedgerKind.REFUND), None)
        if held:
            by_id[one.row.id] = held.reference
        elif back:
            refunds[one.row.id] = back.reference
        elif one.said.external_id:
            externals[one.row.id] = one.said.external_id
    of_refunds = _of_refunds(session, refunds.values())
    by_id |= {name: of_refunds[refund] for name, refund in refunds.items() if refund in of_refunds}
    by_id.update(_of_externals(session, [one for one in found if one.row.id in externals]))
    return by_id


def _of_refunds(session: Session, ids: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for some in _parts(ids):
        direct = (
            select(col(Refund.id), col(Escrow.reference))
            .join(Escrow, col(Escrow.id) == col(Refund.escrow_id))
            .where(col(Refund.id).in_(some))
        )
        against = (
            select(col(RefundPart.refund_id), col(Escrow.reference))
            .join(Payment, col(Payment.id) == col(RefundPart.payment_id))
            .join(Escrow, col(Escrow.id) == col(Payment.escrow_id))
            .where(col(RefundPart.refund_id).in_(some))
        )
        for statement in (against, direct):
            found.update((refund_id, reference) for refund_id, reference in session.execute(statement))
    return found


def _of_externals(session: Session, found: Sequence[About]) -> Mapping[str, str]:
    """Return of payouts what they paid for, and of boosts which charge they were."""
    ids = {one.said.external_id or "" for one in found}
    paid: dict[tuple[str, str], str] = {}
    for some in _parts(ids):
        payouts = (
            select(Payout, col(Escrow.reference))
            .join(Transfer, col(Transfer.id) == col(Payout.transfer_id))
            .join(Escrow, col(Escrow.id) == col(Transfer.escrow_id))
            .where(or_(col(Payout.provider_id).in_(some), col(Payout.return_id).in_(some)))
        )
        for payout, reference in session.execute(payouts):
            paid[payout.provider, payout.provider_id or ""] = reference
            paid[payout.provider, payout.return_id or ""] = reference
        charges = select(BoostCharge).where(col(BoostCharge.provider_id).in_(some))
        for charge in session.execute(charges).scalars():
            paid[charge.provider, charge.provider_id or ""] = charge.id
    kinds = {FactKind.PAYOUT.value, FactKind.PAYOUT_RETURN.value, FactKind.BOOST.value}
    return {
        one.row.id: paid[key]
        for one in found
        if one.said.kind in kinds and (key := (one.said.provider or "", one.said.external_id or "")) in paid
    }


def _documents(session: Session, references: Iterable[str], kinds: Sequence[Kind]) -> Mapping[str, AccountingDocument]:
    """Return what was issued for each reference: of the first kind that there is."""
    issued = rows(session, AccountingDocument, col(AccountingDocument.reference), references)
    found = [row for row in issued if row.kind in kinds]
    return {row.reference: row for row in sorted(found, key=lambda row: kinds.index(Kind(row.kind)), reverse=True)}


def rows(session: Session, table: type[Row], column: Any, values: Iterable[str]) -> list[Row]:
    """Return rows whose column is one of many values."""
    return [row for some in _parts(values) for row in session.execute(select(table).where(column.in_(some))).scalars()]


def _parts(values: Iterable[str]) -> Iterable[list[str]]:
    wanted = sorted(set(values))
    return (wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE))
