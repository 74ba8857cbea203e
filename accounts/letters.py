"""Reference letters: up to three PDFs by clients (mission row S7), private or shown on the profile.

A letter is looked through outside any transaction and sent on as it came, as a download that no browser opens in a
page of ours: rewriting a PDF would change a document that somebody signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import puremagic
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import experts
from accounts.models.experts import Expert
from accounts.models.profiles import MAX_LETTERS, ReferenceLetter
from foundation import audits, files
from foundation.audits import Actor
from foundation.errors import Fault, Invalid, NotFound
from foundation.files import StoredFile

MOST_BYTES = 3_000_000
MOST_PAGES = 10
LONGEST_TITLE = 120
MEDIA_TYPE = "application/pdf"
_ACTIVE = frozenset(
    {
        "/JavaScript",
        "/JS",
        "/Launch",
        "/EmbeddedFile",
        "/EmbeddedFiles",
        "/RichMedia",
        "/SubmitForm",
        "/ImportData",
        "/GoToE",
        "/XFA",
    }
)
"""Names in a PDF that run, send or carry something (ISO 32000-2 §12.6.4, §7.11.4)."""
_MOST_OBJECTS = 20_000


@dataclass(frozen=True, slots=True)
class Checked:
    """A letter that may be kept."""

    content: bytes
    pages: int


def check(content: bytes) -> Checked:
    """Look through what was sent; raise Invalid for all but a short, plain, open PDF. Slow: not in a transaction."""
    if not content:
        raise _refused("no_file")
    if len(content) > MOST_BYTES:
        raise _refused("too_large")
    # A PDF may hide behind other content up to 1,024 bytes in; what begins as something else may be read as that.
    if not content.startswith(b"%PDF-") or puremagic.from_string(content, mime=True) != MEDIA_TYPE:
        raise _refused("no_pdf")
    try:
        reader = PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise _refused("encrypted")
        pages = len(reader.pages)
        if not pages:
            raise _refused("no_pdf")
        if pages > MOST_PAGES:
            raise _refused("too_many_pages")
        if _is_active(reader):
            raise _refused("active_content")
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        OverflowError,
    ) as error:
        raise _refused("no_pdf") from error
    return Checked(content, pages)


def add(
    session: Session, expert_id: str, checked: Checked, title: str, *, is_shown: bool, actor: Actor, at: datetime
) -> ReferenceLetter:
    """Add a letter; raise Invalid where three are there already."""
    experts.take(session, expert_id)
    taken = {letter.place for letter in of(session, expert_id)}
    free = [place for place in range(1, MAX_LETTERS + 1) if place not in taken]
    if not free:
        raise _refused("no_place_left")
    letter = ReferenceLetter(
        expert_id=expert_id,
        place=free[0],
        title=checked_title(title),
        is_shown=is_shown,
        pages=checked.pages,
        file_id=files.put(session, checked.content, MEDIA_TYPE, at=at),
        added_at=at,
    )
    session.add(letter)
    audits.record(session, actor, "added_letter", "expert", expert_id, at=at, letter=letter.id)
    return letter


def change(
    session: Session, expert_id: str, letter_id: str, title: str, *, is_shown: bool, actor: Actor, at: datetime
) -> None:
    """Name a letter otherwise, show it or not; raise NotFound for another's."""
    letter = _own(session, expert_id, letter_id)
    letter.title, letter.is_shown = checked_title(title), is_shown
    session.add(letter)
    audits.record(session, actor, "changed_letter", "expert", expert_id, at=at, letter=letter.id, is_shown=is_shown)


def remove(session: Session, expert_id: str, letter_id: str, *, actor: Actor, at: datetime) -> None:
    """Delete a letter with its file; raise NotFound for another's."""
    letter = _own(session, expert_id, letter_id)
    session.delete(letter)
    session.flush()
    files.forget(session, letter.file_id)
    audits.record(session, actor, "removed_letter", "expert", expert_id, at=at, letter=letter_id)


def of(session: Session, expert_id: str, *, only_shown: bool = False) -> Sequence[ReferenceLetter]:
    """Return an expert's letters in their order."""
    statement = select(ReferenceLetter).where(col(ReferenceLetter.expert_id) == expert_id)
    if only_shown:
        statement = statement.where(col(ReferenceLetter.is_shown).is_(True))
    return session.execute(statement.order_by(col(ReferenceLetter.place))).scalars().all()


def read(
    session: Session, letter_id: str, *, reader_expert_id: str | None, is_operator: bool
) -> tuple[ReferenceLetter, StoredFile]:
    """Return a letter for a reader; raise NotFound for one that this reader may not see.

    One that is shown is seen as long as the profile is.
    """
    statement = (
        select(ReferenceLetter, Expert)
        .join(Expert, col(Expert.id) == col(ReferenceLetter.expert_id))
        .where(col(ReferenceLetter.id) == letter_id)
    )
    row = None if "\0" in letter_id else session.execute(statement).one_or_none()
    if row is not None:
        letter, expert = row
        if is_operator or expert.id == reader_expert_id or (letter.is_shown and expert.is_shown):
            return letter, files.get(session, letter.file_id)
    raise NotFound("there is no such letter")


def checked_title(title: str) -> str:
    """Return a letter's title on one line; raise Invalid for none or a long one."""
    line = " ".join(title.split())
    if not line or not line.isprintable():
        raise Invalid([Fault("letter_title", "missing", "")])
    if len(line) > LONGEST_TITLE:
        raise Invalid([Fault("letter_title", "string_too_long", "")])
    return line


def _own(session: Session, expert_id: str, letter_id: str) -> ReferenceLetter:
    statement = select(ReferenceLetter).where(
        col(ReferenceLetter.id) == letter_id, col(ReferenceLetter.expert_id) == expert_id
    )
    letter = None if "\0" in letter_id else session.execute(statement.with_for_update()).scalar_one_or_none()
    if letter is None:
        raise NotFound("there is no such letter")
    return letter


def _refused(code: str) -> Invalid:
    return Invalid([Fault("letter", code, "")])


def _is_active(reader: PdfReader) -> bool:
    """Tell whether any object holds what runs or opens something; objects are walked one by one, whoever uses them."""
    numbers = {number for table in reader.xref.values() for number in table} | set(reader.xref_objStm)
    if len(numbers) > _MOST_OBJECTS:
        return True
    generations = {number: generation for generation, table in reader.xref.items() for number in table}
    pending: list[Any] = [reader.trailer]
    pending += [IndirectObject(number, generations.get(number, 0), reader).get_object() for number in numbers]
    while pending:
        item = pending.pop()
        if isinstance(item, DictionaryObject):
            values = [str(value) for value in item.values() if isinstance(value, str)]
            if _ACTIVE.intersection(item) or (_ACTIVE.intersection(values)):
                return True
            pending.extend(value for value in dict.values(item) if isinstance(value, DictionaryObject | ArrayObject))
        elif isinstance(item, ArrayObject):
            pending.extend(value for value in list.__iter__(item) if isinstance(value, DictionaryObject | ArrayObject))
    return False
