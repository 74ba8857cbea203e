"""The addresses where experts, clients and operators find documents of accounting (mission rows S24, S30)."""

from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import platforms
from billing.documents import deliveries, deposits, issues, listings, sendings
from billing.documents.deliveries import CLIENT
from billing.documents.issues import Damaged
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, Unavailable
from web import forms, operator_desk, sign_ins
from web.pages import documents as pages
from web.payment_site import CLIENTS
from web.payment_site import PATH as PAYMENTS
from web.rendering import language_of, private, render

PATH = "/documents"
OWN, CLIENTS_OWN, ALL = f"/my{PATH}", f"{PAYMENTS}{PATH}", f"{operator_desk.PATH}{PATH}"
READERS = (*CLIENTS, AccountKind.EXPERT, AccountKind.OPERATOR)
FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
log = structlog.get_logger(__name__)


@router.get(OWN)
def show_own(request: Request) -> Response:
    """List what was issued for an expert, and to one."""
    who = sign_ins.required(request, AccountKind.EXPERT)
    return private(render(request, "my/documents.html", language_of(request), _context(request, who, OWN)))


@router.get(CLIENTS_OWN)
def show_clients(request: Request) -> Response:
    """List a client's invoices."""
    who = sign_ins.required(request, *CLIENTS)
    context = _context(request, who, CLIENTS_OWN)
    return private(render(request, "payments/documents.html", language_of(request), context))


@router.get(ALL)
def show_all(request: Request) -> Response:
    """List everything that was issued."""
    operator, language = operator_desk.operator(request), language_of(request)
    nothing: dict[str, Any] = {"waiting": (), "missing": (), "put_aside": (), "is_platform_away": False}
    context = nothing | _context(request, operator, ALL)
    if not context["is_filtered"]:
        platform = platforms.choose(request.app.state.settings)
        with _database(request).reading() as session:
            context |= pages.waiting(session, language, platform)
    return operator_desk.page(request, "documents.html", "documents", context)


@router.get(f"{PATH}/{{number}}.pdf")
def download(request: Request, number: str) -> Response:
    """Give a document's file to whom it is for."""
    who = sign_ins.required(request, *READERS)
    with _database(request).reading() as session:
        document = listings.get(session, number, pages.theirs(who))
        try:
            content = issues.file_of(session, document.id)
        except Damaged as error:
            log.error("a document is damaged", number=document.number)  # noqa: TRY400 - its text says it all
            raise Unavailable("this file is damaged: an operator has to bring it back") from error
    headers = {
        "Content-Disposition": f'attachment; filename="{document.number}.pdf"',
        "Content-Security-Policy": FILE_POLICY,
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(content, media_type="application/pdf", headers=headers)


@router.post(f"{PATH}/{{number}}/send")
def send_again(request: Request, number: str) -> Response:
    """Mail a document once more: a client has it sent to itself, who sells or looks after it to both sides."""
    who = sign_ins.required(request, *READERS)
    path = {AccountKind.EXPERT: OWN, AccountKind.OPERATOR: ALL}.get(who.kind, CLIENTS_OWN)
    try:
        with _database(request).writing() as session:
            document = listings.get(session, number, pages.theirs(who))
            parties = [CLIENT] if who.kind in CLIENTS else sendings.parties_of(document)
            sendings.send_again(session, document.id, parties, who.actor, at=clock.now())
    except Conflict:
        return forms.lead_on(path, q=number, done="document-just-sent")
    return forms.lead_on(path, q=number, done="document-sent")


@router.post(f"{ALL}/{{number}}/deposit")
def deposit_again(request: Request, number: str) -> Response:
    """Hand a document to the platform once more, where that went wrong."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with _database(request).writing() as session:
            deposits.queue_again(session, listings.get(session, number).id, operator.actor, at=clock.now())

    return operator_desk.act(ALL, "document-sent", work)


@router.post(f"{ALL}/{{number}}/settle")
def settle(request: Request, number: str) -> Response:
    """Note that an operator has seen to what went wrong with a document."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with _database(request).writing() as session:
            deliveries.settle(session, listings.get(session, number).id, operator.actor, at=clock.now())

    return operator_desk.act(ALL, "looked", work)


def _context(request: Request, who: SignedIn, path: str) -> dict[str, object]:
    wanted = pages.asked(request.query_params, pages.theirs(who))
    with _database(request).reading() as session:
        found = pages.find(session, wanted, language_of(request), has_archive=who.kind is AccountKind.OPERATOR)
    return {**pages.context(found, wanted, path), "done": request.query_params.get("done", "")}


def _database(request: Request) -> Database:
    return request.app.state.database
