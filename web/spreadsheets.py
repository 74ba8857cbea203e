"""Tables to download as CSV, which spreadsheet programs open."""

import csv
import io
from collections.abc import Iterable, Sequence

from fastapi.responses import Response

from foundation.i18n import Language

_FORMULA = ("=", "+", "-", "@")
_BEFORE_FORMULA = ("\t", "\r")
"""What makes a spreadsheet take a cell for a formula, after spaces too (OWASP, CSV injection)."""


def answer(name: str, rows: Iterable[Sequence[object]], language: Language) -> Response:
    """Return rows as a file to download; French spreadsheets expect semicolons."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    # The mark in front tells spreadsheets that the letters are UTF-8.
    content = f"\ufeff{text.getvalue()}".encode()
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def safe(cell: object) -> object:
    """Return a cell that no spreadsheet runs: a text that looks like a formula gets an apostrophe in front."""
    if isinstance(cell, str) and (cell.startswith(_BEFORE_FORMULA) or cell.lstrip().startswith(_FORMULA)):
        return f"'{cell}"
    return cell
