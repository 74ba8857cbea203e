"""The addresses of signing up: the form, the mailed link, and what invited people find."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import accounts, invitations, links, passwords, registrations
from accounts.links import LinkEnded
from accounts.models.accounts import Account, AccountKind, Purpose
from billing import referrals
from booking import message_drafts, own_clients
from foundation import clock
from foundation.database import Database
from foundation.errors import Invalid
from foundation.i18n import message, translate
from web import arrivals, arriving_drafts, attempts, forms
from web import sign_ins as edge
from web.forms import Form
from web.rendering import language_of, private, render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/sign-up")
def show_form(request: Request) -> Response:
    """Show the form, for whichever kind of account was asked for."""
    kind, code = (request.query_params.get(name, "") for name in ("kind", "code"))
    known = {"kind": kind if kind in registrations.OPEN_KINDS else "", "code": referrals.read_code(code)}
    return _form(request, known, {})


@router.post("/sign-up")
def sign_up(request: Request, form: Form) -> Response:
    """Make an account that waits for its address; who has one already learns it by mail only."""
    language, code = language_of(request), form.get("code", "").strip()
    refused = _code_faults(request, code, form.get("kind", "")) if code else {}
    try:
        registration = registrations.check(form, language)
    except Invalid as error:
        return _form(request, form, {**forms.faults_by_field(error), **refused}, status=422)
    if refused:
        return _form(request, form, refused, status=422)
    if not attempts.may_mail(request, registration.email):
        reason = message("Too many tries with this address. Please wait an hour.")
        return _form(request, form, {"form": translate(language, reason)}, status=429)
    password_hash = passwords.hashed(registration.password)
    at = clock.now()
    with _database(request).writing() as session:
        registrations.register(session, registration, password_hash, at=at)
        account = accounts.find_by_email(session, registration.email)
        if code and account:
            referrals.note(session, account.id, code, at)
        # What was written to an expert before waits for whoever confirms the address, in whichever browser.
        if token := arriving_drafts.token_of(request):
            message_drafts.adopt(session, token, registration.email)
    return forms.lead_on("/sign-up/sent")


@router.get("/sign-up/sent")
def show_sent(request: Request) -> Response:
    """Say that a mail is under way."""
    return private(render(request, "account/sent.html", language_of(request), {"what": "confirm"}))


@router.get("/confirm-email")
def show_confirmation(request: Request) -> Response:
    """Ask for the password: a mail program that opens links must not confirm anything."""
    return _confirmation(request, request.query_params.get("token", ""), {})


@router.post("/confirm-email")
def confirm_email(request: Request, form: Form) -> Response:
    """Confirm an address, and sign its owner in. Whoever signed up with somebody else's address can't do this alone."""
    language, token, at = language_of(request), form.get("token", ""), clock.now()
    if not attempts.may_guess(request, f"confirm {token}"):
        return _confirmation(request, token, {"password": translate(language, arrivals.TOO_OFTEN)}, status=429)
    with _database(request).reading() as session:
        try:
            link = links.get(session, Purpose.CONFIRM_EMAIL, token, at=at)
        except LinkEnded:
            return ended(request)
        account = session.get(Account, link.account_id)
        kept = account.password_hash if account else None
    if not passwords.matches(form.get("password", ""), kept):
        reason = message("This is not the password that you signed up with.")
        return _confirmation(request, token, {"password": translate(language, reason)}, status=422)
    before = edge.anyone(request)
    with _database(request).writing() as session:
        try:
            confirmed = registrations.confirm(session, token, at=at)
            own_clients.adopt(session, confirmed, request.app.state.settings, at=at)
        except LinkEnded:
            return ended(request)
        opened = arrivals.open_sign_in(session, request, confirmed, before, at=at)
    return arrivals.welcome(request, confirmed, opened, next_path="", is_new=True)


@router.get("/invitation")
def show_invitation(request: Request) -> Response:
    """Show who invites to what, and what is still to be said."""
    return _invitation(request, request.query_params.get("token", ""), {}, {})


@router.post("/invitation")
def accept_invitation(request: Request, form: Form) -> Response:
    """Make the account that somebody was invited to; the mailed link has shown that the address is theirs."""
    language, token, at = language_of(request), form.get("token", ""), clock.now()
    with _database(request).reading() as session:
        try:
            offer = invitations.read(session, token, at=at)
        except LinkEnded:
            return ended(request)
    try:
        registration = invitations.check(offer, form, language)
    except Invalid as error:
        return _invitation(request, token, form, forms.faults_by_field(error), status=422)
    password_hash, before = passwords.hashed(registration.password), edge.anyone(request)
    try:
        with _database(request).writing() as session:
            account = invitations.accept(session, token, registration, password_hash, at=at)
            own_clients.adopt(session, account, request.app.state.settings, at=at)
            needs_code = account.second_factor_since is not None
            opened = arrivals.open_sign_in(session, request, account, before, at=at, is_half=needs_code)
    except LinkEnded:
        return ended(request)
    except Invalid as error:
        return _invitation(request, token, form, forms.faults_by_field(error), status=422)
    next_path = f"/quotes/{offer.subject}" if offer.subject else ""
    if needs_code:
        return arrivals.ask_for_code(request, account, opened)
    return arrivals.welcome(request, account, opened, next_path=next_path, is_new=True)


def ended(request: Request) -> Response:
    """Say that a mailed link works no more, and what to do."""
    return private(render(request, "account/ended.html", language_of(request), {}, status=404))


def _form(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    context: dict[str, Any] = {"form": form, "faults": faults, "shortest": passwords.SHORTEST}
    return private(render(request, "account/sign_up.html", language_of(request), context, status=status))


def _code_faults(request: Request, code: str, kind: str) -> dict[str, str]:
    """Return what is wrong with a promo code, for the field."""
    if kind and kind not in referrals.REFERABLE:
        reason = message("Promo codes are for experts and companies. Please leave this empty.")
    else:
        with _database(request).reading() as session:
            if referrals.find_sponsor(session, code):
                return {}
        reason = message("Nobody has this code. Please compare it, or leave this empty.")
    return {"code": translate(language_of(request), reason)}


def _confirmation(request: Request, token: str, faults: dict[str, str], *, status: int = 200) -> Response:
    with _database(request).reading() as session:
        try:
            links.get(session, Purpose.CONFIRM_EMAIL, token, at=clock.now())
        except LinkEnded:
            return ended(request)
    context: dict[str, Any] = {"token": token, "form": {}, "faults": faults}
    return private(render(request, "account/confirm.html", language_of(request), context, status=status))


def _invitation(
    request: Request, token: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    with _database(request).reading() as session:
        try:
            offer = invitations.read(session, token, at=clock.now())
        except LinkEnded:
            return ended(request)
        about = own_clients.about(session, offer.subject) if offer.subject else None
    context: dict[str, Any] = {
        "token": token,
        "about": about,
        "offer": offer,
        "form": form or {"name": offer.name, "organisation": about.client if about else ""},
        "faults": faults,
        "shortest": passwords.SHORTEST,
        "needs_phone": offer.kind is not AccountKind.OPERATOR,
    }
    return private(render(request, "account/invitation.html", language_of(request), context, status=status))


def _database(request: Request) -> Database:
    return request.app.state.database
