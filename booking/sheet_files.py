"""Files that go with a mission sheet, of the kinds that messages take too (`booking.attachments`)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from booking import attachments
from booking.attachments import Attachment
from booking.lifecycle import SheetState
from booking.models.sheets import MOST_FILES, Sheet, SheetFile
from foundation import audits, files
from foundation.audits import Actor
from foundation.errors import Conflict, NotFound
from foundation.files import StoredFile

__all__ = ["MOST_FILES", "add", "forget_of", "of", "read", "remove"]


def add(session: Session, sheet: Sheet, given: Sequence[Attachment], actor: Actor, *, at: datetime) -> None:
    """Add files to a client's sheet that was taken; raise Invalid where there is no place for all of them."""
    if sheet.client_id is None or sheet.state == SheetState.CLOSED:
        raise Conflict("files go with a client's open sheet")
    taken = {file.place for file in of(session, sheet.id)}
    free = [place for place in range(1, MOST_FILES + 1) if place not in taken]
    if len(given) > len(free):
        raise attachments.refused("too_many_files")
    for place, file in zip(free, given, strict=False):
        file_id = files.put(session, file.content, file.media_type, at=at)
        size = len(file.content)
        session.add(
            SheetFile(sheet_id=sheet.id, place=place, name=file.name, size_bytes=size, file_id=file_id, added_at=at)
        )
    audits.record(session, actor, "added_files", "sheet", sheet.id, at=at, count=len(given))


def remove(session: Session, sheet: Sheet, row_id: str, actor: Actor, *, at: datetime) -> None:
    """Delete a file of a sheet that was taken; raise NotFound for another's."""
    row = _get(session, sheet.id, row_id)
    session.delete(row)
    session.flush()
    files.forget(session, row.file_id)
    audits.record(session, actor, "removed_file", "sheet", sheet.id, at=at)


def of(session: Session, sheet_id: str) -> Sequence[SheetFile]:
    """Return a sheet's files in their order."""
    statement = select(SheetFile).where(col(SheetFile.sheet_id) == sheet_id).order_by(col(SheetFile.place))
    return session.execute(statement).scalars().all()


def read(session: Session, sheet_id: str, row_id: str) -> tuple[SheetFile, StoredFile]:
    """Return a file of a sheet whose reader was asked for already; raise NotFound."""
    row = _get(session, sheet_id, row_id)
    return row, files.get(session, row.file_id)


def forget_of(session: Session, sheet_ids: Sequence[str]) -> None:
    """Delete all files of some sheets, which are about to go."""
    statement = select(SheetFile).where(col(SheetFile.sheet_id).in_(list(sheet_ids)))
    rows = session.execute(statement).scalars().all()
    for row in rows:
        session.delete(row)
    session.flush()
    files.forget(session, *(row.file_id for row in rows))


def _get(session: Session, sheet_id: str, row_id: str) -> SheetFile:
    row = None if "\0" in row_id else session.get(SheetFile, row_id)
    if row is None or row.sheet_id != sheet_id:
        raise NotFound("there is no such file")
    return row
