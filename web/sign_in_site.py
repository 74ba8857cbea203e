"""The addresses of signing in and out, of the second factor's code, and of a forgotten password."""

from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import accounts, contacts, credentials, links, passwords, registrations, second_factors, sign_ins
from accounts.links import LinkEnded
from accounts.models.accounts import Account, Purpose
from accounts.sign_ins import SignedIn
from foundation import audits, clock
from foundation.database import Database
from foundation.errors import Invalid
from foundation.i18n import message, translate
from web import arrivals, attempts, forms
from web import sign_ins as edge
from web.forms import Form
from web.rendering import language_of, private, render
from web.sign_up_site import ended

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
log = structlog.get_logger(__name__)
_WRONG = message("Address or password are not right.")


@router.get("/sign-in")
def show_form(request: Request) -> Response:
    """Ask for address and password; lead on who has signed in already."""
    next_path = request.query_params.get("next", "")
    if edge.current(request):
        return forms.lead_on(edge.safe_next(next_path))
    return _form(request, {"next": next_path}, {})


@router.post("/sign-in")
def sign_in(request: Request, form: Form) -> Response:
    """Sign in, or ask for the code of the second factor. What is wrong is not said, nor told by the time it takes."""
    language, at = language_of(request), clock.now()
    email, password = contacts.read_email(form.get("email", "")) or "", form.get("password", "")
    if not attempts.may_guess(request, email):
        return _form(request, form, {"form": translate(language, arrivals.TOO_OFTEN)}, status=429)
    with _database(request).reading() as session:
        account = accounts.find_by_email(session, email)
    if not passwords.matches(password, account.password_hash if account else None) or account is None:
        _note_failure(request, account)
        return _form(request, form, {"form": translate(language, _WRONG)}, status=422)
    if account.email_confirmed_at is None:
        with _database(request).writing() as session:
            registrations.ask_to_confirm(session, account, at=at)
        return forms.lead_on("/sign-up/sent")
    needs_code, before = account.second_factor_since is not None, edge.anyone(request)
    with _database(request).writing() as session:
        token = arrivals.open_sign_in(session, request, account, before, at=at, is_half=needs_code)
        action = "password_given" if needs_code else "signed_in"
        audits.record(session, audits.account(account.id), action, accounts.KIND, account.id, at=at)
    if not needs_code:
        return arrivals.welcome(request, account, token, next_path=form.get("next", ""))
    return arrivals.ask_for_code(request, account, token, **_next(form))


@router.get("/sign-in/code")
def show_code_form(request: Request) -> Response:
    """Ask for the code of the second factor."""
    waiting = _waiting(request)
    if waiting is None:
        return forms.lead_on("/sign-in")
    return _code_form(request, {"next": request.query_params.get("next", "")}, {})


@router.post("/sign-in/code")
def give_code(request: Request, form: Form) -> Response:
    """Let somebody in whose code is right. The sign-in gets a new token: the one before was worth less."""
    language, at = language_of(request), clock.now()
    waiting = _waiting(request)
    if waiting is None:
        return forms.lead_on("/sign-in")
    if not attempts.may_guess(request, f"code {waiting.account_id}"):
        return _code_form(request, form, {"code": translate(language, arrivals.TOO_OFTEN)}, status=429)
    settings = request.app.state.settings
    with _database(request).writing() as session:
        account = accounts.get(session, waiting.account_id)
        is_right = second_factors.check(session, account.id, form.get("code", ""), settings, at=at)
        action = "signed_in" if is_right else "code_refused"
        audits.record(session, waiting.actor, action, accounts.KIND, account.id, at=at)
        token = None
        if is_right:
            token = arrivals.open_sign_in(session, request, account, waiting, at=at)
    if token is None:
        reason = message("This code is not right, or was used already. Codes change every half minute.")
        return _code_form(request, form, {"code": translate(language, reason)}, status=422)
    return arrivals.welcome(request, account, token, next_path=form.get("next", ""))


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the sign-in of this browser."""
    found = edge.anyone(request)
    if found:
        with _database(request).writing() as session:
            sign_ins.end(session, found.account_id, found.sign_in_id)
            audits.record(session, found.actor, "signed_out", accounts.KIND, found.account_id, at=clock.now())
    response = forms.lead_on("/")
    edge.forget(request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@router.get("/forgotten-password")
def show_forgotten(request: Request) -> Response:
    """Ask for the address whose password is forgotten."""
    return _page(request, "account/forgotten.html", {}, {})


@router.post("/forgotten-password")
def ask_for_reset(request: Request, form: Form) -> Response:
    """Mail a link, if the address has an account: the answer is the same."""
    language, email = language_of(request), contacts.read_email(form.get("email", ""))
    if email is None:
        faults = {"email": contacts.email_fault(language).message}
        return _page(request, "account/forgotten.html", form, faults, status=422)
    if not attempts.may_mail(request, email):
        reason = message("Too many tries with this address. Please wait an hour.")
        return _page(request, "account/forgotten.html", form, {"form": translate(language, reason)}, status=429)
    with _database(request).writing() as session:
        credentials.ask_for_reset(session, email, at=clock.now())
    return forms.lead_on("/forgotten-password/sent")


@router.get("/forgotten-password/sent")
def show_reset_sent(request: Request) -> Response:
    """Say that a mail is under way, if there is such an account."""
    return private(render(request, "account/sent.html", language_of(request), {"what": "reset"}))


@router.get("/reset-password")
def show_reset(request: Request) -> Response:
    """Ask for a new password."""
    return _reset_page(request, request.query_params.get("token", ""), {})


@router.post("/reset-password")
def reset_password(request: Request, form: Form) -> Response:
    """Set a new password; signing in with it comes next, with the second factor where there is one."""
    language, token, at = language_of(request), form.get("token", ""), clock.now()
    with _database(request).reading() as session:
        try:
            link = links.get(session, Purpose.RESET_PASSWORD, token, at=at)
        except LinkEnded:
            return ended(request)
        account = session.get(Account, link.account_id)
        personal = [account.name, account.email or ""] if account else []
    fault = passwords.check(form.get("password", ""), personal, language)
    if fault:
        return _reset_page(request, token, {fault.field: fault.message}, status=422)
    password_hash = passwords.hashed(form["password"])
    with _database(request).writing() as session:
        try:
            credentials.reset_password(session, token, password_hash, at=at)
        except LinkEnded:
            return ended(request)
    return forms.lead_on("/sign-in", done="password")


@router.get("/change-email")
def show_new_email(request: Request) -> Response:
    """Ask for a press of a button: a mail program that opens links must not change anything."""
    token = request.query_params.get("token", "")
    with _database(request).reading() as session:
        try:
            link = links.get(session, Purpose.CHANGE_EMAIL, token, at=clock.now())
        except LinkEnded:
            return ended(request)
    return _page(request, "account/change_email.html", {}, {}, token=token, email=link.subject)


@router.post("/change-email")
def change_email(request: Request, form: Form) -> Response:
    """Give an account the address whose mailbox the link came from."""
    here = edge.anyone(request)
    keep = here.sign_in_id if here else None
    try:
        with _database(request).writing() as session:
            credentials.change_email(session, form.get("token", ""), language_of(request), keep=keep, at=clock.now())
    except (LinkEnded, Invalid):
        return ended(request)
    return forms.lead_on("/account" if edge.current(request) else "/sign-in", done="email")


def _reset_page(request: Request, token: str, faults: dict[str, str], *, status: int = 200) -> Response:
    with _database(request).reading() as session:
        try:
            links.get(session, Purpose.RESET_PASSWORD, token, at=clock.now())
        except LinkEnded:
            return ended(request)
    return _page(request, "account/reset.html", {}, faults, status=status, token=token, shortest=passwords.SHORTEST)


def _form(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    return _page(request, "account/sign_in.html", form, faults, status=status, done=request.query_params.get("done"))


def _code_form(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    return _page(request, "account/code.html", form, faults, status=status)


def _page(
    request: Request, template: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200, **more: Any
) -> Response:
    context: dict[str, Any] = {"form": form, "faults": faults, **more}
    return private(render(request, template, language_of(request), context, status=status))


def _waiting(request: Request) -> SignedIn | None:
    found = edge.anyone(request)
    return found if found and found.needs_second_factor else None


def _next(form: dict[str, str]) -> dict[str, str]:
    return {"next": form["next"]} if form.get("next") else {}


def _note_failure(request: Request, account: Account | None) -> None:
    """Keep that a password was refused, so that its owner's operator can see an attack."""
    log.warning("password refused", is_known=account is not None)
    if account:
        with _database(request).writing() as session:
            actor = audits.SYSTEM
            audits.record(session, actor, "password_refused", accounts.KIND, account.id, at=clock.now())


def _database(request: Request) -> Database:
    return request.app.state.database
