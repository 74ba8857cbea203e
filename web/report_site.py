"""The addresses of end reports with their files: the expert sends them, both sides read them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from booking import attachments, missions, report_files, reports
from booking.attachments import Attachment, Given
from foundation import clock, deadlines, http
from foundation.errors import Fault, Invalid
from web import mission_site, uploads
from web.files_site import LETTER_POLICY, LOOKED_THROUGH_S
from web.mission_site import KINDS, PATH
from web.pages import threads as file_texts
from web.rendering import language_of
from web.sign_ins import required
from web.uploads import Uploads

MOST_FIELDS = 100
"""Outcome and comment of each objective, and the summary."""
router = APIRouter(prefix=PATH, include_in_schema=False)


async def receive(request: Request) -> Uploads:
    """Receive the report with its files."""
    most_bytes = attachments.MOST_BYTES_TOGETHER + uploads.AROUND_BYTES
    return await uploads.receive_several(
        request, attachments.FIELD, attachments.MOST_FILES, most_bytes, most_fields=MOST_FIELDS
    )


@router.post("/{mission_id}/report")
def send(request: Request, mission_id: str, sent: Annotated[Uploads, Depends(receive)]) -> Response:
    """Send the end report."""
    who, language, form = required(request, *KINDS), language_of(request), sent.fields
    with deadlines.within(LOOKED_THROUGH_S):
        files, fault = _checked(request, sent)

        def work(session: Session) -> None:
            reports.send(session, who, mission_id, form, language, files=files, at=clock.now())
            if fault:  # Last, so that whatever else is wrong is said as well.
                raise Invalid([fault])

        return mission_site.act(request, mission_id, "reported", work, form)


@router.get("/{mission_id}/files/{report_file_id}")
def read_file(request: Request, mission_id: str, report_file_id: str) -> Response:
    """Send a file of a report to one of the sides."""
    who = required(request, *KINDS)
    with request.app.state.database.reading() as session:
        mission, _ = missions.get(session, who, mission_id)
        row, file = report_files.read(session, mission.id, report_file_id)
    headers = {
        "Content-Disposition": http.as_download(row.name),
        "Content-Security-Policy": LETTER_POLICY,
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


def _checked(request: Request, sent: Uploads) -> tuple[tuple[Attachment, ...], Fault | None]:
    """Return the files as they are kept, or what is wrong with them in words."""
    try:
        if sent.is_too_large:
            raise attachments.refused("too_large_together")
        return attachments.check([Given(name, content) for name, content in sent.files]), None
    except Invalid as error:
        said = file_texts.faults_in(error, language_of(request))[attachments.FIELD]
        return (), Fault(attachments.FIELD, error.faults[0].code, said)
