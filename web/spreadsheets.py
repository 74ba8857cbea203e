"""Tables to download as CSV."""

from collections.abc import Iterable, Sequence

from fastapi.responses import Response

from foundation import spreadsheets
from foundation.i18n import Language

FRENCH, ENGLISH = ";", ","
"""What parts cells: French spreadsheets expect semicolons."""


def answer(name: str, rows: Iterable[Sequence[object]], language: Language) -> Response:
    """Return rows as a file to download."""
    content = spreadsheets.write(rows, FRENCH if language == "fr" else ENGLISH)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
