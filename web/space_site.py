"""The addresses of an expert's own pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from accounts import availabilities, completeness, experts, legal_identities, letters, profiles
from accounts.links import LinkEnded
from accounts.models.accounts import AccountKind
from accounts.profile_forms import dump_marks, marks
from accounts.profiles import ChangedMeanwhile, Saved
from accounts.sign_ins import SignedIn
from billing import owner_changes, providers
from foundation import clock, keys
from foundation.database import Database
from foundation.errors import Fault, Invalid
from foundation.i18n import Language
from search_api import absences, explanations, pointers, requests
from search_api.api import SearchDesk
from search_api.requests import LONGEST_QUERY, Parameters
from taxonomy import zones
from taxonomy.wordlists import Wordlists
from web import sign_ins, sign_up_site
from web.forms import Form, LongForm
from web.pages import identities, spaces, standings
from web.pages.spaces import OwnProfile, Refused
from web.rendering import language_of, private, render

PATH = "/my"
PROFILE = f"{PATH}/profile"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True)
class Owner:
    """Who is at work on which profile."""

    signed_in: SignedIn
    expert_id: str


def owner_of(request: Request) -> Owner:
    """Return the expert who is signed in, or have them sign in first."""
    found = sign_ins.required(request, AccountKind.EXPERT)
    if found.expert_id is None:
        raise HTTPException(404)
    return Owner(found, found.expert_id)


@router.get(PROFILE)
def show_profile(request: Request) -> Response:
    """Show the profile's form."""
    return profile_page(request, owner_of(request))


@router.post(PROFILE)
def save_profile(request: Request, form: LongForm) -> Response:
    """Save what was typed: to a form with a new page, to the script with what changes beside the form."""
    owner = owner_of(request)
    expert = _own(request, owner).profile.expert
    save = partial(
        profiles.save,
        expert_id=owner.expert_id,
        form=spaces.touched(form, expert, language_of(request), clock.today()),
        wordlists=_wordlists(request),
        actor=owner.signed_in.actor,
        at=clock.now(),
    )
    try:
        saved = _database(request).write(save)
    except Invalid as error:
        return _refused(request, owner, form, error.faults, 422)
    except ChangedMeanwhile as error:
        faults = [Fault(name, "changed_meanwhile", "") for name in error.fields]
        return _refused(request, owner, form, faults, 409)
    return _saved(request, owner, saved)


@router.post(f"{PROFILE}/undo")
def undo(request: Request) -> Response:
    """Take the latest edit back."""
    owner = owner_of(request)
    at = clock.now()
    with _database(request).writing() as session:
        profiles.undo(session, owner.expert_id, actor=owner.signed_in.actor, at=at)
    return RedirectResponse(f"{PROFILE}?saved=undone", status_code=303)


@router.get(f"{PATH}/identity")
def show_identity(request: Request) -> Response:
    """Show the form of the legal identity, for the country and status that were chosen."""
    chosen = {name: request.query_params.get(name, "") for name in ("country", "status")}
    known = chosen if chosen["country"] in zones.country_codes() else {}
    return _identity_page(request, owner_of(request), known)


@router.post(f"{PATH}/identity")
def save_identity(request: Request, form: Form) -> Response:
    """Keep the legal identity."""
    owner = owner_of(request)
    at = clock.now()
    try:
        with _database(request).writing() as session:
            legal_identities.save(session, owner.expert_id, form, actor=owner.signed_in.actor, at=at)
    except Invalid as error:
        known = form if form.get("country") in zones.country_codes() else {**form, "country": ""}
        return _identity_page(request, owner, known, error.faults, status=422)
    return RedirectResponse(f"{PATH}/identity?saved=yes", status_code=303)


@router.get(f"{PATH}/found")
def show_standing(request: Request) -> Response:
    """Tell whether a search finds the expert, and why or why not; nothing of it counts as an impression."""
    owner = owner_of(request)
    language = language_of(request)
    query = request.query_params.get("q", "").replace("\0", " ").strip()[:LONGEST_QUERY]
    if not query:
        nothing = {"q": "", "query": "", "is_asked": False, "standing": None, "reasons": []}
        return private(render(request, "my/found.html", language, nothing))
    desk: SearchDesk = request.app.state.search_desk
    searcher = desk.searcher(request)
    asked = requests.resolve(Parameters(q=query, lang=language), searcher.wordlists)
    live = request.app.state.pointers.current()[pointers.surface_of(asked)].live
    searcher = replace(searcher, profile=live)
    expert = _own(request, owner).profile.expert
    standing = explanations.stand(searcher, asked, expert.id) if experts.is_findable(expert) else None
    reasons = [] if standing else absences.reasons(searcher, asked, expert)
    return private(render(request, "my/found.html", language, standings.context(query, standing, reasons, language)))


@router.get("/availability")
def ask_availability(request: Request) -> Response:
    """Ask who followed a mailed link; a mail program that opens links must not answer anything."""
    return _availability_page(request, request.query_params.get("token", ""), {})


@router.post("/availability")
def answer_availability(request: Request, form: Form) -> Response:
    """Take the answer; the link then works no more."""
    try:
        with _database(request).writing() as session:
            availabilities.answer(session, form.get("token", ""), form, _wordlists(request), at=clock.now())
    except LinkEnded:
        return sign_up_site.ended(request)
    except Invalid as error:
        return _availability_page(request, form.get("token", ""), form, error.faults, status=422)
    return private(render(request, "my/answered.html", language_of(request), {}))


@router.get(f"{availabilities.STOP_PATH}/{{token}}")
def ask_to_stop(request: Request, token: str) -> HTMLResponse:
    """Ask whether mails about being available are to end: programs open links of mails too."""
    account_id = _signed_id(request, token)
    with _database(request).reading() as session:
        is_stopped = not availabilities.wants_mails(session, account_id)
    return _stop_page(request, token, is_stopped=is_stopped)


@router.post(f"{availabilities.STOP_PATH}/{{token}}")
def stop_asking(request: Request, token: str) -> HTMLResponse:
    """End these mails at once, for people and for mail programs (RFC 8058): no redirect, no question."""
    account_id, at = _signed_id(request, token), clock.now()
    with _database(request).writing() as session:
        availabilities.stop_mails(session, account_id, at=at)
    return _stop_page(request, token, is_stopped=True)


def _signed_id(request: Request, token: str) -> str:
    account_id = keys.read_signed(request.app.state.settings, availabilities.KEY, token)
    if account_id is None:
        raise HTTPException(404)
    return account_id


def _stop_page(request: Request, token: str, *, is_stopped: bool) -> HTMLResponse:
    context: dict[str, Any] = {
        "action": f"{availabilities.STOP_PATH}/{token}",
        "is_stopped": is_stopped,
        "lasts_days": availabilities.LASTS.days,
    }
    return private(render(request, "my/stop_asking.html", language_of(request), context))


def _availability_page(
    request: Request, token: str, form: Mapping[str, str], faults: Sequence[Fault] = (), *, status: int = 200
) -> HTMLResponse:
    language = language_of(request)
    with _database(request).reading() as session:
        try:
            expert = availabilities.read_link(session, token, at=clock.now())
        except LinkEnded:
            return private(render(request, "account/ended.html", language, {}, status=404))
    context = {
        "name": expert.name,
        "token": token,
        "values": {"available_from": form.get("available_from", "")},
        "faults": spaces.said_faults(faults, language),
    }
    return private(render(request, "my/availability.html", language, context, status=status))


def _identity_page(
    request: Request, owner: Owner, given: Mapping[str, str], faults: Sequence[Fault] = (), *, status: int = 200
) -> HTMLResponse:
    language = language_of(request)
    with _database(request).reading() as session:
        identity = legal_identities.of(session, owner.expert_id)
    expert = _own(request, owner).profile.expert
    saved = request.query_params.get("saved", "")
    context = identities.context(expert, identity, given, faults, language, saved=saved)
    provider = providers.choose(_database(request), request.app.state.settings).name
    with _database(request).reading() as session:
        change = owner_changes.foreseen(session, provider, owner.expert_id, context["status"])
    context["change"] = change.value
    return private(render(request, "my/identity.html", language, context, status=status))


def profile_page(request: Request, owner: Owner, *, refused: Refused | None = None, status: int = 200) -> HTMLResponse:
    """Return the page with the profile's form, and what was refused in it."""
    language = language_of(request)
    saved = request.query_params.get("saved", "")
    own, words = _own(request, owner), _wordlists(request)
    context = spaces.context(own, words, language, today=clock.today(), refused=refused, saved=saved)
    return private(render(request, "my/profile.html", language, context, status=status))


def _saved(request: Request, owner: Owner, saved: Saved) -> Response:
    if not wants_json(request):
        return RedirectResponse(f"{PROFILE}?saved=yes", status_code=303)
    language = language_of(request)
    own = _own(request, owner)
    aside = spaces.aside(own, _wordlists(request), language, clock.today())
    html = render(request, "my/aside.html", language, aside).body
    return JSONResponse(
        {
            "fields": saved.fields,
            "seen": dump_marks(marks(experts.columns(own.profile.expert))),
            "can_undo": own.can_undo,
            "aside": bytes(html).decode(),
        },
        headers={"Cache-Control": "no-store"},
    )


def _refused(request: Request, owner: Owner, form: dict[str, str], faults: list[Fault], status: int) -> Response:
    if not wants_json(request):
        return profile_page(request, owner, refused=Refused(form, faults), status=status)
    language: Language = language_of(request)
    said = [{"field": item.field, "code": item.code, "message": spaces.said(item, language)} for item in faults]
    body: dict[str, Any] = {"errors": said}
    if status == 409:
        expert = _own(request, owner).profile.expert
        body["seen"] = dump_marks(marks(experts.columns(expert)))
        body["stored"] = spaces.form_values(expert, language, clock.today())
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


def wants_json(request: Request) -> bool:
    """Tell whether a script asks, which puts the answer into the page that is open."""
    return request.headers.get("accept", "").startswith("application/json")


def _own(request: Request, owner: Owner) -> OwnProfile:
    """Return what the owner sees; what the live ranking looks at decides what is advised first."""
    live = request.app.state.pointers.current()["search"].live
    with _database(request).reading() as session:
        found = experts.load(session, [owner.expert_id])
        if not found:
            raise HTTPException(404)
        return OwnProfile(
            profile=found[0],
            letters=letters.of(session, owner.expert_id),
            completeness=completeness.assess(found[0].expert, live, today=clock.today()),
            can_undo=profiles.latest(session, owner.expert_id) is not None,
        )


def _wordlists(request: Request) -> Wordlists:
    return request.app.state.index.wordlists.current()


def _database(request: Request) -> Database:
    return request.app.state.database
