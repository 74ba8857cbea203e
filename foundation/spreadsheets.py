"""Tables as CSV, which spreadsheet programs open: letters are read as UTF-8, and no text is run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@")
_BEFORE_FORMULA = ("\t", "\r")
"""What makes a spreadsheet take a cell for a formula, after spaces too (OWASP, CSV injection)."""


def write(rows: Iterable[Sequence[object]], delimiter: str) -> bytes:
    """Return rows as a file."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    # The mark in front tells spreadsheets that the letters are UTF-8.
    return f"\ufeff{text.getvalue()}".encode()


def safe(cell: object) -> object:
    """Return a cell that no spreadsheet runs: a text that looks like a formula gets an apostrophe in front."""
    if isinstance(cell, str) and (cell.startswith(_BEFORE_FORMULA) or cell.lstrip().startswith(_FORMULA)):
        return f"'{cell}"
    return cell
