"""The addresses of payment requests: to print, to send to accounting, and to pay without an account (mission row S20).

Whoever has the link sees the request and nothing else of the mission, and pays by transfer.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from limits import RateLimitItemPerDay
from sqlalchemy.orm import Session

from accounts.sign_ins import SignedIn
from billing import escrows, payment_links, providers
from billing.models.escrows import Escrow
from billing.payment_links import LinkEnded
from foundation import audits, clock, http, keys, mails
from foundation.database import Database
from foundation.errors import Conflict, Invalid
from foundation.i18n import message, translate
from foundation.mails import Mail
from web import attempts, forms
from web import sign_ins as edge
from web.forms import Form
from web.operator_desk import known
from web.pages import payment_requests as pages
from web.pages.payment_requests import PaymentRequest
from web.payment_site import CLIENTS, PATH, payer_of
from web.rendering import PARIS, language_of, private, render, site_address

OPEN = "/payment-requests"
KEY = "payment links"
MAILS_OF_ONE = RateLimitItemPerDay(30)
"""Payment requests that one client may have mailed a day."""
_TOO_MANY = message("Too many tries with this address. Please wait an hour.")
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(f"{PATH}/{{reference}}/request")
def show(request: Request, reference: str) -> Response:
    """Show the request to the client, with what can be done with it."""
    return _own_page(request, edge.required(request, *CLIENTS), reference, {}, {})


@router.post(f"{PATH}/{{reference}}/request/link")
def make_link(request: Request, reference: str) -> Response:
    """Make a link to it."""
    who = payer_of(request, reference)
    return _act(reference, "linked", lambda: _make(request, who, reference))


@router.post(f"{PATH}/{{reference}}/request/link/end")
def end_link(request: Request, reference: str) -> Response:
    """Take the link back."""
    who = payer_of(request, reference)

    def work() -> None:
        with _database(request).writing() as session:
            payment_links.end(session, who, known(reference), at=clock.now())

    return _act(reference, "link-ended", work)


@router.post(f"{PATH}/{{reference}}/request/mail")
def send(request: Request, reference: str, form: Form) -> Response:
    """Mail it to the company's accounting."""
    who, language = payer_of(request, reference), language_of(request)
    try:
        email = mails.checked_address(form.get("email", ""), language)
        limits: http.Limits = request.app.state.limits
        is_allowed = attempts.may_mail(request, email) and limits.allows(
            MAILS_OF_ONE, "payment request", who.client_id or ""
        )
        if not is_allowed:
            faults = {"email": translate(language, _TOO_MANY)}
            return _own_page(request, who, reference, form, faults, status=429)
        return _act(reference, "mailed", lambda: _send(request, who, reference, email))
    except Invalid as error:
        return _own_page(request, who, reference, form, forms.faults_by_field(error), status=422)


@router.get(f"{OPEN}/{{token}}")
def show_open(request: Request, token: str) -> Response:
    """Show it to whoever has the link."""
    language = language_of(request)
    try:
        with _database(request).reading() as session:
            _, context = _read(request, session, payment_links.find(session, token, at=clock.now()))
    except LinkEnded:
        return private(render(request, "payments/request_ended.html", language, {}, status=404))
    return private(render(request, "payments/request.html", language, {**context, "is_open": True}))


def _own_page(
    request: Request, who: SignedIn, reference: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    at, key = clock.now(), _key(request)
    with _database(request).reading() as session:
        escrow = escrows.for_payer(session, who, known(reference))
        found, context = _read(request, session, escrow)
        link = payment_links.current(session, escrow, at=at) if escrows.may_pay(who) else None
    context |= {
        "is_open": False,
        "may_pay": escrows.may_pay(who),
        "link": f"{site_address(request)}{OPEN}/{payment_links.token_of(link.id, key)}" if link else None,
        "link_ends_at": link.ends_at if link else None,
        "form": {"email": found.payer.billing_email or "", **form},
        "faults": faults,
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "payments/request.html", language_of(request), context, status=status))


def _read(request: Request, session: Session, escrow: Escrow) -> tuple[PaymentRequest, dict[str, Any]]:
    provider = providers.choose(_database(request), request.app.state.settings)
    today = clock.now().astimezone(PARIS).date()
    found = pages.read(session, escrow, provider, today=today)
    operator = request.app.state.settings.operator
    shared = {"is_sandbox": provider.is_sandbox, "operator": operator, "is_due": found.amounts.missing > 0}
    return found, pages.context(found, today=today) | shared | {"state": escrow.state}


def _make(request: Request, who: SignedIn, reference: str) -> str:
    with _database(request).writing() as session:
        return payment_links.make(session, who, known(reference), key=_key(request), at=clock.now())


def _send(request: Request, who: SignedIn, reference: str, email: str) -> None:
    at, language = clock.now(), language_of(request)
    provider, today = providers.choose(_database(request), request.app.state.settings), at.astimezone(PARIS).date()
    with _database(request).writing() as session:
        token = payment_links.make(session, who, known(reference), key=_key(request), at=at)
        escrow = escrows.for_payer(session, who, reference)
        found = pages.read(session, escrow, provider, today=today)
        mail = Mail(email, language, "payment_request", values_of(found, who.name, token))
        mails.write(session, mail, key=f"payment_request {escrow.id} {email} {at.isoformat()}", at=at)
        # Whom it went to is in the mail's row, for a month: the log holds nothing personal.
        audits.record(session, who.actor, "payment_request_mailed", escrows.KIND, escrow.id, at=at)


def values_of(found: PaymentRequest, sent_by: str, token: str) -> dict[str, Any]:
    """Return what the mail says."""
    return {
        "sent_by": sent_by,
        "company": found.payer.name,
        "number": found.number,
        "title": found.title,
        "order_number": found.order_number,
        "cents": found.amounts.missing,
        "currency": found.currency,
        "due_on": None if found.is_on_receipt else found.due_on,
        "token": token,
        "lasts_minutes": int(payment_links.LASTS.total_seconds()) // 60,
    }


def _act(reference: str, done: str, work: Callable[[], object]) -> Response:
    path = f"{PATH}/{reference}/request"
    try:
        work()
    except Conflict:
        return forms.lead_on(path, done="overtaken")
    return forms.lead_on(path, done=done)


def _key(request: Request) -> bytes:
    return keys.derived(request.app.state.settings, KEY)


def _database(request: Request) -> Database:
    return request.app.state.database
