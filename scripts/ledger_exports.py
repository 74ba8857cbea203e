"""`portulan ledger export`: entries for accountants."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from billing import accounting_entries, accounting_exports, statement_periods
from billing.accounting_entries import Book
from billing.statements import Side
from foundation import spreadsheets
from foundation.errors import Fault, Invalid
from scripts import databases


def export(
    period: Annotated[str, typer.Argument(help="A month such as 2026-11, or a year such as 2026.")],
    expert: Annotated[str, typer.Option(help="An expert's id: their book. Without: the operator's.")] = "",
    client: Annotated[str, typer.Option(help="A client's id: their book.")] = "",
    currency: Annotated[str, typer.Option(help="A file holds one currency.")] = accounting_exports.EURO,
    out: Annotated[Path | None, typer.Option(help="Where to write it; standard output without.")] = None,
) -> None:
    """Write entries for accountants as CSV, with the columns of the French file of entries (FEC)."""
    if expert and client:
        raise Invalid([Fault("client", "two_books", "a file is the book of an expert or of a client, not of both")])
    book = Book(Side.EXPERT, expert) if expert else Book(Side.CLIENT, client) if client else Book()
    wanted = statement_periods.read(period)
    database = databases.opened()
    with database.reading() as session:
        known = accounting_entries.currencies(session, book)
        if currency not in {*known, accounting_exports.EURO}:
            reason = f"nothing is booked in {currency!r}: known are {', '.join(known) or 'none'}"
            raise Invalid([Fault("currency", "no_currency", reason)])
        rows = accounting_exports.rows(session, book, wanted, currency)
        content = spreadsheets.write(rows, accounting_exports.DELIMITER)
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        out.write_bytes(content)
