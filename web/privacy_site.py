"""The addresses at which somebody takes their data along, or has it erased."""

from collections.abc import Iterator
from typing import IO, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from accounts import accounts, passwords, personal_data
from accounts.models.accounts import Account
from accounts.sign_ins import SignedIn
from foundation import audits, clock, deadlines
from foundation.database import Database
from foundation.errors import Conflict
from foundation.i18n import message, translate
from web import arrivals, attempts, forms, privacy
from web import sign_ins as edge
from web.forms import Form
from web.pages import departures as privacy_pages
from web.rendering import language_of, private, render

PATH = "/account"
CHUNK_BYTES = 64 << 10
DONE_WITHIN_S = 30.0
"""Longer than other answers may take: searches of three months are gone through for a name."""
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/export")
def show_export(request: Request) -> Response:
    """Say what an export holds, and ask for the password."""
    edge.required(request)
    return _page(request, "account/export.html", {})


@router.post("/export")
def export(request: Request, form: Form) -> Response:
    """Send everything that is held of somebody as one file, for who knows the password."""
    who, at = edge.required(request), clock.now()
    if fault := _fault(request, who, form):
        return _page(request, "account/export.html", {"password": fault[1]}, status=fault[0])
    with deadlines.within(DONE_WITHIN_S):
        archive = privacy.export(_database(request), who.account_id, language_of(request), at=at)
    with _database(request).writing() as session:
        audits.record(session, who.actor, "exported", accounts.KIND, who.account_id, at=at)
    headers = {
        "Content-Disposition": f'attachment; filename="portulan-{at:%Y-%m-%d}.zip"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_pieces(archive), media_type="application/zip", headers=headers)


@router.get("/erase")
def show_erase(request: Request) -> Response:
    """Say what goes and what stays, and ask for the password."""
    return _erase_page(request, edge.required(request), {})


@router.post("/erase")
def erase(request: Request, form: Form) -> Response:
    """Erase somebody who knows the password, at once."""
    who = edge.required(request)
    if fault := _fault(request, who, form):
        return _erase_page(request, who, {"password": fault[1]}, status=fault[0])
    try:
        with deadlines.within(DONE_WITHIN_S):
            _database(request).write(lambda session: privacy.erase(session, who.account_id, at=clock.now()))
    except Conflict:
        return _erase_page(request, who, {}, status=409)
    response = forms.lead_on(f"{PATH}/erased")
    edge.forget(request, response)
    return response


@router.get("/erased")
def show_erased(request: Request) -> Response:
    """Say that it is done, to who is nobody here any more."""
    return _page(request, "account/erased.html", {})


def _erase_page(request: Request, who: SignedIn, faults: dict[str, str], *, status: int = 200) -> Response:
    with _database(request).reading() as session:
        found = privacy.unfinished_of(session, who.account_id)
        ends_first = privacy_pages.unfinished(found, language_of(request))
        try:
            goes = personal_data.clients_that_go(session, who.account_id)
            must_hand_over = False
        except Conflict:
            goes, must_hand_over = frozenset[str](), True
    context = {
        "who": who,
        "takes_company": bool(goes),
        "must_hand_over": must_hand_over,
        "ends_first": ends_first,
    }
    return _page(request, "account/erase.html", faults, status=status, **context)


def _page(request: Request, template: str, faults: dict[str, str], *, status: int = 200, **context: Any) -> Response:
    shown = {"form": {}, "faults": faults, **context}
    return private(render(request, template, language_of(request), shown, status=status))


def _fault(request: Request, who: SignedIn, form: dict[str, str]) -> tuple[int, str] | None:
    """Return status and sentence unless the password is right."""
    language = language_of(request)
    if not attempts.may_guess(request, who.email):
        return 429, translate(language, arrivals.TOO_OFTEN)
    with _database(request).reading() as session:
        account = session.get(Account, who.account_id)
    if not passwords.matches(form.get("password", ""), account.password_hash if account else None):
        return 422, translate(language, message("This is not your present password."))
    return None


def _pieces(archive: IO[bytes]) -> Iterator[bytes]:
    with archive:
        while piece := archive.read(CHUNK_BYTES):
            yield piece


def _database(request: Request) -> Database:
    return request.app.state.database
