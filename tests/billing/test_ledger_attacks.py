"""What the database itself refuses, whoever writes to it: attacks on the ledger through SQL."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from billing import ledger, ledger_checks, postings
from billing.models.ledger import LedgerKind
from billing.postings import Amount, External, Name
from foundation.database import Database
from tests.billing.money import AT

CAME = External("sandbox", "payin", "p1")
PAID = postings.pay_in("p1", Amount(1_000, "EUR"), "m1", "c1", CAME)
ACCOUNT = text("""
    INSERT INTO ledger_accounts (id, kind, reference, provider, currency, side, may_be_negative)
    VALUES (:id, :kind, :reference, :provider, :currency, :side, :may_be_negative)
""")
POSTING = text("INSERT INTO postings (transaction_id, account_id, cents) VALUES (:transaction, :account, :cents)")
TRANSACTION = text("""
    INSERT INTO ledger_transactions (id, kind, key, fingerprint, legs, provider, external_kind, external_id, reverses,
        note, effective_at, recorded_at)
    VALUES (:id, :kind, :key, 'f', :legs, :provider, :external_kind, :external_id, :reverses, '', :at, :at)
""")

EXTERNAL = ("provider", "external_kind", "external_id")
NEW_TRANSACTION: dict[str, Any] = {
    **dict.fromkeys((*EXTERNAL, "reverses")),
    "kind": "pay_in",
    "legs": 2,
    "at": AT.isoformat(" "),
}


@dataclass
class Books:
    """A ledger with one payment, and the ids of its accounts."""

    database: Database
    wallet: str
    escrow: str
    paid: str

    def write(self, session: Session, transaction: str, amounts: dict[str, Any], **columns: Any) -> None:
        """Write a transaction as nobody but an attacker does; cents by account."""
        put(session, transaction, amounts)
        columns = {"key": transaction, "legs": len(amounts)} | columns
        session.execute(TRANSACTION, NEW_TRANSACTION | {"id": transaction} | columns)


@pytest.fixture
def books(database: Database) -> Iterator[Books]:
    with database.writing() as session:
        paid = ledger.post(session, PAID, at=AT).id
        ids = {row.kind: row.id for row in session.execute(text("SELECT kind, id FROM ledger_accounts"))}
    yield Books(database, ids["payer_wallet"], ids["escrow"], paid)
    # Whatever was tried: the books are as they were.
    with database.reading() as session:
        assert session.execute(text("SELECT count(*), sum(legs) FROM ledger_transactions")).one() == (1, 2)
        assert session.execute(text("SELECT count(*), sum(cents), max(cents) FROM postings")).one() == (2, 0, 1_000)
        assert ledger_checks.check(session) == [ledger_checks.Finding(ledger_checks.Promise.ESCROWS, "m1", 0, 1_000)]


def refused(books: Books, work: Callable[[Session], object], match: str | None = None) -> None:
    with pytest.raises(DBAPIError, match=match):
        books.database.write(work)


def refuse(books: Books, amounts: dict[str, Any], **columns: Any) -> None:
    refused(books, lambda session: books.write(session, "attack", amounts, **columns))


def put(session: Session, transaction: str, amounts: dict[str, Any]) -> None:
    for account, cents in amounts.items():
        session.execute(POSTING, {"transaction": transaction, "account": account, "cents": cents})


def test_a_transaction_that_does_not_balance(books: Books) -> None:
    refuse(books, {books.wallet: 100, books.escrow: -99})


def test_a_transaction_that_balances_only_across_currencies(books: Books) -> None:
    def attack(session: Session) -> None:
        session.execute(ACCOUNT, account_of("usd", LedgerKind.ESCROW) | {"currency": "USD"})
        books.write(session, "attack", {books.wallet: 100, "usd": -100})

    refused(books, attack)


@pytest.mark.parametrize("legs", [0, 1, 2])
def test_a_single_posting(books: Books, legs: int) -> None:
    refuse(books, {books.wallet: 100}, legs=legs)


@pytest.mark.parametrize("legs", [0, 2])
def test_a_transaction_without_postings(books: Books, legs: int) -> None:
    refuse(books, {}, legs=legs)


def test_postings_without_a_transaction(books: Books) -> None:
    refused(books, lambda session: put(session, "attack", {books.wallet: 100, books.escrow: -100}))


def test_fewer_postings_than_a_transaction_says(books: Books) -> None:
    refuse(books, {books.wallet: 100, books.escrow: -100}, legs=3)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE postings SET cents = 1",
        "UPDATE postings SET cents = cents",
        "UPDATE ledger_transactions SET legs = 3",
        "UPDATE ledger_transactions SET key = 'other'",
        "UPDATE ledger_accounts SET currency = 'USD'",
        "UPDATE ledger_accounts SET kind = 'vat', may_be_negative = true",
        "DELETE FROM postings",
        "DELETE FROM ledger_transactions",
        "DELETE FROM ledger_accounts",
        "DELETE FROM postings WHERE cents > 0",
    ],
)
def test_changing_what_was_posted(books: Books, statement: str) -> None:
    refused(books, lambda session: session.execute(text(statement)), "only added to")


@pytest.mark.parametrize("statement", ["TRUNCATE {} CASCADE", "TRUNCATE ONLY {}"])
@pytest.mark.parametrize("table", ["postings", "ledger_transactions", "ledger_accounts"])
def test_truncating(books: Books, table: str, statement: str) -> None:
    if books.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite knows only DELETE")
    refused(books, lambda session: session.execute(text(statement.format(table))))


@pytest.mark.parametrize("attacked", ["id", "key", "external", "posting", "account", "account's name"])
def test_replacing(books: Books, attacked: str) -> None:
    """SQLite's OR REPLACE deletes without telling any trigger."""
    if books.database.engine.dialect.name != "sqlite":
        pytest.skip("SQLite's own")
    statement = {"posting": POSTING, "account": ACCOUNT, "account's name": ACCOUNT}.get(attacked, TRANSACTION)
    account = account_of("attack", LedgerKind.ESCROW)
    choices: dict[str, dict[str, Any]] = {
        "id": {"id": books.paid},
        "key": {"key": PAID.key},
        "external": dict(zip(EXTERNAL, ("sandbox", "payin", "p1"), strict=True)),
        "posting": {"transaction": books.paid, "account": books.wallet, "cents": 5},
        "account": account | {"id": books.escrow},
        "account's name": account | {"reference": "m1"},
    }
    values = choices[attacked]

    def attack(session: Session) -> None:
        if statement is TRANSACTION:
            put(session, "attack", {books.wallet: 100, books.escrow: -100})
        whole = NEW_TRANSACTION | {"id": "attack", "key": "attack"} | values if statement is TRANSACTION else values
        session.execute(text(str(statement).replace("INSERT", "INSERT OR REPLACE")), whole)

    refused(books, attack)


def test_a_late_posting(books: Books) -> None:
    def attack(session: Session, amounts: dict[str, Any]) -> None:
        session.execute(ACCOUNT, account_of("late", LedgerKind.UNASSIGNED))
        session.execute(ACCOUNT, account_of("later", LedgerKind.VAT))
        put(session, books.paid, amounts)

    for amounts in ({"late": -50}, {"late": -50, "later": 50}):
        refused(books, lambda session, amounts=amounts: attack(session, amounts), "nothing is added")


def test_a_late_posting_in_the_same_transaction_of_the_database(books: Books) -> None:
    def attack(session: Session) -> None:
        session.execute(ACCOUNT, account_of("late", LedgerKind.VAT))
        books.write(session, "attack", {books.wallet: 100, books.escrow: -100})
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        put(session, "attack", {"late": 5})

    refused(books, attack)


@pytest.mark.parametrize("cents", [0.5, 100.25, 0, 10**16])
def test_what_is_no_whole_amount(books: Books, cents: float) -> None:
    refuse(books, {books.wallet: cents, books.escrow: -cents})


def test_fractions_that_would_be_rounded_to_something_that_balances(books: Books) -> None:
    def attack(session: Session) -> None:
        for account, cents in ((books.wallet, "99.6"), (books.escrow, "-100.4")):
            literal = f"INSERT INTO postings (transaction_id, account_id, cents) VALUES ('a', '{account}', {cents})"
            session.execute(text(literal))
        books.write(session, "a", {}, legs=2)

    refused(books, attack)


def test_reuse_of_a_key(books: Books) -> None:
    refuse(books, {books.wallet: 100, books.escrow: -100}, key=PAID.key)


def test_reuse_of_a_provider_s_id(books: Books) -> None:
    external = dict(zip(EXTERNAL, (CAME.provider, CAME.kind, CAME.id), strict=True))
    refuse(books, {books.wallet: 100, books.escrow: -100}, **external)
    refuse(books, {books.wallet: 100, books.escrow: -100}, external_id="half")


def test_falling_below_zero(books: Books) -> None:
    refuse(books, {books.wallet: -1_001, books.escrow: 1_001})


@pytest.mark.parametrize(
    "wrong",
    [
        {"may_be_negative": True},
        {"side": 1},
        {"side": 0},
        {"reference": "m1"},
        {"provider": "sandbox"},
        {"currency": "EURO"},
    ],
)
def test_accounts_that_pretend_to_be_others(books: Books, wrong: dict[str, Any]) -> None:
    refused(books, lambda session: session.execute(ACCOUNT, account_of("a", LedgerKind.ESCROW) | wrong))


def test_reversals_that_are_none(books: Books) -> None:
    reversal = {"kind": "reversal", "reverses": books.paid}
    refuse(books, {books.wallet: -400, books.escrow: 400}, **reversal)
    refuse(books, {books.wallet: -1_000, books.escrow: 1_000}, kind="reversal")
    refuse(books, {books.wallet: -1_000, books.escrow: 1_000}, reverses=books.paid)
    refuse(books, {books.wallet: -1_000, books.escrow: 1_000}, kind="reversal", reverses="nothing")


def test_writing_under_an_isolation_in_which_sums_are_old(books: Books) -> None:
    if books.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")

    def attack(session: Session) -> None:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        books.write(session, "attack", {books.wallet: 100, books.escrow: -100})

    refused(books, attack, "REPEATABLE READ")


def account_of(account_id: str, kind: LedgerKind) -> dict[str, Any]:
    name = Name(kind, "attack", "EUR")
    values = {"id": account_id, "kind": kind.value, "reference": "attack", "provider": "", "currency": "EUR"}
    return {**values, "side": name.side, "may_be_negative": name.may_be_negative}
