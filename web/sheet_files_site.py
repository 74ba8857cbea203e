"""The addresses of mission sheets' files: adding and removing for a client, reading for both sides."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from accounts.models.accounts import AccountKind
from booking import attachments, ndas, offers, sheet_files, sheets
from booking.attachments import Attachment, Given
from booking.models.sheets import SheetFile
from foundation import clock, deadlines, http
from foundation.errors import Fault, Invalid, NotFound
from foundation.files import StoredFile
from web import forms, sheet_drafts, sheet_site, sign_ins, uploads
from web.files_site import LETTER_POLICY, LOOKED_THROUGH_S
from web.sheet_site import CLIENTS, PATH, database
from web.uploads import Uploads

router = APIRouter(include_in_schema=False)


async def receive(request: Request) -> Uploads:
    """Receive the form with files."""
    most_bytes = attachments.MOST_BYTES_TOGETHER
    return await uploads.receive_several(request, attachments.FIELD, attachments.MOST_FILES, most_bytes)


@router.post(f"{PATH}/{{sheet_id}}/files")
def send(request: Request, sheet_id: str, sent: Annotated[Uploads, Depends(receive)]) -> Response:
    """Add files to a sheet."""
    who = sign_ins.required(request, *CLIENTS)
    author = sheets.author(who)
    try:
        with deadlines.within(LOOKED_THROUGH_S):
            checked = _checked(sent)
            with database(request).writing() as session:
                sheet = sheets.take(session, author.owner, sheet_id)
                sheet_files.add(session, sheet, checked, who.actor, at=clock.now())
    except Invalid as error:
        return sheet_site.sheet_page(request, sheet_id, error.faults, status=422)
    return forms.lead_on(f"{PATH}/{sheet_id}", done="files")


@router.post(f"{PATH}/{{sheet_id}}/files/{{sheet_file_id}}/remove")
def remove(request: Request, sheet_id: str, sheet_file_id: str) -> Response:
    """Delete a file."""
    who = sign_ins.required(request, *CLIENTS)
    with database(request).writing() as session:
        sheet = sheets.take(session, sheets.author(who).owner, sheet_id)
        sheet_files.remove(session, sheet, sheet_file_id, who.actor, at=clock.now())
    return forms.lead_on(f"{PATH}/{sheet_id}", done="file_removed")


@router.get(f"{PATH}/{{sheet_id}}/files/{{sheet_file_id}}")
def read(request: Request, sheet_id: str, sheet_file_id: str) -> Response:
    """Send a file of the client's own sheet."""
    with database(request).reading() as session:
        sheet = sheets.get(session, sheet_drafts.reader_of(request), sheet_id)
        row, file = sheet_files.read(session, sheet.id, sheet_file_id)
    return _download(row, file)


@router.get("/offers/{offer_id}/files/{sheet_file_id}")
def read_offered(request: Request, offer_id: str, sheet_file_id: str) -> Response:
    """Send a file of a sheet to an expert to whom it was proposed, once what keeps it confidential is accepted."""
    who = sign_ins.required(request, AccountKind.EXPERT)
    with database(request).reading() as session:
        offer, sheet = offers.get(session, who.expert_id or "", offer_id)
        if not ndas.may_read(session, sheet, offer.expert_id):
            raise NotFound("the agreement has to be accepted first")
        row, file = sheet_files.read(session, sheet.id, sheet_file_id)
    return _download(row, file)


def _checked(sent: Uploads) -> tuple[Attachment, ...]:
    if sent.is_too_large:
        raise attachments.refused("too_large_together")
    if not sent.files:
        raise Invalid([Fault(attachments.FIELD, "no_file", "")])
    return attachments.check([Given(name, content) for name, content in sent.files])


def _download(row: SheetFile, file: StoredFile) -> Response:
    headers = {
        "Content-Disposition": http.as_download(row.name),
        "Content-Security-Policy": LETTER_POLICY,
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)
