"""The addresses of one's own account: who one is, password, second factor, where one is signed in, mails."""

from contextlib import suppress
from typing import Any

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from accounts import (
    acceptances,
    accounts,
    contacts,
    credentials,
    notifications,
    passwords,
    second_factors,
    sign_ins,
    suspensions,
)
from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from foundation import audits, clock, i18n
from foundation.database import Database
from foundation.errors import Conflict, Fault, Invalid
from foundation.i18n import Language, message, translate
from web import arrivals, attempts, forms
from web import sign_ins as edge
from web.forms import Fields, Form
from web.rendering import language_of, private, render

PATH = "/account"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """Show everything that somebody may change about their account."""
    return _page(request, edge.required(request), {}, {})


@router.post("")
def describe(request: Request, form: Form) -> Response:
    """Change name, phone and language."""
    who = edge.required(request)
    try:
        with _database(request).writing() as session:
            accounts.describe(session, who.account_id, form, language_of(request), who.actor, at=clock.now())
    except Invalid as error:
        return _page(request, who, form, forms.faults_by_field(error), status=422)
    language = i18n.known(form.get("language"))
    return forms.lead_on(PATH, done="described", lang=language)


@router.post("/password")
def change_password(request: Request, form: Form) -> Response:
    """Set a new password, for who knows the present one."""
    who, language = edge.required(request), language_of(request)
    if not attempts.may_guess(request, who.email):
        return _page(request, who, {}, {"current": translate(language, arrivals.TOO_OFTEN)}, status=429)
    if not edge.knows_password(request, who, form.get("current", "")):
        return _page(request, who, {}, {"current": _wrong_password(language)}, status=422)
    fault = passwords.check(form.get("password", ""), [who.name, who.email], language)
    if fault:
        return _page(request, who, {}, {fault.field: fault.message}, status=422)
    password_hash = passwords.hashed(form["password"])
    with _database(request).writing() as session:
        credentials.change_password(
            session, who.account_id, password_hash, who.actor, keep=who.sign_in_id, at=clock.now()
        )
    return forms.lead_on(PATH, done="password")


@router.post("/email")
def ask_for_new_email(request: Request, form: Form) -> Response:
    """Mail a link to a new address, for who knows the password."""
    who, language = edge.required(request), language_of(request)
    email = contacts.read_email(form.get("email", ""))
    if email is None:
        return _page(request, who, form, {"email": contacts.email_fault(language).message}, status=422)
    if not (attempts.may_guess(request, who.email) and attempts.may_mail(request, email)):
        return _page(request, who, form, {"email": translate(language, arrivals.TOO_OFTEN)}, status=429)
    if not edge.knows_password(request, who, form.get("email_password", "")):
        return _page(request, who, form, {"email_password": _wrong_password(language)}, status=422)
    with _database(request).writing() as session:
        credentials.ask_for_new_email(session, who.account_id, email, at=clock.now())
    return forms.lead_on(PATH, done="email_asked")


@router.post("/notifications")
def choose_notifications(request: Request, fields: Fields) -> Response:
    """Keep which mails are wanted."""
    who = edge.required(request)
    wanted = {value for name, value in fields if name == "topic"}
    with _database(request).writing() as session:
        accounts.choose_notifications(session, who.account_id, wanted, who.actor, at=clock.now())
    return forms.lead_on(PATH, done="notifications")


@router.post("/terms")
def accept_terms(request: Request) -> Response:
    """Accept the versions of the terms that are in force."""
    who = edge.required(request)
    with _database(request).writing() as session:
        acceptances.accept(session, who.account_id, at=clock.now())
        audits.record(session, who.actor, "terms_accepted", accounts.KIND, who.account_id, at=clock.now())
    return forms.lead_on(PATH, done="terms")


@router.post("/sign-ins/end")
def end_sign_ins(request: Request, form: Form) -> Response:
    """Sign out in one other browser, or in all others."""
    who = edge.required(request)
    with _database(request).writing() as session:
        if form.get("sign_in"):
            sign_ins.end(session, who.account_id, form["sign_in"])
        else:
            sign_ins.end_all(session, who.account_id, except_id=who.sign_in_id)
        audits.record(session, who.actor, "signed_out_elsewhere", accounts.KIND, who.account_id, at=clock.now())
    return forms.lead_on(PATH, done="signed_out")


@router.post("/complaint")
def complain(request: Request, form: Form) -> Response:
    """Keep what somebody who is suspended answers."""
    who, faults = edge.required(request), list[Fault]()
    text = suspensions.read_text(form, "complaint", suspensions.LONGEST_TEXT, language_of(request), faults)
    if faults:
        return _page(request, who, form, {"complaint": faults[0].message}, status=422)
    with suppress(Conflict), _database(request).writing() as session:
        suspensions.complain(session, who.account_id, text, who.actor, at=clock.now())
    return forms.lead_on(PATH, done="complained")


@router.get("/second-factor")
def show_second_factor(request: Request) -> Response:
    """Show the picture that an authenticator app reads, until one has."""
    who = _who_may_set_up(request)
    return forms.lead_on(PATH) if who.has_second_factor else _second_factor_page(request, who, {})


@router.post("/second-factor")
def add_second_factor(request: Request, form: Form) -> Response:
    """Ask for codes from now on, if the first one is right; show the recovery codes, once.

    Whoever has come by a browser that is signed in, and no more, can't lock its owner out.
    """
    who, language = _who_may_set_up(request), language_of(request)
    if not attempts.may_guess(request, f"code {who.account_id}"):
        return _second_factor_page(request, who, {"code": translate(language, arrivals.TOO_OFTEN)}, status=429)
    if not edge.knows_password(request, who, form.get("password", "")):
        return _second_factor_page(request, who, {"password": _wrong_password(language)}, status=422)
    settings, code = request.app.state.settings, form.get("code", "")
    with _database(request).writing() as session:
        codes = second_factors.confirm(session, who.account_id, code, settings, who.actor, at=clock.now())
    if codes is None:
        reason = translate(language, message("This code is not right. Is the clock of your phone right?"))
        return _second_factor_page(request, who, {"code": reason}, status=422)
    return _codes_page(request, codes, arrivals.HOMES[who.kind])


@router.post("/second-factor/remove")
def remove_second_factor(request: Request, form: Form) -> Response:
    """Ask for no code any more; operators can't do without."""
    who, language = edge.required(request), language_of(request)
    if who.kind is AccountKind.OPERATOR or not attempts.may_guess(request, who.email):
        reason = message("This can’t be done now.")
        return _page(request, who, {}, {"factor_password": translate(language, reason)}, status=403)
    if not edge.knows_password(request, who, form.get("factor_password", "")):
        return _page(request, who, {}, {"factor_password": _wrong_password(language)}, status=422)
    with _database(request).writing() as session:
        second_factors.remove(session, who.account_id, who.actor, at=clock.now())
    return forms.lead_on(PATH, done="factor_removed")


@router.post("/recovery-codes")
def renew_recovery_codes(request: Request, form: Form) -> Response:
    """Show new recovery codes, once; the old ones are void."""
    who = edge.required(request)
    if not who.has_second_factor or not attempts.may_guess(request, who.email):
        return forms.lead_on(PATH)
    if not edge.knows_password(request, who, form.get("codes_password", "")):
        faults = {"codes_password": _wrong_password(language_of(request))}
        return _page(request, who, {}, faults, status=422)
    with _database(request).writing() as session:
        codes = second_factors.renew_recovery_codes(session, who.account_id, who.actor, at=clock.now())
    return _codes_page(request, codes, PATH)


@router.get("/{path:path}")
def lead_on(request: Request, path: str) -> RedirectResponse:
    """Lead from an address that only takes forms, such as in another language, to the page that has them."""
    del path
    language = request.query_params.get("lang")
    return forms.lead_on(PATH, **({"lang": language} if language else {}))


def _who_may_set_up(request: Request) -> SignedIn:
    """Return who is signed in: an operator without a second factor is let in here, and nowhere else."""
    who = edge.current(request)
    return who or edge.required(request)


def _page(
    request: Request, who: SignedIn, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    at = clock.now()
    with _database(request).reading() as session:
        account = accounts.get(session, who.account_id)
        context: dict[str, Any] = {
            "account": account,
            "who": who,
            "acceptances": acceptances.of_account(session, who.account_id),
            "sign_ins": sign_ins.of_account(session, who.account_id, at=at),
            "codes_left": second_factors.count_recovery_codes(session, who.account_id),
            "topics": [(topic, notifications.wants(account, topic)) for topic in notifications.topics_of(who.kind)],
        }
    kept = {"name": account.name, "phone": account.phone or "", "language": account.language}
    context |= {"form": {**kept, **form}, "faults": faults, "shortest": passwords.SHORTEST}
    context["done"] = request.query_params.get("done")
    return private(render(request, "account/account.html", language_of(request), context, status=status))


def _second_factor_page(request: Request, who: SignedIn, faults: dict[str, str], *, status: int = 200) -> Response:
    with _database(request).writing() as session:
        secret = second_factors.start(session, who.account_id, request.app.state.settings)
    picture = segno.make(second_factors.address(secret, who.email), error="m")
    context: dict[str, Any] = {
        "picture": picture.svg_data_uri(scale=5, border=2, dark="#000", light="#fff"),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "is_compulsory": who.must_set_up_second_factor,
        "form": {},
        "faults": faults,
    }
    return private(render(request, "account/second_factor.html", language_of(request), context, status=status))


def _codes_page(request: Request, codes: list[str], next_path: str) -> Response:
    context: dict[str, Any] = {"codes": codes, "next_path": next_path}
    return private(render(request, "account/codes.html", language_of(request), context))


def _wrong_password(language: Language) -> str:
    return translate(language, message("This is not your present password."))


def _database(request: Request) -> Database:
    return request.app.state.database
