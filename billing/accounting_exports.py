"""Entries as a table for accountants, with the columns of the French file of entries (FEC).

Columns 1 to 18 are those of article A47 A-1 of the Livre des procédures fiscales; the 19th says which transaction of
the ledger, or which document, is behind an entry. A file holds one currency. Debit and Credit are in it; one that is
not the euro is named in the last columns as well.
"""

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from billing import accounting_entries
from billing.accounting_entries import Book, BookEntry
from billing.accounting_plans import Booking
from billing.statement_periods import Period

EURO = "EUR"
COLUMNS = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
    "Source",
)
DELIMITER = ";"
"""As French spreadsheets expect it, with decimal commas."""


def rows(session: Session, book: Book, period: Period, currency: str = EURO) -> Iterator[list[str]]:
    """Yield the heading and a row for each booking of a period."""
    yield list(COLUMNS)
    found = accounting_entries.of(session, book, period, currency)
    names = accounting_entries.names_of(session, {item.party for entry in found for item in entry.bookings})
    for entry in found:
        for booking in entry.bookings:
            yield _row(entry, booking, names.get(booking.party, ""), currency)


def amount(cents: int) -> str:
    """Return an amount as the file writes it: a decimal comma, two places, no sign."""
    return f"{abs(cents) // 100},{abs(cents) % 100:02}"


def _row(entry: BookEntry, booking: Booking, party_name: str, currency: str) -> list[str]:
    foreign = ["", ""] if currency == EURO else [amount(booking.cents), currency]
    return [
        entry.journal.code,
        entry.journal.label,
        str(entry.number),
        _day(entry.booked_on),
        booking.account.number,
        booking.account.label,
        booking.party,
        party_name,
        entry.piece,
        _day(entry.piece_on),
        entry.text,
        amount(max(booking.cents, 0)),
        amount(min(booking.cents, 0)),
        "",
        "",
        _day(entry.valid_on),
        *foreign,
        entry.source,
    ]


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"
