"""Files that people send, kept in the database: in one transaction with what they belong to, for every process.

Nothing here looks into a file: whoever puts one has checked what it is.
"""

import hashlib
from datetime import datetime
from uuid import uuid4

from sqlalchemy import CheckConstraint, LargeBinary, delete
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from foundation.errors import NotFound
from foundation.types import Instant


class StoredFile(SQLModel, table=True):
    """The bytes of a file, never changed: another content is another file."""

    __tablename__ = "stored_files"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint("size_bytes > 0", name="files_hold_something"),)

    id: str = Field(primary_key=True, default_factory=lambda: str(uuid4()))
    content: bytes = Field(sa_type=LargeBinary)
    media_type: str
    size_bytes: int
    sha256: str
    stored_at: datetime = Field(sa_type=Instant)


def put(session: Session, content: bytes, media_type: str, *, at: datetime) -> str:
    """Keep a file in the caller's transaction; return its id, which nobody can guess."""
    file = StoredFile(
        content=content,
        media_type=media_type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        stored_at=at,
    )
    session.add(file)
    session.flush()
    return file.id


def get(session: Session, file_id: str) -> StoredFile:
    """Return a file; raise NotFound."""
    found = None if "\0" in file_id else session.get(StoredFile, file_id)
    if found is None:
        raise NotFound("there is no such file")
    return found


def forget(session: Session, *file_ids: str) -> None:
    """Delete files; what is gone already is no fault."""
    if file_ids:
        session.execute(delete(StoredFile).where(col(StoredFile.id).in_(file_ids)))
