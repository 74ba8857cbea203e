"""Tables of the ledger: accounts, transactions, and their postings (mission row B6).

A posting adds whole cents to one account, negative ones as well; debits are positive, credits negative. Rows are only
added: a transaction comes after its postings, and closes over them. Migration 0031 has the triggers by which the
database itself refuses everything else, on SQLite and PostgreSQL; see `docs/ledger.md`.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from accounts.models.identities import new_id
from foundation.types import Cents, Instant

MOST_CENTS = 10**15
"""Of one posting: sums of nine thousand of them still fit into the integers of SQLite."""


class LedgerKind(StrEnum):
    """What an account of the ledger stands for: the chart of accounts. What each refers to stands in brackets."""

    PAYER_WALLET = "payer_wallet"
    """What a provider holds in a client's name [client]."""
    UNASSIGNED_WALLET = "unassigned_wallet"
    """What a provider holds of payments that nobody has assigned yet [nothing]."""
    PAYEE_WALLET = "payee_wallet"
    """What a provider holds in an expert's name [expert]."""
    FEES_WALLET = "fees_wallet"
    """What a provider holds of the operator's; below zero where it took back more [nothing]."""
    CHARGEBACKS = "chargebacks"
    """What payers' banks took back that was not held any more: the operator's loss [nothing]."""
    ESCROW = "escrow"
    """What is held [an escrow's reference]."""
    UNASSIGNED = "unassigned"
    """What came and is for nothing yet [payment]."""
    REFUND = "refund"
    """What is on its way back to whoever paid it [refund]."""
    PAYABLE = "payable"
    """What was released to an expert, and not paid out yet [expert]."""
    COMMISSION = "commission"
    """What the operator earned by commissions, before tax [nothing]."""
    BOOST = "boost"
    """What the operator earned by boosts, before tax [nothing]."""
    VAT = "vat"
    """What the operator owes of taxes that it collected [nothing]."""


WALLETS = (
    LedgerKind.PAYER_WALLET,
    LedgerKind.UNASSIGNED_WALLET,
    LedgerKind.PAYEE_WALLET,
    LedgerKind.FEES_WALLET,
)
DEBTORS = (*WALLETS, LedgerKind.CHARGEBACKS)
"""Accounts that grow by debits; all others grow by credits."""
UNBOUNDED = (
    LedgerKind.FEES_WALLET,
    LedgerKind.CHARGEBACKS,
    LedgerKind.COMMISSION,
    LedgerKind.BOOST,
    LedgerKind.VAT,
)
"""Accounts that may fall below zero."""


def _one_of(kinds: Iterable[LedgerKind]) -> str:
    return f"kind IN ({', '.join(repr(kind.value) for kind in kinds)})"


class FactKind(StrEnum):
    """What happened to money."""

    PAY_IN = "pay_in"
    UNASSIGNED_PAY_IN = "unassigned_pay_in"
    ASSIGNMENT = "assignment"
    RETURN = "return"
    """A payment that is for nothing is to go back."""
    REFUND = "refund"
    """A part of what is held is to go back."""
    REPAYMENT = "repayment"
    """The provider sent it back."""
    REPAYMENT_RETURN = "repayment_return"
    """A bank returned it days later: it is owed again."""
    RELEASE = "release"
    TRANSFER = "transfer"
    """The provider brought what was released from the payer's wallet to the payee's."""
    PAYOUT = "payout"
    PAYOUT_RETURN = "payout_return"
    BOOST = "boost"
    CHARGEBACK = "chargeback"
    CHARGEBACK_RETURN = "chargeback_return"
    """The bank gave back what it had taken."""
    REVERSAL = "reversal"


class LedgerAccount(SQLModel, table=True):
    """One account of the ledger."""

    __tablename__ = "ledger_accounts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("kind", "reference", "provider", "currency", name="ux_ledger_accounts_name"),
        Index("ix_ledger_accounts_reference", "reference"),
        CheckConstraint("length(currency) = 3", name="ledger_currency_is_a_code"),
        CheckConstraint("side IN (1, -1)", name="side_is_debit_or_credit"),
        CheckConstraint(f"(side = 1) = ({_one_of(DEBTORS)})", name="side_is_that_of_its_kind"),
        CheckConstraint(f"may_be_negative = ({_one_of(UNBOUNDED)})", name="bounds_are_those_of_its_kind"),
        CheckConstraint(f"(provider <> '') = ({_one_of(WALLETS)})", name="wallets_are_a_providers"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    kind: str
    reference: str
    """Whose or of what it is; empty where there is but one."""
    provider: str
    """Whose wallet it is; empty for all else."""
    currency: str
    side: int
    """1 where debits make it grow, -1 where credits do: its balance is the sum of its postings times this."""
    may_be_negative: bool


class Posting(SQLModel, table=True):
    """What a transaction adds to one account."""

    __tablename__ = "postings"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # Deferred, since a transaction comes after its postings: it closes over them.
        ForeignKeyConstraint(["transaction_id"], ["ledger_transactions.id"], deferrable=True, initially="DEFERRED"),
        Index("ix_postings_account", "account_id", "cents"),
        CheckConstraint("cents = CAST(cents AS BIGINT)", name="posting_is_whole_cents"),
        CheckConstraint(f"cents <> 0 AND cents BETWEEN -{MOST_CENTS} AND {MOST_CENTS}", name="posting_is_an_amount"),
    )

    transaction_id: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True, foreign_key="ledger_accounts.id")
    cents: int = Field(sa_type=Cents)


class LedgerTransaction(SQLModel, table=True):
    """A fact: two postings or more that sum to zero in each currency."""

    __tablename__ = "ledger_transactions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("key", name="ux_ledger_transactions_key"),
        UniqueConstraint("provider", "external_kind", "external_id", name="ux_ledger_transactions_external"),
        UniqueConstraint("reverses", name="ux_ledger_transactions_reverses"),
        Index("ix_ledger_transactions_effective", "effective_at"),
        CheckConstraint("legs >= 2", name="transaction_has_two_postings"),
        CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name="reversals_name_what_they_reverse"),
        CheckConstraint("reverses <> id", name="nothing_reverses_itself"),
        CheckConstraint(
            "(provider IS NULL) = (external_id IS NULL) AND (provider IS NULL) = (external_kind IS NULL)",
            name="external_ids_are_whole",
        ),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    kind: str
    key: str
    """Of the fact: it is posted once, however often it is told."""
    fingerprint: str
    """SHA-256 of what is posted, in hex: the same key with something else is refused."""
    legs: int
    """How many postings it has: none can be added later."""
    provider: str | None = None
    external_kind: str | None = None
    external_id: str | None = None
    """Under which the provider has it: each is posted once, whatever the key."""
    reverses: str | None = Field(default=None, foreign_key="ledger_transactions.id")
    note: str = ""
    """Why it was reversed."""
    effective_at: datetime = Field(sa_type=Instant)
    """When it happened."""
    recorded_at: datetime = Field(sa_type=Instant)
    """When it was posted."""


class LedgerDifference(SQLModel, table=True):
    """Where ledger and provider say different things; nobody corrects it but people."""

    __tablename__ = "ledger_differences"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("provider", "external_kind", "external_id", name="ux_ledger_differences_external"),
        Index("ix_ledger_differences_open", "gone_at", "looked_at"),
        CheckConstraint("here_cents IS NOT NULL OR there_cents IS NOT NULL", name="difference_is_one"),
        CheckConstraint("(looked_by IS NULL) = (looked_at IS NULL)", name="looked_at_by_somebody"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    provider: str
    external_kind: str
    external_id: str
    here_cents: int | None = Field(default=None, sa_type=Cents)
    """What the ledger says; None: it knows nothing of it."""
    there_cents: int | None = Field(default=None, sa_type=Cents)
    """What the provider says."""
    here_currency: str = ""
    there_currency: str = ""
    found_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)
    """When it was found last."""
    gone_at: datetime | None = Field(default=None, sa_type=Instant)
    """When both were found to say the same."""
    looked_by: str | None = None
    """The operator's account."""
    looked_at: datetime | None = Field(default=None, sa_type=Instant)
    note: str = ""
