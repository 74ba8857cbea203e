"""The addresses of saved searches, and of ending their mails."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from accounts import shortlists
from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from foundation import clock, keys
from foundation.database import Database
from foundation.errors import Fault, Invalid, NotFound
from foundation.http import validation_fault
from foundation.i18n import Language
from search_api import alerts, requests, saved_searches
from search_api.requests import Parameters
from search_api.saved_searches import TooManySearches
from search_api.searches import Searcher
from web import sign_ins
from web.alerts import KEY, STOP_PATH
from web.forms import Form
from web.pages import addresses
from web.pages import saved_searches as pages
from web.rendering import address, language_of, render

PATH = "/my/searches"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def _client(request: Request) -> SignedIn:
    """Return who is signed in as a client; only they keep searches."""
    return sign_ins.required(request, AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT)


Client = Annotated[SignedIn, Depends(_client)]


@router.get(PATH)
def show(request: Request, client: Client) -> HTMLResponse:
    """Show a client's saved searches."""
    return _list_page(request, client)


@router.get(f"{PATH}/new")
def show_new(request: Request, client: Client) -> HTMLResponse:
    """Ask how a search is to be kept."""
    del client
    language = language_of(request)
    parameters = _parameters(addresses.read_parameters(request, language), language)
    return _new_page(request, parameters)


@router.post(PATH)
def save(request: Request, form: Form, client: Client) -> Response:
    """Keep a search. Who is found now is not new to its owner."""
    language = language_of(request)
    searcher = _searcher(request)
    parameters = _parameters({**requests.parse(form.get("search", "")), "lang": language}, language)
    found = alerts.look(searcher, request.app.state.pointers.current(), parameters)
    try:
        default = pages.new_context(parameters, searcher, language, typed={}, faults=())["name"]
        name = pages.read_name(form.get("name", ""), default, language)
        with _database(request).writing() as session:
            saved_searches.save(
                session,
                client.account_id,
                name,
                parameters,
                pages.read_frequency(form.get("frequency", "")),
                found_now=[document.id for document in found],
                at=clock.now(),
            )
    except Invalid as error:
        return _new_page(request, parameters, typed=form, faults=error.faults)
    except TooManySearches:
        return _new_page(request, parameters, typed=form, faults=[pages.full_fault(language)])
    return RedirectResponse(PATH, status_code=303)


@router.post(f"{PATH}/{{search_id}}")
def change(request: Request, search_id: str, form: Form, client: Client) -> Response:
    """Rename a search, or have it mailed more or less often."""
    search_id = _known(search_id)
    with _database(request).reading() as session:
        present = saved_searches.get(session, client.account_id, search_id)
        present_name = present.name
    try:
        name = pages.read_name(form.get("name", ""), present_name, language_of(request))
    except Invalid as error:
        return _list_page(request, client, typed={**form, "id": search_id}, faults=error.faults, status=422)
    frequency = pages.read_frequency(form.get("frequency", ""))
    with _database(request).writing() as session:
        saved_searches.change(session, client.account_id, search_id, name=name, frequency=frequency)
    return RedirectResponse(PATH, status_code=303)


@router.post(f"{PATH}/{{search_id}}/remove")
def remove(request: Request, search_id: str, client: Client) -> Response:
    """Delete a search."""
    with _database(request).writing() as session:
        saved_searches.remove(session, client.account_id, _known(search_id), at=clock.now())
    return RedirectResponse(address(PATH, [("removed", search_id)]), status_code=303)


@router.post(f"{PATH}/{{search_id}}/restore")
def restore(request: Request, search_id: str, client: Client) -> Response:
    """Take a deletion back."""
    try:
        with _database(request).writing() as session:
            saved_searches.restore(session, client.account_id, _known(search_id))
    except TooManySearches:
        return _list_page(request, client, faults=[pages.full_fault(language_of(request))], status=422)
    return RedirectResponse(PATH, status_code=303)


@router.get(f"{PATH}/{{path:path}}")
def lead_on(request: Request, path: str) -> Response:
    """Lead from an address that only takes forms, such as in another language, to the page that has them."""
    del path
    language = request.query_params.get("lang")
    return RedirectResponse(address(PATH, [("lang", language)] if language else []), status_code=303)


@router.get(f"{STOP_PATH}/{{token}}")
def ask_to_stop(request: Request, token: str) -> HTMLResponse:
    """Ask whether mails about a search are to end: programs open links of mails too, so opening one ends nothing."""
    search_id = _signed_id(request, token)
    with _database(request).reading() as session:
        try:
            name = saved_searches.find_mailed(session, search_id).name
        except NotFound:
            name = ""
    return _stop_page(request, name=name, action=f"{STOP_PATH}/{token}", is_stopped=not name)


@router.post(f"{STOP_PATH}/{{token}}")
def stop(request: Request, token: str) -> HTMLResponse:
    """End mails about a search at once, for people and for mail programs (RFC 8058): no redirect, no question."""
    search_id = _signed_id(request, token)
    with _database(request).writing() as session:
        try:
            saved_searches.stop(session, search_id)
            name = saved_searches.find_mailed(session, search_id).name
        except NotFound:
            name = ""
    return _stop_page(request, name=name, action="", is_stopped=True)


def _list_page(
    request: Request,
    client: SignedIn,
    *,
    typed: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    with _database(request).reading() as session:
        found = saved_searches.of_account(session, client.account_id)
        shown = shortlists.shown_profiles(session, [expert_id for saved in found for expert_id in saved.new_ids])
        removed_id = _still_removed(session, client, _known(request.query_params.get("removed", "")))
    context = pages.list_context(
        found, shown, _searcher(request), language, removed_id=removed_id, typed=typed or {}, faults=faults
    )
    return render(request, "saved_searches.html", language, context, status=status)


def _still_removed(session: Any, client: SignedIn, search_id: str) -> str | None:
    try:
        return saved_searches.get(session, client.account_id, search_id, is_removed=True).id if search_id else None
    except NotFound:
        return None


def _new_page(
    request: Request, parameters: Parameters, *, typed: Mapping[str, str] | None = None, faults: Sequence[Fault] = ()
) -> HTMLResponse:
    language = language_of(request)
    requests.resolve(parameters, _searcher(request).wordlists)
    context = pages.new_context(parameters, _searcher(request), language, typed=typed or {}, faults=faults)
    return render(request, "save_search.html", language, context, status=422 if faults else 200)


def _stop_page(request: Request, *, name: str, action: str, is_stopped: bool) -> HTMLResponse:
    context = {"name": name, "action": action, "is_stopped": is_stopped, "searches_url": PATH}
    response = render(request, "stop_alert.html", language_of(request), context)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _parameters(values: dict[str, Any], language: Language) -> Parameters:
    try:
        return Parameters.model_validate(values)
    except ValidationError as error:
        raise Invalid([validation_fault(detail, language) for detail in error.errors()]) from None


def _signed_id(request: Request, token: str) -> str:
    search_id = keys.read_signed(request.app.state.settings, KEY, token)
    if search_id is None:
        raise HTTPException(404)
    return search_id


def _known(search_id: str) -> str:
    # PostgreSQL takes no NUL in a text, not even to say that there is none like it.
    return search_id.replace("\0", "")


def _searcher(request: Request) -> Searcher:
    searcher: Searcher = request.app.state.make_searcher()
    return searcher


def _database(request: Request) -> Database:
    return request.app.state.database
