"""The addresses where an expert sees how they are paid, and gives the bank account (mission row S23)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from accounts.models.accounts import AccountKind
from billing import bank_accounts, payee_calls, providers
from billing.bank_accounts import Given
from billing.providers.interface import Declined, Provider
from foundation import clock, keys
from foundation.database import Database
from foundation.errors import Conflict, Invalid, Unreachable
from foundation.i18n import message, translate
from web import arrivals, attempts, forms, sign_ins
from web.forms import Form
from web.operator_desk import known
from web.pages import payouts as pages
from web.rendering import language_of, private, render
from web.space_site import Owner, owner_of

PATH = "/my/payouts"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(PATH)
def show(request: Request) -> Response:
    """Show what is missing, the bank account, and what was paid out."""
    owner = owner_of(request)
    # Whoever was led to the provider to confirm an account comes back here, and its call may be late or lost.
    bank_accounts.look_up(_database(request), owner.expert_id)
    return _page(request, {}, {})


@router.post(f"{PATH}/account")
def give_account(request: Request, form: Form) -> Response:
    """Have the expert be paid to an account, for who knows the password: a thief of a session must not be."""
    owner, language = owner_of(request), language_of(request)
    who = owner.signed_in
    try:
        given = bank_accounts.check(form, language)
    except Invalid as error:
        return _page(request, form, {fault.field: fault.message for fault in error.faults}, status=422)
    if not attempts.may_guess(request, who.email):
        return _page(request, form, {"password": translate(language, arrivals.TOO_OFTEN)}, status=429)
    if not sign_ins.knows_password(request, who, form.get("password", "")):
        reason = message("This is not your present password.")
        return _page(request, form, {"password": translate(language, reason)}, status=422)
    return _add(request, owner, given, form)


@router.get(f"{PATH}/confirm/{{bank_account_id}}")
def confirm(request: Request, bank_account_id: str) -> Response:
    """Lead to the provider's page where an account is confirmed: where that is, it says anew each time."""
    who = sign_ins.required(request, AccountKind.EXPERT)
    with _database(request).reading() as session:
        account = bank_accounts.pending(session, who, known(bank_account_id))
    try:
        recipient = _provider(request).fetch_recipient(str(account.provider_id), PATH)
    except Unreachable:
        return forms.lead_on(PATH, done="unreachable")
    if recipient is None or recipient.action_url is None:
        return forms.lead_on(PATH, done="overtaken")
    return RedirectResponse(recipient.action_url, status_code=303)


def _add(request: Request, owner: Owner, given: Given, form: dict[str, str]) -> Response:
    secret, language = keys.derived(request.app.state.settings, bank_accounts.PURPOSE), language_of(request)
    asked = (_database(request), _provider(request), owner.signed_in, given, secret, PATH)
    try:
        payee_calls.add_bank_account(*asked, at=clock.now())
    except Conflict:
        return forms.lead_on(PATH, done="unknown")
    except Declined:
        reason = message("The payment provider does not take this account. Please compare it with your bank’s paper.")
        return _page(request, form, {"number": translate(language, reason)}, status=422)
    except Unreachable:
        reason = message("The payment provider does not answer. Nothing has changed: please try again in a minute.")
        return _page(request, form, {"form": translate(language, reason)}, status=503)
    return forms.lead_on(PATH, done="given")


def _page(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    owner, language, provider = owner_of(request), language_of(request), _provider(request)
    with _database(request).reading() as session:
        found = pages.read(session, provider.name, owner.expert_id, owner.signed_in.name)
    context: dict[str, Any] = {
        **pages.context(found, language, is_sandbox=provider.is_sandbox),
        "form": {"holder": found.holder, **form},
        "faults": faults,
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "my/payouts.html", language, context, status=status))


def _provider(request: Request) -> Provider:
    return providers.choose(_database(request), request.app.state.settings)


def _database(request: Request) -> Database:
    return request.app.state.database
