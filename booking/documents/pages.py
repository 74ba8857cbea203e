"""The pages of a mission's documents: PDF/A that screen readers follow, the same to the byte whenever they are set."""

import unicodedata
from pathlib import Path
from typing import Any

from booking.documents.contents import Print
from foundation import prints
from foundation.i18n import message, translate

TEMPLATE = Path(__file__).with_name("document.typ")
STANDARDS = ("a-2a", "ua-1")


def render(document: Print) -> bytes:
    """Return the PDF of a document; signs that no font has are replaced, and a note says so."""
    return prints.pdf_of_any(TEMPLATE, _words(document), standards=STANDARDS, at=document.made_at)


def _words(document: Print) -> dict[str, Any]:
    language = document.language
    replaced = message("%(sign)s stands for a sign that can’t be printed here. It is shown on the site.")
    return {
        **document.model_dump(mode="json", exclude={"made_at"}),
        "title": document.title if _is_seen(document.title) else document.number,
        "numbered": translate(language, message("No. %(number)s"), number=document.number),
        "replaced": translate(language, replaced, sign=prints.REPLACEMENT),
    }


def _is_seen(text: str) -> bool:
    """Tell whether a text has a letter, a digit or another sign of its own: a heading needs one."""
    return any(unicodedata.category(sign)[0] in "LNPS" for sign in text)
