"""The addresses where an expert says who is paid, and proves it with papers (mission rows S23, S26)."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from billing import declaration_forms, declarations, identity_files, identity_papers, owner_forms, owners, providers
from billing.identity_paper_mails import PATH
from billing.owners import Stage
from billing.provider_states import PaperKind
from billing.providers.interface import Provider, User
from foundation import clock, deadlines
from foundation.database import Database
from foundation.errors import Conflict, Invalid, Unreachable
from web import forms, uploads
from web.files_site import LOOKED_THROUGH_S
from web.forms import Form
from web.pages import declarations as declaration_pages
from web.pages import verifications as pages
from web.rendering import language_of, lead_away, private, render
from web.space_site import Owner, owner_of
from web.uploads import AROUND_BYTES, Uploads

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


async def receive_pages(request: Request) -> Uploads:
    """Receive the form of a paper: one file more than may be, so that it is said that there are too many."""
    most_bytes = identity_files.MOST_BYTES_TOGETHER + AROUND_BYTES
    return await uploads.receive_several(request, identity_files.FIELD, identity_files.MOST_FILES + 1, most_bytes)


@router.get(PATH)
def show(request: Request) -> Response:
    """Show how far the expert is on the way to being paid, with the next thing to do."""
    return _page(request, owner_of(request), {}, {})


@router.post(PATH)
def give_details(request: Request, form: Form) -> Response:
    """Keep who is paid, and have the provider told."""
    owner, provider, at = owner_of(request), _provider(request), clock.now()
    with _database(request).reading() as session:
        kind = owners.standing(session, provider.name, owner.expert_id).kind
    if kind is None or form.get("kind") != kind:
        return forms.lead_on(PATH, done="overtaken")
    try:
        values = owner_forms.check(form, kind, language_of(request), clock.today())
        with _database(request).writing() as session:
            owners.give(session, owner.signed_in, provider.name, values, at=at)
    except Invalid as error:
        return _page(request, owner, form, forms.faults_by_field(error), status=422)
    except Conflict:
        return forms.lead_on(PATH, done="overtaken")
    user = None
    with suppress(Unreachable):  # it is owed: the outbox asks again
        user = owners.register(_database(request), provider, owner.expert_id, at)
    return _leave(request, user) or forms.lead_on(PATH, done="given")


@router.post(f"{PATH}/confirm")
def confirm(request: Request) -> Response:
    """Lead to the provider's page, where an expert proves that it is really them."""
    owner = owner_of(request)
    try:
        user = owners.look_up(_database(request), _provider(request), owner.expert_id, clock.now())
    except Unreachable:
        return forms.lead_on(PATH, done="unreachable")
    return _leave(request, user) or forms.lead_on(PATH)


@router.get(owners.RETURN_PATH)
def come_back(request: Request) -> Response:
    """Ask the provider what came of its page: what it tells by itself may come late, or never."""
    owner = owner_of(request)
    with suppress(Unreachable):
        owners.look_up(_database(request), _provider(request), owner.expert_id, clock.now())
    return forms.lead_on(PATH)


@router.post(f"{PATH}/papers")
def send_paper(request: Request, upload: Annotated[Uploads, Depends(receive_pages)]) -> Response:
    """Take a paper, sealed, to be sent on."""
    owner, language = owner_of(request), language_of(request)
    if upload.fields.get("kind") not in frozenset(PaperKind) and not upload.is_too_large:
        return forms.lead_on(PATH, done="overtaken")
    kind = upload.fields.get("kind", "")
    with deadlines.within(LOOKED_THROUGH_S):
        try:
            pages_of = identity_files.check(upload.files, language, is_too_large=upload.is_too_large)
        except Invalid as error:
            return _page(request, owner, {"kind": kind}, forms.faults_by_field(error), status=422)
        key = identity_files.key_of(request.app.state.settings)
        provider, at = _provider(request).name, clock.now()
        try:
            with _database(request).writing() as session:
                identity_papers.put(session, owner.signed_in, provider, PaperKind(kind), pages_of, key, at=at)
        except Conflict:
            return forms.lead_on(PATH, done="overtaken")
    return forms.lead_on(PATH, done="sent")


@router.post(f"{PATH}/owners")
def declare(request: Request, form: Form) -> Response:
    """Take who owns the company, sealed, to be sent on; or show the form with room for more people or fewer."""
    owner, language = owner_of(request), language_of(request)
    reshaped = declaration_forms.reshape(form, form.get("do", ""))
    if reshaped is not None:
        return _page(request, owner, reshaped, {})
    key, provider, at = identity_files.key_of(request.app.state.settings), _provider(request).name, clock.now()
    with _database(request).reading() as session:
        details = owners.standing(session, provider, owner.expert_id).details
    if details is None:
        return forms.lead_on(PATH, done="overtaken")
    try:
        people = declaration_forms.check(form, details, language, clock.today())
        with _database(request).writing() as session:
            declarations.put(session, owner.signed_in, provider, people, key, at=at)
    except Invalid as error:
        return _page(request, owner, form, forms.faults_by_field(error), status=422)
    except Conflict:
        return forms.lead_on(PATH, done="overtaken")
    return forms.lead_on(PATH, done="declared")


def _leave(request: Request, user: User | None) -> Response | None:
    """Lead to the provider, if it wants to see the expert."""
    if user is None or not user.action_url:
        return None
    return lead_away(request, user.action_url, "my/verification_leave.html")


def _page(
    request: Request, owner: Owner, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    language, provider = language_of(request), _provider(request)
    with _database(request).reading() as session:
        found = owners.standing(session, provider.name, owner.expert_id)
        given = form
        corrects = found.stage in owners.GIVEN_AT and ("change" in request.query_params or bool(form.get("correction")))
        asks = corrects or found.stage in {Stage.ASKED, Stage.DECLINED}
        if not form and found.kind and asks:
            given = owner_forms.proposed(session, owner.expert_id, found.kind)
        papers = identity_papers.latest(session, found.user.id) if found.user else {}
        step = declarations.step(session, found)
    if step is not None and found.details is not None:
        given = {**declaration_forms.proposed(found.details), **given}
    context = pages.context(found, papers, given, language, is_sandbox=provider.is_sandbox)
    context |= declaration_pages.context(step, given, language) | {"asks": asks, "corrects": corrects}
    context |= {
        "faults": faults,
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "my/verification.html", language, context, status=status))


def _provider(request: Request) -> Provider:
    return providers.choose(_database(request), request.app.state.settings)


def _database(request: Request) -> Database:
    return request.app.state.database
