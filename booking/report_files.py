"""Files that go with an end report, of the kinds and sizes that messages take too (`booking.attachments`).

They prove what was done and stay with the contract. A report that was sent back keeps its files: another one follows.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.personal_data import ACCOUNT
from booking.attachments import Attachment
from booking.models.missions import Mission
from booking.models.reports import Report, ReportFile
from foundation import files
from foundation.errors import NotFound
from foundation.files import StoredFile
from foundation.personal_data import Subject


def add(session: Session, report: Report, given: Sequence[Attachment], *, at: datetime) -> None:
    """Keep the files of a report that is being sent."""
    for place, file in enumerate(given, start=1):
        file_id = files.put(session, file.content, file.media_type, at=at)
        size = len(file.content)
        session.add(ReportFile(report_id=report.id, place=place, name=file.name, size_bytes=size, file_id=file_id))


def of_mission(session: Session, mission_id: str) -> Sequence[ReportFile]:
    """Return the files of all reports of a mission, those of the last one first."""
    joined = select(ReportFile).join(Report, col(Report.id) == col(ReportFile.report_id))
    statement = joined.where(col(Report.mission_id) == mission_id)
    return session.execute(statement.order_by(col(Report.number).desc(), col(ReportFile.place))).scalars().all()


def read(session: Session, mission_id: str, row_id: str) -> tuple[ReportFile, StoredFile]:
    """Return a file of a mission whose reader was asked for already; raise NotFound."""
    row = None if "\0" in row_id else session.get(ReportFile, row_id)
    if row is None or session.get_one(Report, row.report_id).mission_id != mission_id:
        raise NotFound("there is no such file")
    return row, files.get(session, row.file_id)


def files_of(session: Session, subject: Subject) -> Iterator[tuple[str, bytes]]:
    """Yield the files that somebody sent with reports, under names that tell of which mission they are."""
    sent = select(ReportFile, Report, Mission).join(Report, col(Report.id) == col(ReportFile.report_id))
    statement = sent.join(Mission, col(Mission.id) == col(Report.mission_id)).where(
        col(Report.sent_by).in_(subject.of(ACCOUNT))
    )
    for row, report, mission in session.execute(statement.order_by(col(ReportFile.id))).all():
        file = session.get_one(StoredFile, row.file_id)
        yield f"end-reports/{mission.number}-{report.number}-{row.place}-{row.name}", file.content
        session.expunge(file)
