"""The addresses of an expert's billing mandate."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import legal_identities
from billing import mandates
from billing.mandates import Outdated, Unidentified
from foundation import clock
from foundation.database import Database
from foundation.http import address_of
from web import forms
from web.forms import Form
from web.pages import mandates as pages
from web.pages.mandates import Given
from web.pages.texts import Texts
from web.rendering import language_of, private, render
from web.space_site import owner_of

PATH = "/my/mandate"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(PATH)
def show_mandate(request: Request) -> Response:
    """Show the text in force with how it stands, or the version that was asked for."""
    return _page(request)


@router.post(PATH)
def give_mandate(request: Request, form: Form) -> Response:
    """Keep the click, unless the text is another one by now: that one is shown then."""
    owner = owner_of(request)
    values = (form.get("version", ""), form.get("text_hash", ""), address_of(request))
    operator = request.app.state.settings.operator
    at = clock.now()
    try:
        with _database(request).writing() as session:
            mandates.accept(session, owner.signed_in, *values, at, operator=operator)
    except Unidentified:
        return _page(request, fault="unidentified", status=409)
    except Outdated:
        return _page(request, fault="outdated", status=409)
    return forms.lead_on(PATH, done="given")


@router.post(f"{PATH}/end")
def end_mandate(request: Request) -> Response:
    """End the mandate for the future."""
    owner = owner_of(request)
    at = clock.now()
    with _database(request).writing() as session:
        mandates.end(session, owner.signed_in, at)
    return forms.lead_on(PATH, done="ended")


def _page(request: Request, *, fault: str = "", status: int = 200) -> Response:
    owner, language = owner_of(request), language_of(request)
    version = request.query_params.get("version")
    shown = mandates.CURRENT if version is None else mandates.find(version)
    with _database(request).reading() as session:
        given = Given(
            identity=legal_identities.of(session, owner.expert_id),
            in_force=mandates.in_force(session, owner.expert_id),
            all=mandates.of(session, owner.expert_id),
        )
    text = Texts(request.app.state.settings, request.app.state.pointers, language).get(shown.name)
    context = pages.context(shown, text, given, language, fault=fault, done=request.query_params.get("done", ""))
    return private(render(request, "my/mandate.html", language, context, status=status))


def _database(request: Request) -> Database:
    return request.app.state.database
