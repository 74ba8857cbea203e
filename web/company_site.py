"""The addresses of a client's own pages: what booking needs to know, and who acts for a company."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import clients, colleagues, sign_ins, vat_numbers
from accounts.clients import ClientForm
from accounts.models.accounts import AccountKind, Role
from accounts.sign_ins import SignedIn
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, Invalid
from foundation.i18n import message, translate
from taxonomy import zones
from web import attempts, forms
from web import sign_ins as edge
from web.forms import Form
from web.rendering import language_of, private, render

PATH = "/account/company"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)
_CLIENTS = (AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT)


@router.get("")
def show(request: Request) -> Response:
    """Show what is known of a client, and its colleagues."""
    return _page(request, edge.required(request, *_CLIENTS), {}, {})


@router.post("")
def describe(request: Request, form: Form) -> Response:
    """Change what is known of a client."""
    who, language = edge.required(request, *_CLIENTS), language_of(request)
    try:
        details = clients.check(ClientForm.model_validate(form), language)
    except Invalid as error:
        return _page(request, who, form, forms.faults_by_field(error), status=422)
    with _database(request).writing() as session:
        clients.describe(session, who, details, at=clock.now())
    return forms.lead_on(PATH, done="described")


@router.post("/colleagues")
def invite(request: Request, form: Form) -> Response:
    """Invite a colleague by mail."""
    who, language = edge.required(request, AccountKind.COMPANY), language_of(request)
    try:
        if not attempts.may_mail(request, form.get("email", "")):
            reason = message("Too many tries with this address. Please wait an hour.")
            return _page(request, who, form, {"email": translate(language, reason)}, status=429)
        with _database(request).writing() as session:
            colleagues.invite(session, who, form, language, at=clock.now())
    except Invalid as error:
        return _page(request, who, form, forms.faults_by_field(error), status=422)
    return forms.lead_on(PATH, done="invited")


@router.post("/colleagues/withdraw")
def withdraw(request: Request, form: Form) -> Response:
    """Take an invitation back."""
    who = edge.required(request, AccountKind.COMPANY)
    with _database(request).writing() as session:
        colleagues.withdraw(session, who, form.get("email", ""), at=clock.now())
    return forms.lead_on(PATH, done="withdrawn")


@router.post("/colleagues/position")
def change_position(request: Request, form: Form) -> Response:
    """Give a colleague another role or limit."""
    who = edge.required(request, AccountKind.COMPANY)
    try:
        position = colleagues.read_position(form, language_of(request))
        with _database(request).writing() as session:
            colleagues.change_position(session, who, form.get("account", ""), position, at=clock.now())
    except Invalid as error:
        return _page(request, who, {}, {"colleagues": next(iter(forms.faults_by_field(error).values()))}, status=422)
    except Conflict:
        return _no_owner(request, who)
    return forms.lead_on(PATH, done="position")


@router.post("/colleagues/remove")
def remove(request: Request, form: Form) -> Response:
    """End a colleague's membership, and sign them out: their account is of no use any more."""
    who = edge.required(request, AccountKind.COMPANY)
    try:
        with _database(request).writing() as session:
            membership = colleagues.remove(session, who, form.get("account", ""), at=clock.now())
            sign_ins.end_all(session, membership.account_id)
    except Conflict:
        return _no_owner(request, who)
    return forms.lead_on(PATH, done="removed")


def _no_owner(request: Request, who: SignedIn) -> Response:
    reason = message("A company needs an owner: make somebody else one first.")
    return _page(request, who, {}, {"colleagues": translate(language_of(request), reason)}, status=409)


def _page(
    request: Request, who: SignedIn, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    language = language_of(request)
    with _database(request).reading() as session:
        client = clients.get(session, who)
        context: dict[str, Any] = {
            "who": who,
            "client": client,
            "vat_standing": vat_numbers.standing(client.vat_number, client.vat_proof),
            "missing": clients.missing_for_booking(client),
            "may_change": who.role in clients.MAY_CHANGE,
            "is_owner": who.role is Role.OWNER and not client.is_person,
            "members": colleagues.members(session, client.id),
            "invitations": colleagues.invitations(session, client.id, at=clock.now()),
        }
    kept = {name: getattr(client, name) or "" for name in ClientForm.model_fields}
    names = sorted((zones.country_label(code, language), code) for code in zones.country_codes())
    context |= {
        "form": {**kept, **form},
        "faults": faults,
        "countries": [("", "–"), *((code, label) for label, code in names)],
        "roles": [role.value for role in Role],
        "done": request.query_params.get("done"),
    }
    return private(render(request, "account/company.html", language, context, status=status))


def _database(request: Request) -> Database:
    return request.app.state.database
