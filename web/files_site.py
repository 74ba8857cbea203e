"""The addresses of portraits and reference letters: sending, changing and removing one's own, and reading them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from accounts import letters, portraits
from accounts.models.accounts import AccountKind
from accounts.portraits import Portrait
from foundation import clock, deadlines
from foundation.database import Database
from foundation.errors import Fault, Invalid
from web import sign_ins, space_site, uploads
from web.forms import Form
from web.pages.spaces import Refused
from web.space_site import PROFILE, Owner, owner_of
from web.uploads import Upload

PORTRAIT_KEPT = "public, max-age=2592000, immutable"
"""A new portrait has a new address; one that was removed is gone from browsers after a month at the latest."""
LOOKED_THROUGH_S = 10.0
"""What decoding and looking through a file may take on a busy machine: somebody who sends one waits anyway."""
LETTER_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
router = APIRouter(include_in_schema=False)


async def receive_portrait(request: Request) -> Upload:
    """Receive the form of a portrait."""
    return await uploads.receive(request, "portrait", portraits.MOST_BYTES)


async def receive_letter(request: Request) -> Upload:
    """Receive the form of a letter."""
    return await uploads.receive(request, "letter", letters.MOST_BYTES)


@router.post(f"{PROFILE}/portrait")
def send_portrait(request: Request, upload: Annotated[Upload, Depends(receive_portrait)]) -> Response:
    """Take a new portrait."""
    owner = owner_of(request)
    with deadlines.within(LOOKED_THROUGH_S):
        try:
            portrait = _portrait(upload)
        except Invalid as error:
            return _refused(request, owner, {}, error)
        with _database(request).writing() as session:
            portraits.put(session, owner.expert_id, portrait, actor=owner.signed_in.actor, at=clock.now())
    return _done()


@router.post(f"{PROFILE}/portrait/remove")
def remove_portrait(request: Request) -> Response:
    """Delete the portrait."""
    owner = owner_of(request)
    with _database(request).writing() as session:
        portraits.remove(session, owner.expert_id, actor=owner.signed_in.actor, at=clock.now())
    return _done()


@router.get("/portraits/{portrait}-{size_px:int}")
def show_portrait(request: Request, portrait: str, size_px: int) -> Response:
    """Show a portrait in one of its sizes."""
    reader = sign_ins.current(request)
    with _database(request).reading() as session:
        file, is_public = portraits.read(
            session, portrait, size_px, reader_expert_id=reader.expert_id if reader else None
        )
    kept = PORTRAIT_KEPT if is_public else "private, no-store"
    return Response(file.content, media_type=file.media_type, headers={"Cache-Control": kept})


@router.post(f"{PROFILE}/letters")
def send_letter(request: Request, upload: Annotated[Upload, Depends(receive_letter)]) -> Response:
    """Take a letter."""
    owner = owner_of(request)
    with deadlines.within(LOOKED_THROUGH_S):
        try:
            _add_letter(request, owner, upload)
        except Invalid as error:
            return _refused(request, owner, {"letter_title": upload.fields.get("letter_title", "")}, error)
    return _done("#letters")


@router.post(f"{PROFILE}/letters/{{letter_id}}")
def change_letter(request: Request, letter_id: str, form: Form) -> Response:
    """Show a letter on the profile, or keep it private; name it otherwise."""
    owner = owner_of(request)
    with _database(request).writing() as session:
        letters.change(
            session,
            owner.expert_id,
            letter_id,
            form.get("title", ""),
            is_shown=bool(form.get("is_shown")),
            actor=owner.signed_in.actor,
            at=clock.now(),
        )
    return _done("#letters")


@router.post(f"{PROFILE}/letters/{{letter_id}}/remove")
def remove_letter(request: Request, letter_id: str) -> Response:
    """Delete a letter."""
    owner = owner_of(request)
    with _database(request).writing() as session:
        letters.remove(session, owner.expert_id, letter_id, actor=owner.signed_in.actor, at=clock.now())
    return _done("#letters")


@router.get("/letters/{letter_id}")
def read_letter(request: Request, letter_id: str) -> Response:
    """Send a letter as a download."""
    reader = sign_ins.current(request)
    with _database(request).reading() as session:
        letter, file = letters.read(
            session,
            letter_id,
            reader_expert_id=reader.expert_id if reader else None,
            is_operator=reader is not None and reader.kind is AccountKind.OPERATOR and reader.may_act,
        )
    headers = {
        "Content-Disposition": f'attachment; filename="letter-{letter.place}.pdf"',
        "Content-Security-Policy": LETTER_POLICY,
        "Cache-Control": "private, no-store",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


def _portrait(upload: Upload) -> Portrait:
    if upload.is_too_large:
        raise Invalid([Fault("portrait", "too_large", "")])
    return portraits.make(upload.content)


def _add_letter(request: Request, owner: Owner, upload: Upload) -> None:
    if upload.is_too_large:
        raise Invalid([Fault("letter", "too_large", "")])
    title = letters.checked_title(upload.fields.get("letter_title", ""))
    checked = letters.check(upload.content)
    is_shown = bool(upload.fields.get("is_shown"))
    actor, at = owner.signed_in.actor, clock.now()
    with _database(request).writing() as session:
        letters.add(session, owner.expert_id, checked, title, is_shown=is_shown, actor=actor, at=at)


def _refused(request: Request, owner: Owner, form: dict[str, str], error: Invalid) -> Response:
    return space_site.profile_page(request, owner, refused=Refused(form, error.faults), status=422)


def _done(anchor: str = "") -> RedirectResponse:
    return RedirectResponse(f"{PROFILE}?saved=yes{anchor}", status_code=303)


def _database(request: Request) -> Database:
    return request.app.state.database
