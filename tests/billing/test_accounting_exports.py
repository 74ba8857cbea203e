"""Entries for accountants: balanced whatever happened, with the French columns, and the document behind each."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from sqlalchemy import select
from sqlmodel import col

from billing import accounting_exports, ledger, postings, statement_lines
from billing.accounting_entries import Book
from billing.accounting_plans import OPERATORS
from billing.commissions import Commission
from billing.documents import drafts, issues
from billing.documents.contents import Kind
from billing.documents.issues import About, Checked
from billing.models.ledger import LedgerAccount, LedgerKind
from billing.postings import Amount, External
from billing.statement_periods import Period
from billing.statements import Side
from foundation.database import Database
from tests.billing import money as builders
from tests.billing import subscribing
from tests.billing.any_ledger import FACTS, Play, Played
from tests.billing.documents import samples
from tests.billing.money import AT, DUE

YEAR = Period(2026)
OPERATOR = Book()
Rows = list[dict[str, str]]


def rows(database: Database, book: Book = OPERATOR, period: Period = YEAR, currency: str = "EUR") -> Rows:
    with database.reading() as session:
        head, *found = accounting_exports.rows(session, book, period, currency)
    return [dict(zip(head, row, strict=True)) for row in found]


def cents(text: str) -> int:
    whole, _, rest = text.partition(",")
    assert len(rest) == 2
    return int(whole) * 100 + int(rest)


def change(row: dict[str, str]) -> int:
    debit, credit = cents(row["Debit"]), cents(row["Credit"])
    assert (debit == 0) != (credit == 0)
    return debit - credit


def sums(found: Rows, name: str) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    for row in found:
        totals[row[name]] += change(row)
    return totals


def issue(database: Database, reference: str, expert_id: str, client_id: str) -> str:
    about = About(reference, expert_id, client_id)
    draft = Checked(samples.invoice(number=drafts.UNNUMBERED))
    return database.write(lambda session: issues.issue(session, draft, about, at=AT)).number


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS)
def test_every_entry_is_balanced_and_books_say_what_the_ledger_says(
    database: Database, facts: Sequence[Played]
) -> None:
    play = Play.of(database, facts)
    books = {
        Side.EXPERT: Book(Side.EXPERT, play.expert_id),
        Side.CLIENT: Book(Side.CLIENT, play.money.client_id),
    }
    for found in (rows(database), *(rows(database, book) for book in books.values())):
        assert not any(sums(found, "EcritureNum").values())
        numbers = sorted({int(row["EcritureNum"]) for row in found})
        assert numbers == list(range(1, len(numbers) + 1))
        assert [row["EcritureDate"] for row in found] == sorted(row["EcritureDate"] for row in found)
    for side, book in books.items():
        with database.reading() as session:
            statements = statement_lines.of(session, side, book.party_id, YEAR)
        held = sums(rows(database, book), "CompteNum").get("467000", 0)
        assert held == sum(one.closing_cents - one.opening_cents for one in statements)


def test_a_month_has_the_numbers_that_its_entries_have_in_the_year(database: Database) -> None:
    play = Play(builders.make(database, str(uuid4())))
    for at in (AT.replace(month=11, day=30), AT):
        play.post("pay_in", at, 0, 100)
    book = Book(Side.CLIENT, play.money.client_id)
    assert [row["EcritureNum"] for row in rows(database, book)] == ["1", "1", "2", "2"]
    assert [row["EcritureNum"] for row in rows(database, book, Period(2026, 12))] == ["2", "2"]


def test_the_operators_book_is_the_ledger_itself(database: Database) -> None:
    money = builders.make(database)
    money.open()
    money.wire(DUE)
    money.release()
    found = [row for year in {AT.year, AT.year + 1} for row in rows(database, period=Period(year))]
    with database.reading() as session:
        accounts = session.execute(select(LedgerAccount).order_by(col(LedgerAccount.kind))).scalars().all()
        balances = {
            OPERATORS[LedgerKind(one.kind)].number: one.side * ledger.balance(session, ledger.name_of(one))
            for one in accounts
        }
    assert {number: total for number, total in sums(found, "CompteNum").items() if total} == {
        number: total for number, total in balances.items() if total
    }
    release = [row for row in found if row["EcritureLib"].startswith("Libération")]
    assert {row["JournalCode"] for row in release} == {"VE"}
    assert {(row["CompteNum"], row["Debit"], row["Credit"]) for row in release} == {
        ("467100", "4800,00", "0,00"),
        ("467300", "0,00", "4320,00"),
        ("706100", "0,00", "400,00"),
        ("445710", "0,00", "80,00"),
    }
    assert {row["CompteNum"]: row["CompAuxLib"] for row in release if row["CompAuxNum"]} == {
        "467100": "Anna & Co",
        "467300": "Anna Expert",
    }
    assert {row["PieceRef"] for row in release} == {"M-2026-00042"}
    assert {row["EcritureLib"] for row in release} == {"Libération – M-2026-00042 – Mission M-2026-00042"}
    assert all(len(row["EcritureDate"]) == len(row["ValidDate"]) == len(row["PieceDate"]) == 8 for row in found)


def test_the_books_of_both_sides_have_the_invoice_and_name_it(database: Database) -> None:
    money = builders.make(database)
    money.open()
    expert_id = str(money.expert.expert_id)
    number = issue(database, "m1", expert_id, money.client_id)
    with database.writing() as session:
        for fact in (
            postings.pay_in("p", Amount(DUE, "EUR"), "m1", money.client_id, External("sandbox", "payin", "p")),
            postings.release("m1", expert_id, Amount(DUE, "EUR"), Commission(1_000, 40_000, 8_000)),
            postings.transfer(
                Amount(DUE, "EUR"), 48_000, money.client_id, expert_id, External("sandbox", "release", "r")
            ),
            postings.payout(Amount(432_000, "EUR"), expert_id, External("sandbox", "payout", "o")),
        ):
            ledger.post(session, fact, at=AT)
    expert = rows(database, Book(Side.EXPERT, expert_id))
    gross, net, tax = 1_024_516, 853_763, 170_753
    assert sums(expert, "CompteNum") == {
        "411000": gross - DUE,
        "706000": -net,
        "445710": -tax,
        "467000": 0,
        "622200": 40_000,
        "445660": 8_000,
        "512000": 432_000,
    }
    client = rows(database, Book(Side.CLIENT, money.client_id))
    assert sums(client, "CompteNum") == {
        "622600": net,
        "445660": tax,
        "401000": DUE - gross,
        "467000": 0,
        "512000": -DUE,
    }
    for found in (expert, client):
        pieces = {row["PieceRef"] for row in found if not row["EcritureLib"].startswith("Versement")}
        assert pieces == {number}
        assert {row["PieceDate"] for row in found if row["PieceRef"] == number} == {
            f"{samples.TODAY:%Y%m%d}",
        }
    assert {row["CompAuxNum"] for row in expert if row["CompteNum"] == "411000"} == {money.client_id}
    assert {row["CompAuxNum"] for row in client if row["CompteNum"] == "401000"} == {expert_id}


def test_a_credit_note_takes_the_sale_back(database: Database) -> None:
    issue(database, "m1", "e1", "c1")
    with database.reading() as session:
        issued = issues.of(session, Kind.INVOICE, "m1")
    assert issued is not None
    draft = Checked(drafts.credit_note(issues.content_of(issued), "Rien.", on=samples.TODAY))
    database.write(lambda session: issues.take_back(session, issued.id, draft, at=AT))
    for book in (Book(Side.EXPERT, "e1"), Book(Side.CLIENT, "c1")):
        found = rows(database, book)
        assert len({row["EcritureNum"] for row in found}) == 2
        assert not any(sums(found, "CompteNum").values())


def test_a_boost_is_a_purchase_of_the_experts(database: Database) -> None:
    subscriber = subscribing.make(database)
    subscriber.subscribe()
    assert subscriber.pay(subscriber.type_card())
    found = rows(database, Book(Side.EXPERT, subscriber.expert_id))
    assert {(row["JournalCode"], row["CompteNum"], row["Debit"], row["Credit"]) for row in found} == {
        ("AC", "623100", "29,00", "0,00"),
        ("AC", "445660", "5,80", "0,00"),
        ("AC", "512000", "0,00", "34,80"),
    }


def test_a_file_holds_one_currency_and_names_one_that_is_not_the_euro(database: Database) -> None:
    with database.writing() as session:
        for currency in ("EUR", "USD"):
            paid = postings.pay_in(currency, Amount(500, currency), "m9", "c9", External("sandbox", "payin", currency))
            ledger.post(session, paid, at=AT)
    assert {(row["Montantdevise"], row["Idevise"]) for row in rows(database)} == {("", "")}
    dollars = rows(database, currency="USD")
    assert {(row["Montantdevise"], row["Idevise"], row["Debit"] or row["Credit"]) for row in dollars} <= {
        ("5,00", "USD", "5,00"),
        ("5,00", "USD", "0,00"),
    }
    assert len(dollars) == 2


def test_every_kind_of_account_and_column_has_its_place() -> None:
    assert set(OPERATORS) == set(LedgerKind)
    assert accounting_exports.COLUMNS[:18] == tuple(
        "JournalCode JournalLib EcritureNum EcritureDate CompteNum CompteLib CompAuxNum CompAuxLib PieceRef PieceDate "
        "EcritureLib Debit Credit EcritureLet DateLet ValidDate Montantdevise Idevise".split()
    )
