"""What papers hold of people, for exports and erasure; part of `booking.personal_data`."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.personal_data import ACCOUNT, EXPERT
from booking.models.papers import OtherClients, WorkPaper
from foundation import files
from foundation.files import StoredFile
from foundation.personal_data import Erasure, Holding, Subject

_STATED = "a company was told this, and may have to prove it as long as its contract counts"

HOLDINGS = (
    Holding(WorkPaper, "expert_id", EXPERT, Erasure.BY_USE_CASE, "papers", secret=frozenset({"file_id"})),
    Holding(OtherClients, "expert_id", EXPERT, Erasure.KEPT, "other-clients", _STATED),
    Holding(OtherClients, "account_id", ACCOUNT, Erasure.KEPT, "other-clients", _STATED),
)


def files_of(session: Session, subject: Subject) -> Iterator[tuple[str, bytes]]:
    """Yield the files of somebody's papers, under names that tell what they are."""
    for paper in _of(session, subject):
        file = session.get_one(StoredFile, paper.file_id)
        yield f"papers/{paper.kind}.{file.media_type.rpartition('/')[2]}", file.content
        session.expunge(file)


def forget(session: Session, subject: Subject) -> None:
    """Delete somebody's papers with their files; companies keep the copies that they took."""
    for paper in _of(session, subject):
        session.delete(paper)
        session.flush()
        files.forget(session, paper.file_id)


def _of(session: Session, subject: Subject) -> list[WorkPaper]:
    statement = select(WorkPaper).where(col(WorkPaper.expert_id).in_(subject.of(EXPERT)))
    return list(session.execute(statement.order_by(col(WorkPaper.expert_id), col(WorkPaper.kind))).scalars())
