"""What is in each wallet at a provider, against what the ledger says is there: payers', experts', and the commissions'.

Both may differ for a while and be right: a payout leaves the wallet when it is begun and the ledger when it is through,
what a bank took back lies in the payer's wallet until it is settled, and commissions are sent to the operator's bank
without anybody asking for it. Such amounts are named and counted in; what is left is a difference.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import postings
from billing.lifecycle import PaymentState
from billing.models.chargebacks import Chargeback
from billing.models.escrows import Escrow, Payment, RefundPart
from billing.models.ledger import LedgerAccount, LedgerKind, LedgerTransaction, Posting
from billing.postings import Name
from billing.provider_books import ASKED_AT_ONCE, Books, External, Move
from billing.providers.interface import PAYIN, Guarded, Provider, Transaction, TransactionKind, TransactionNature
from foundation.database import Database

COMPARED = (LedgerKind.PAYER_WALLET, LedgerKind.PAYEE_WALLET, LedgerKind.FEES_WALLET)
"""What nobody has assigned lies in payers' wallets as well."""
KINDS = frozenset(kind.value for kind in (*COMPARED, LedgerKind.UNASSIGNED_WALLET))
"""How differences of wallets are called, by the accounts that stand for them."""


class Between(StrEnum):
    """Why ledger and wallet differ though both are right."""

    ON_THE_WAY = "on_the_way"
    """The provider has begun or done it, and the ledger does not have it yet."""
    UNASSIGNED = "unassigned"
    """Payments in this wallet that nobody has assigned, or that are on their way back."""
    TAKEN_BACK = "taken_back"
    """Banks took it back out of the provider's own pocket, and nobody has settled that from this wallet."""
    PAID_OUT = "paid_out"
    """The provider sent it to the operator's bank."""


@dataclass(slots=True)
class Balance:
    """One account of the ledger that stands for wallets at a provider, and what is in those."""

    name: Name
    ledger_cents: int = 0
    between: dict[Between, int] = field(default_factory=lambda: defaultdict(int))
    moving: list[External] = field(default_factory=list[External])
    """What is on the way."""
    provider_cents: int | None = None
    """None: the provider has no such wallet, or does not show it."""
    is_guarded: bool = False

    @property
    def expected_cents(self) -> int:
        """Return what has to be there."""
        return self.ledger_cents + sum(self.between.values())

    @property
    def is_equal(self) -> bool:
        """Tell whether it is; not known of what is guarded."""
        return not self.is_guarded and self.expected_cents == (self.provider_cents or 0)

    @property
    def is_off(self) -> bool:
        """Tell whether something else is there."""
        return not self.is_guarded and not self.is_equal


class _Balances(dict[Name, Balance]):
    def __missing__(self, name: Name) -> Balance:
        self[name] = Balance(name)
        return self[name]


def oldest(session: Session, provider: str, since: datetime) -> datetime:
    """Return since when wallets have to be listed: from what nobody has assigned, or settled, if that is longer ago."""
    waiting = select(func.min(col(Payment.begun_at))).where(*_is_unassigned(provider))
    taken = select(func.min(col(Chargeback.taken_at))).where(
        col(Chargeback.provider) == provider, col(Chargeback.held_cents) > col(Chargeback.back_cents)
    )
    found = [session.execute(statement).scalar_one() for statement in (waiting, taken)]
    return min([since, *(instant for instant in found if instant)])


def read(database: Database, provider: Provider, books: Books) -> Sequence[Balance]:
    """Return what is in all wallets, and what the ledger says; raises Unreachable."""
    found = _Balances()
    _ask(provider, books, found)
    with database.reading() as session:
        _read_ledger(session, provider.name, found)
        places = _places(books)
        taken = _add_taken_back(session, provider.name, places, found)
        _add_unassigned(session, provider.name, places, taken, found)
        _add_settled(books, found)
        _add_moving(session, provider.name, books, found)
    # Commissions are asked after in each currency that some wallet has, also where none was taken yet.
    fees = {postings.fees(provider.name, name.currency) for name in books.accounts.values()}
    for name in fees | {name for name in found if name.kind is LedgerKind.FEES_WALLET}:
        found[name].provider_cents = provider.fees(name.currency)
        found[name].between[Between.PAID_OUT] -= provider.fees_paid_out(name.currency)
    return [found[name] for name in sorted(found)]


def _ask(provider: Provider, books: Books, found: _Balances) -> None:
    for wallet_id, name in books.accounts.items():
        balance = found[name]
        try:
            wallet = None if wallet_id in books.guarded else provider.fetch_wallet(wallet_id)
        except Guarded:
            wallet = None
            balance.is_guarded = True
        balance.is_guarded |= wallet_id in books.guarded
        # An expert whose legal status changed has two.
        if wallet is not None:
            balance.provider_cents = (balance.provider_cents or 0) + wallet.cents


def _read_ledger(session: Session, provider: str, found: _Balances) -> None:
    """Add what the ledger says; for commissions with what banks took that had gone already: that left elsewhere."""
    cents = func.sum(col(Posting.cents))
    accounts = (
        select(col(LedgerAccount.kind), col(LedgerAccount.reference), col(LedgerAccount.currency), cents)
        .join(Posting, col(Posting.account_id) == col(LedgerAccount.id))
        .where(col(LedgerAccount.provider) == provider, col(LedgerAccount.kind).in_([kind.value for kind in COMPARED]))
        .group_by(col(LedgerAccount.kind), col(LedgerAccount.reference), col(LedgerAccount.currency))
    )
    for kind, reference, currency, there in session.execute(accounts):
        found[Name(LedgerKind(kind), reference, currency, provider)].ledger_cents = int(there)
    lost = (
        select(col(LedgerAccount.currency), cents)
        .join(Posting, col(Posting.account_id) == col(LedgerAccount.id))
        .join(LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id))
        .where(col(LedgerAccount.kind) == LedgerKind.CHARGEBACKS.value, col(LedgerTransaction.provider) == provider)
        .group_by(col(LedgerAccount.currency))
    )
    for currency, there in session.execute(lost):
        found[postings.fees(provider, currency)].between[Between.TAKEN_BACK] += int(there)


def _add_unassigned(
    session: Session, provider: str, places: Mapping[str, Name], taken: Mapping[str, int], found: _Balances
) -> None:
    sent = (
        select(col(RefundPart.payment_id), func.sum(col(RefundPart.cents)).label("cents"))
        .where(col(RefundPart.state) == PaymentState.SUCCEEDED.value)
        .group_by(col(RefundPart.payment_id))
        .subquery()
    )
    rows = (
        select(Payment, col(Escrow.payer_client_id), func.coalesce(sent.c.cents, 0))
        .outerjoin(Escrow, col(Escrow.id) == col(Payment.escrow_id))
        .outerjoin(sent, sent.c.payment_id == col(Payment.id))
        .where(*_is_unassigned(provider))
    )
    for payment, payer, gone in session.execute(rows):
        if left := payment.cents - int(gone) - taken.get(payment.id, 0):
            found[_place(places, payment, payer)].between[Between.UNASSIGNED] += left


def _add_taken_back(session: Session, provider: str, places: Mapping[str, Name], found: _Balances) -> Mapping[str, int]:
    """Add what was held and is no more; return how much of which payment that is."""
    of_payments: dict[str, int] = defaultdict(int)
    rows = (
        select(Chargeback, Payment, col(Escrow.payer_client_id))
        .join(Payment, col(Payment.id) == col(Chargeback.payment_id))
        .outerjoin(Escrow, col(Escrow.id) == col(Payment.escrow_id))
        .where(col(Chargeback.provider) == provider)
    )
    for taken, payment, payer in session.execute(rows):
        # All of it, but for what the bank gave back.
        if left := taken.held_cents - min(taken.held_cents, taken.back_cents):
            found[_place(places, payment, payer)].between[Between.TAKEN_BACK] += left
            of_payments[payment.id] += left
    return of_payments


def _add_settled(books: Books, found: _Balances) -> None:
    """Take off what operators have settled from payers' wallets."""
    for wallet_id, moves in books.moves.items():
        for one in (move.transaction for move in moves):
            is_settled = one.nature is TransactionNature.SETTLEMENT and one.state is PaymentState.SUCCEEDED
            if is_settled and one.from_wallet_id == wallet_id:
                found[books.accounts[wallet_id]].between[Between.TAKEN_BACK] -= one.cents


def _add_moving(session: Session, provider: str, books: Books, found: _Balances) -> None:
    """Add what the provider has and the ledger has not. The latter is read last: what it has by now is on no way."""
    moves = {move.external: move for listed in books.moves.values() for move in listed if _takes_effect(move)}
    for external, one in _not_posted(session, provider, moves):
        fees = postings.fees(provider, one.currency)
        for name, cents in (
            (books.accounts.get(one.from_wallet_id or ""), -one.cents),
            (books.accounts.get(one.to_wallet_id or ""), one.arrived_cents),
            (fees, one.fee_cents),
        ):
            if name and cents:
                found[name].between[Between.ON_THE_WAY] += cents
                found[name].moving.append(external)


def _takes_effect(move: Move) -> bool:
    """Tell whether a transaction has changed a balance: payouts do when they are begun."""
    one = move.transaction
    is_begun = one.kind is TransactionKind.PAYOUT and one.state is PaymentState.CREATED
    return move.external is not None and (is_begun or one.state is PaymentState.SUCCEEDED)


def _not_posted(
    session: Session, provider: str, moves: Mapping[External | None, Move]
) -> Iterator[tuple[External, Transaction]]:
    ids = sorted({external.id for external in moves if external})
    posted: set[External] = set()
    for begin in range(0, len(ids), ASKED_AT_ONCE):
        statement = select(col(LedgerTransaction.external_kind), col(LedgerTransaction.external_id)).where(
            col(LedgerTransaction.provider) == provider,
            col(LedgerTransaction.external_id).in_(ids[begin : begin + ASKED_AT_ONCE]),
        )
        posted.update(External(str(kind), str(external_id)) for kind, external_id in session.execute(statement))
    for external, move in moves.items():
        if external and external not in posted:
            yield external, move.transaction


def _is_unassigned(provider: str) -> tuple[ColumnElement[bool], ...]:
    is_here = (col(Payment.provider) == provider, col(Payment.state) == PaymentState.SUCCEEDED.value)
    return (*is_here, col(Payment.counted_at).is_(None))


def _places(books: Books) -> dict[str, Name]:
    """Return into which wallet each payment came, as far as the provider still lists it."""
    return {
        move.external.id: books.accounts[wallet_id]
        for wallet_id, moves in books.moves.items()
        for move in moves
        if move.external and move.external.kind == PAYIN
    }


def _place(places: Mapping[str, Name], payment: Payment, payer: str | None) -> Name:
    """Return in which wallet a payment lies: where the provider says, or that of whoever was to pay."""
    at = postings.wallet(payment.provider, payer, payment.currency)
    return places.get(str(payment.provider_id), at)
