"""Files of identity papers: told by what is in them, within the provider's limits, and sealed for the way.

Limits are Mangopay's (docs.mangopay.com, guides/users/verification/documents/submission): PDF, JPEG or PNG, five files
a paper, 10 MB each once they are written in letters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import puremagic
from PIL import Image
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from billing.providers.interface import PaperPage
from foundation import keys
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from foundation.settings import Settings

FIELD = "pages"
PURPOSE = "identity papers"
MOST_FILES = 5
MOST_BYTES = 7_000_000
MOST_BYTES_TOGETHER = 20_000_000
MOST_PIXELS = 50_000_000
LONGEST_NAME = 60
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
_BEGINNINGS = {b"%PDF-": PDF, b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}
_REASONS = {
    "missing": message("Please choose a file."),
    "too_many_files": message("A paper has five files at most."),
    "too_large": message("A file has 7 MB at most, all of them together 20 MB."),
    "no_paper": message("“%(name)s” is no PDF, JPEG or PNG that can be read."),
    "protected": message("“%(name)s” is protected by a password. Please send one that opens without."),
}


@dataclass(frozen=True, slots=True)
class File:
    """A file as somebody sends it."""

    name: str
    content: bytes


def key_of(settings: Settings) -> bytes:
    """Return with what files are sealed: without the installation's key nobody reads them."""
    return keys.derived(settings, PURPOSE)


def check(
    given: Sequence[tuple[str, bytes]], language: Language, *, is_too_large: bool = False
) -> tuple[PaperPage, ...]:
    """Return files as they are sent on; raise Invalid with the first reason against them. Not for a transaction."""
    found = [File(name, content) for name, content in given if content]
    if is_too_large or sum(len(file.content) for file in found) > MOST_BYTES_TOGETHER:
        raise _refused("too_large", language)
    if not found:
        raise _refused("missing", language)
    if len(found) > MOST_FILES:
        raise _refused("too_many_files", language)
    for file in found:
        if len(file.content) > MOST_BYTES:
            raise _refused("too_large", language)
        _look_through(file, language)
    return tuple(PaperPage(_name(file.name), file.content) for file in found)


def media_type(content: bytes) -> str | None:
    """Return what a file is, by how it begins: what begins as something else may be read as that."""
    return next((kind for beginning, kind in _BEGINNINGS.items() if content.startswith(beginning)), None)


def seal(key: bytes, page: PaperPage) -> bytes:
    """Return a file with its name as only this installation can read it."""
    return keys.seal(key, page.name.encode() + b"\0" + page.content)


def unseal(key: bytes, sealed: bytes) -> PaperPage | None:
    """Return a file that was sealed; None where the key is another one by now."""
    opened = keys.unseal(key, sealed)
    if opened is None:
        return None
    name, _, content = opened.partition(b"\0")
    return PaperPage(name.decode(), content)


def _look_through(file: File, language: Language) -> None:
    kind = media_type(file.content)
    try:
        if kind is None or puremagic.from_string(file.content, mime=True) != kind:
            raise _refused("no_paper", language, file.name)
        if kind == PDF:
            reader = PdfReader(BytesIO(file.content), strict=False)
            if reader.is_encrypted:
                raise _refused("protected", language, file.name)
            if not reader.pages:
                raise _refused("no_paper", language, file.name)
        else:
            with Image.open(BytesIO(file.content), formats=("JPEG", "PNG")) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise _refused("too_large", language)
                image.verify()
    except Invalid:
        raise
    except _UNREADABLE as error:
        raise _refused("no_paper", language, file.name) from error


_UNREADABLE = (
    PyPdfError,
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    OverflowError,
    Image.DecompressionBombError,
)
"""What readers of PDFs and images raise for what they can't read."""


def _name(given: str) -> str:
    """Return a file's name without folders and odd signs: the simulated provider goes by it."""
    last = given.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[-LONGEST_NAME:] or "page"


def _refused(code: str, language: Language, name: str = "") -> Invalid:
    return Invalid([Fault(FIELD, code, translate(language, _REASONS[code], name=_name(name)))])
