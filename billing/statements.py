"""Statements of account: what was there, what moved it, and what is left, by currency (S24, B6). Pure values.

An expert's balance is what was released to them and not paid out yet. A client's is what is held for them: for their
missions, and on its way back to them. `billing.statement_lines` reads both from the ledger's postings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from billing.models.ledger import FactKind, LedgerKind
from billing.postings import Name


class Side(StrEnum):
    """Whose statement it is."""

    EXPERT = "expert"
    CLIENT = "client"


class Column(StrEnum):
    """By what a balance changes."""

    RELEASED = "released"
    COMMISSION = "commission"
    """With its tax."""
    PAID_OUT = "paid_out"
    """What a bank sent back counts the other way."""
    PAID = "paid"
    TAKEN_BACK = "taken_back"
    """By the payer's bank; what it gave back counts the other way."""
    SENT_BACK = "sent_back"


COLUMNS: Mapping[Side, Sequence[Column]] = {
    Side.EXPERT: (Column.RELEASED, Column.COMMISSION, Column.PAID_OUT),
    Side.CLIENT: (Column.PAID, Column.TAKEN_BACK, Column.RELEASED, Column.SENT_BACK),
}
_CLIENTS_COLUMN = {
    FactKind.PAY_IN: Column.PAID,
    FactKind.ASSIGNMENT: Column.PAID,
    FactKind.RETURN: Column.PAID,
    FactKind.CHARGEBACK: Column.TAKEN_BACK,
    FactKind.CHARGEBACK_RETURN: Column.TAKEN_BACK,
    FactKind.RELEASE: Column.RELEASED,
    FactKind.REPAYMENT: Column.SENT_BACK,
    FactKind.REPAYMENT_RETURN: Column.SENT_BACK,
}
_FEES = (LedgerKind.COMMISSION, LedgerKind.VAT)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a line is about."""

    reference: str = ""
    """An escrow's, or a charge's id."""
    number: str = ""
    """Of the mission."""
    title: str = ""
    document: str = ""
    """Number of what was issued for it."""
    document_on: date | None = None
    """When that was issued."""
    client_id: str = ""
    expert_id: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A transaction of the ledger, as it changes a balance."""

    transaction_id: str
    fact: FactKind
    """What happened; of a reversal, what it takes back."""
    is_reversal: bool
    key: str
    effective_at: datetime
    amounts: Mapping[Column, int]
    """Positive where the balance grows."""
    subject: Subject
    balance_cents: int
    """After it."""

    @property
    def cents(self) -> int:
        """Return by how much the balance changes."""
        return sum(self.amounts.values())


@dataclass(frozen=True, slots=True)
class Aside:
    """Something that belongs to a period and changes no balance here: a refund to a client, a boost paid by card."""

    transaction_id: str
    fact: FactKind
    is_reversal: bool
    key: str
    effective_at: datetime
    cents: int
    subject: Subject


@dataclass(frozen=True, slots=True)
class Statement:
    """A period in one currency."""

    side: Side
    currency: str
    opening_cents: int
    lines: Sequence[Line]
    asides: Sequence[Aside] = ()
    returning_cents: int = 0
    """Of a client's closing balance, what is on its way back."""

    @property
    def closing_cents(self) -> int:
        """Return what is there at the end."""
        return self.opening_cents + sum(line.cents for line in self.lines)

    @property
    def columns(self) -> Sequence[Column]:
        """Return by what the balance may change."""
        return COLUMNS[self.side]

    def sum_of(self, column: Column) -> int:
        """Return by how much a column changes the balance in all."""
        return sum(line.amounts.get(column, 0) for line in self.lines)

    def aside_of(self, fact: FactKind) -> int:
        """Return the sum of what stands aside of one kind."""
        return sum(aside.cents for aside in self.asides if aside.fact is fact)


def amounts(side: Side, fact: FactKind, legs: Mapping[Name, int], own: Sequence[Name]) -> Mapping[Column, int]:
    """Return by what a transaction changes the balance of whose accounts are `own`; empty where it does not.

    A release is what was released, less the commission with its tax: all of what it posts to both.
    """
    change = sum(-legs[name] for name in own)
    if side is Side.EXPERT and fact is FactKind.RELEASE:
        fee = sum(-cents for name, cents in legs.items() if name.kind in _FEES)
        found = {Column.RELEASED: change + fee, Column.COMMISSION: -fee}
    elif side is Side.EXPERT:
        found = {Column.PAID_OUT: change}
    else:
        found = {_CLIENTS_COLUMN.get(fact, Column.PAID): change}
    return {column: cents for column, cents in found.items() if cents}
