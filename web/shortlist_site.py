"""The addresses of shortlists: the list itself, comparing, and sharing it by a link."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from limits import RateLimitItemPerHour, RateLimitItemPerMinute

from accounts import findings, shared_shortlists, shortlists
from accounts.shared_shortlists import TooManyComments
from accounts.shortlist_rows import Owner
from accounts.shortlists import ShortlistFull
from foundation import clock, http, keys
from foundation.database import Database
from foundation.errors import Fault, Invalid, NotFound
from foundation.i18n import translate
from web import recent_profiles
from web import shortlists as lists
from web.forms import Form
from web.pages import shortlists as pages
from web.pages.shortlists import Reading, Refused
from web.recorders import SEARCH_PARAMETER
from web.rendering import address, language_of, private, render
from web.sign_ins import safe_next

PATH = "/shortlist"
SHARED = f"{PATH}/shared"
CHANGES = RateLimitItemPerMinute(120)
COMMENTS = RateLimitItemPerMinute(5)
COMMENTS_OF_A_LIST = RateLimitItemPerHour(60)
"""So that a link that got about can't be filled by many."""
KEY = "shortlists"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def _owned(request: Request) -> Owner:
    """Return whose list is to be changed; somebody who has none changes nobody's."""
    owner = lists.owner_of(request)
    if owner is None:
        raise NotFound("there is no such list")
    return owner


Owned = Annotated[Owner, Depends(_owned)]


@router.get(PATH)
def show(request: Request) -> Response:
    """Show the list."""
    lists.settle(request)
    response = _page(request, Refused())
    client = lists.client_of(request)
    if client and client.may_change:
        lists.remember(request, response, client)
    return response


@router.post(f"{PATH}/add")
def add(request: Request, form: Form) -> Response:
    """Put an expert on the list, which may be a new one."""
    _check_limit(request)
    # Who has signed in is asked before: asking may write too, and writers on SQLite take turns.
    token, client, expert_id = lists.token_of(request), lists.client_of(request), form.get("expert", "")
    with _database(request).reading() as session:
        found = findings.look_up(session, form.get(SEARCH_PARAMETER, ""), expert_id)
    try:
        with _database(request).writing() as session:
            owner = lists.owner_to_write(session, token, client)
            shortlists.add(session, owner, expert_id, at=clock.now(), found=found)
    except ShortlistFull:
        return _refuse_full(request, form)
    return _changed(request, form, owner)


@router.post(f"{PATH}/remove")
def remove(request: Request, form: Form, owner: Owned) -> Response:
    """Take an expert off the list."""
    _check_limit(request)
    with _database(request).writing() as session:
        shortlists.remove(session, owner, form.get("expert", ""), at=clock.now())
    on_page = _next(form) == PATH
    return _changed(request, {**form, "next": f"{PATH}?removed=1"} if on_page else form, owner)


@router.post(f"{PATH}/restore")
def restore(request: Request, form: Form, owner: Owned) -> Response:
    """Take back the last removal."""
    try:
        with _database(request).writing() as session:
            shortlists.restore(session, owner, at=clock.now())
    except ShortlistFull:
        return _refuse_full(request, form)
    return _changed(request, form, owner)


@router.post(f"{PATH}/move")
def move(request: Request, form: Form, owner: Owned) -> Response:
    """Move an expert up or down."""
    with _database(request).writing() as session:
        steps = -1 if form.get("to") == "up" else 1
        shortlists.move(session, owner, form.get("expert", ""), steps, at=clock.now())
    return _changed(request, form, owner)


@router.post(f"{PATH}/note")
def write_note(request: Request, form: Form, owner: Owned) -> Response:
    """Keep a note about an expert."""
    try:
        note = pages.read_note(form.get("note", ""), language_of(request))
    except Invalid as error:
        return _page(request, Refused(form, error.faults), status=422)
    with _database(request).writing() as session:
        shortlists.write_note(session, owner, form.get("expert", ""), note, at=clock.now())
    return _changed(request, form, owner)


@router.post(f"{PATH}/left-out")
def dismiss_left_out(request: Request, form: Form, owner: Owned) -> Response:
    """Say no more who did not fit."""
    with _database(request).writing() as session:
        shortlists.dismiss_left_out(session, owner, at=clock.now())
    return _changed(request, form, owner)


@router.post(f"{PATH}/share")
def share(request: Request, form: Form, owner: Owned) -> Response:
    """Make a link to the list, a new one if there was one."""
    try:
        name = pages.read_name(form.get("name", ""), language_of(request))
    except Invalid as error:
        return _page(request, Refused(form, error.faults), status=422)
    with _database(request).writing() as session:
        shared_shortlists.share(session, owner, name, key=_key(request), at=clock.now())
    return RedirectResponse(f"{PATH}#share", status_code=303)


@router.post(f"{PATH}/share/end")
def end_share(request: Request, owner: Owned) -> Response:
    """Take the link back."""
    with _database(request).writing() as session:
        shared_shortlists.end(session, owner)
    return RedirectResponse(f"{PATH}#share", status_code=303)


@router.post(f"{PATH}/comments/remove")
def remove_comment(request: Request, form: Form, owner: Owned) -> Response:
    """Delete what somebody wrote on one's list."""
    with _database(request).writing() as session:
        shared_shortlists.remove_comment(session, owner, form.get("comment", ""))
    return RedirectResponse(f"{PATH}#share", status_code=303)


@router.get(f"{SHARED}/{{token}}")
def show_shared(request: Request, token: str) -> Response:
    """Show a list to whoever has its link."""
    return _shared_page(request, token, Refused())


@router.post(f"{SHARED}/{{token}}")
def comment(request: Request, token: str, form: Form) -> Response:
    """Keep a comment of somebody who has the link."""
    language = language_of(request)
    with _database(request).reading() as session:
        shortlist_id = shared_shortlists.find(session, token, at=clock.now()).id
    try:
        wanted = pages.read_comment(form, language)
        limits: http.Limits = request.app.state.limits
        limits.check(COMMENTS, "comment", http.address_of(request))
        limits.check(COMMENTS_OF_A_LIST, "comments", shortlist_id)
        with _database(request).writing() as session:
            shared_shortlists.write(session, token, wanted, at=clock.now())
    except Invalid as error:
        return _shared_page(request, token, Refused(form, error.faults), status=422)
    except TooManyComments:
        text = translate(language, "This list holds as many comments as it can. Its owner may delete some.")
        return _shared_page(request, token, Refused(form, [Fault("text", "too_many", text)]), status=422)
    return RedirectResponse(f"{SHARED}/{token}#comments", status_code=303)


@router.get(f"{PATH}/{{path:path}}")
def lead_on(request: Request, path: str) -> Response:
    """Lead from an address that only takes forms, such as in another language, to the page that has them."""
    del path
    language = request.query_params.get("lang")
    return RedirectResponse(address(PATH, [("lang", language)] if language else []), status_code=303)


def _page(request: Request, refused: Refused, *, back_url: str | None = None, status: int = 200) -> HTMLResponse:
    owner = lists.owner_of(request)
    at = clock.now()
    with _database(request).reading() as session:
        found = shortlists.find(session, owner) if owner else None
        entries = shortlists.entries(session, found) if found else []
        comments = shared_shortlists.comments(session, found.id) if found else []
        removed_id = found.removed["expert_id"] if found and found.removed else ""
        asides = [*(found.left_out if found else ()), removed_id]
        beside = shortlists.shown_profiles(session, [expert_id for expert_id in asides if expert_id])
    reading = Reading(found, entries, comments, _wordlists(request), language_of(request), at.date())
    context = pages.context(
        reading,
        left_out=[beside[expert_id] for expert_id in (found.left_out if found else ()) if expert_id in beside],
        removed=beside.get(removed_id) if "removed" in request.query_params else None,
        share_url=_share_url(request, found.share_id) if found and shared_shortlists.is_shared(found, at) else None,
        refused=refused,
        back_url=back_url,
    )
    shared = {"recent": recent_profiles.shown(request), "keeps_seen": recent_profiles.is_kept(request)}
    return private(render(request, "shortlist.html", reading.language, {**context, **shared}, status=status))


def _shared_page(request: Request, token: str, refused: Refused, *, status: int = 200) -> HTMLResponse:
    at = clock.now()
    with _database(request).reading() as session:
        found = shared_shortlists.find(session, token, at=at)
        entries = shortlists.entries(session, found)
        comments = shared_shortlists.comments(session, found.id)
    reading = Reading(found, entries, comments, _wordlists(request), language_of(request), at.date())
    context = pages.shared_context(reading, f"{SHARED}/{token}", refused)
    response = render(request, "shared_shortlist.html", reading.language, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _changed(request: Request, form: dict[str, str], owner: Owner) -> Response:
    """Answer a change: programs with the new state, people with the page that they were on."""
    response: Response = RedirectResponse(_next(form), status_code=303)
    if _wants_json(request):
        with _database(request).reading() as session:
            shown = shortlists.shown_ids(session, owner)
        response = JSONResponse({"count": len(shown), "is_listed": form.get("expert", "") in shown})
    lists.remember(request, response, owner)
    return response


def _refuse_full(request: Request, form: dict[str, str]) -> Response:
    fault = pages.full_fault(language_of(request))
    if _wants_json(request):
        return http.error_response(422, [fault])
    back_url = _next(form)
    return _page(request, Refused(form, [fault]), back_url=back_url if back_url != PATH else None, status=422)


def _check_limit(request: Request) -> None:
    limits: http.Limits = request.app.state.limits
    limits.check(CHANGES, "shortlist", http.address_of(request))


def _share_url(request: Request, share_id: str | None) -> str:
    site: str = request.app.state.settings.base_url or str(request.base_url)
    return f"{site.rstrip('/')}{SHARED}/{shared_shortlists.token_of(share_id or '', _key(request))}"


def _key(request: Request) -> bytes:
    return keys.derived(request.app.state.settings, KEY)


def _next(form: dict[str, str]) -> str:
    return safe_next(form.get("next") or PATH)


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _wordlists(request: Request) -> Any:
    return request.app.state.index.wordlists.current()


def _database(request: Request) -> Database:
    return request.app.state.database
