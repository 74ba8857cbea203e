"""Files of mission sheets, for exports and erasure: bytes that nothing would point to any more."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.personal_data import CLIENT
from booking import sheet_files
from booking.models.sheets import Sheet
from foundation.files import StoredFile
from foundation.personal_data import Subject


def files_of(session: Session, subject: Subject) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a client's sheets, under names that tell which sheet they belong to."""
    for sheet_id in _sheets_of(session, subject):
        for row in sheet_files.of(session, sheet_id):
            file = session.get_one(StoredFile, row.file_id)
            yield f"mission-sheets/{sheet_id}/{row.place}-{row.name}", file.content
            session.expunge(file)


def forget(session: Session, subject: Subject) -> None:
    """Delete the files of a client's sheets, which are about to go."""
    sheet_files.forget_of(session, _sheets_of(session, subject))


def _sheets_of(session: Session, subject: Subject) -> list[str]:
    statement = select(col(Sheet.id)).where(col(Sheet.client_id).in_(subject.of(CLIENT))).order_by(col(Sheet.id))
    return list(session.execute(statement).scalars())
