"""Files that go with messages: a few kinds, told by what is in them, sent on as they came and only to be downloaded."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import puremagic

from foundation.errors import Fault, Invalid

FIELD = "files"
MOST_FILES = 5
MOST_BYTES = 10_000_000
MOST_BYTES_TOGETHER = 25_000_000
"""What mail servers take too, once it is written in letters."""
LONGEST_NAME = 120
_PDF, _PNG, _JPEG = "application/pdf", "image/png", "image/jpeg"
_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS = {
    ".pdf": _PDF,
    ".png": _PNG,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".txt": "text/plain",
}
"""The media type that each ending stands for; the content has to be of it."""
_BEGINNINGS = {_PDF: b"%PDF-", _PNG: b"\x89PNG\r\n\x1a\n", _JPEG: b"\xff\xd8\xff"}
_INSIDE = {".docx": "word/document.xml", ".xlsx": "xl/workbook.xml"}
_TEXT_CONTROLS = frozenset("\t\n\r\f")
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
"""Signs that turn the direction of what follows, with which `exe.pdf` can be made to look harmless."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file as somebody sends it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that may be kept."""

    name: str
    media_type: str
    content: bytes


def check(given: Sequence[Given]) -> tuple[Attachment, ...]:
    """Return files as they are kept; raise Invalid with the first reason against them. Not for a transaction."""
    found = [file for file in given if file.content or file.name]
    if len(found) > MOST_FILES:
        raise refused("too_many_files")
    if sum(len(file.content) for file in found) > MOST_BYTES_TOGETHER:
        raise refused("too_large_together")
    return tuple(check_one(file) for file in found)


def check_one(given: Given) -> Attachment:
    """Return a file as it is kept; raise Invalid. A fault's message is the file's name."""
    name = read_name(given.name)
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if not given.content:
        raise refused("empty_file", name)
    if len(given.content) > MOST_BYTES:
        raise refused("too_large", name)
    media_type = KINDS.get(ending)
    if media_type is None or not _is_of_kind(given.content, ending, media_type):
        raise refused("kind_not_taken", name)
    return Attachment(name, media_type, given.content)


def read_name(given: str) -> str:
    """Return a file's name without folders, signs that deceive, or more than its length allows."""
    last = given.replace("\\", "/").rpartition("/")[2]
    shown = "".join(sign for sign in last if sign.isprintable() and sign not in _TURNING and sign not in '"<>|:*?')
    name = " ".join(shown.split()).lstrip(".") or "file"
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}{dot}{ending}" if dot and len(ending) < 10 else name[:LONGEST_NAME]


def refused(code: str, name: str = "") -> Invalid:
    """Return what is raised for a file that is not taken."""
    return Invalid([Fault(FIELD, code, name)])


def _is_of_kind(content: bytes, ending: str, media_type: str) -> bool:
    if ending in _INSIDE:
        return _is_office_file(content, _INSIDE[ending])
    if ending in {".csv", ".txt"}:
        return _is_text(content)
    # What begins as something else may be read as that, whatever stands further in.
    return content.startswith(_BEGINNINGS[media_type]) and puremagic.from_string(content, mime=True) == media_type


def _is_office_file(content: bytes, inside: str) -> bool:
    """Tell whether a file is a document without macros; nothing of it is unpacked."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = {name.lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return False
    has_macros = any(name.endswith("vbaproject.bin") or "activex" in name for name in names)
    return {inside, "[content_types].xml"} <= names and not has_macros


def _is_text(content: bytes) -> bool:
    for encoding in ("utf-8-sig", "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return all(sign in _TEXT_CONTROLS or sign >= " " for sign in text)
    return False
