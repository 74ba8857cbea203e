"""The addresses of mission sheets: drafting without an account, then publishing, editing, closing for a client."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from limits import RateLimitItemPerMinute
from sqlalchemy.orm import Session

from accounts import experts, findings, shortlists
from accounts.models.accounts import AccountKind
from accounts.models.experts import Expert
from accounts.picks import Pick
from accounts.shortlist_rows import Owner
from accounts.sign_ins import SignedIn
from booking import (
    ndas,
    offer_desk,
    offers,
    sheet_contents,
    sheet_files,
    sheet_templates,
    sheets,
)
from booking.lifecycle import SheetState
from booking.models.sheets import Sheet
from booking.sheet_contents import Content
from booking.sheets import ChangedMeanwhile
from foundation import clock, http
from foundation.database import Database
from foundation.errors import Fault, Invalid, NotFound
from foundation.i18n import Language
from taxonomy.wordlists import Wordlists
from web import forms, sheet_drafts, sign_ins
from web import shortlists as lists
from web.forms import LongForm
from web.pages import sheets as pages
from web.recorders import SEARCH_PARAMETER
from web.rendering import language_of, private, render

PATH = "/sheets"
CHANGES = RateLimitItemPerMinute(60)
CLIENTS = (AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT)
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show_all(request: Request) -> Response:
    """List the client's sheets."""
    who, at = sign_ins.required(request, *CLIENTS), clock.now()
    with database(request).reading() as session:
        found = sheets.of(session, Owner(client_id=who.client_id))
        made = offers.of_sheets(session, [sheet.id for sheet in found])
    rows = [pages.row(sheet, made[sheet.id], at) for sheet in found]
    context = {"rows": rows, "may_write": may_write(who), "done": request.query_params.get("done", "")}
    return private(render(request, "sheets/list.html", language_of(request), context))


@router.get("/new")
def begin(request: Request) -> Response:
    """Show an empty form, or one that a template, an earlier sheet or a browser's own draft has filled in."""
    author = sheet_drafts.author_to_begin(request)
    language, query = language_of(request), request.query_params
    with database(request).reading() as session:
        own = sheets.of(session, author.owner)
        if author.owner.client_id is None and own and not query.get("template"):
            return forms.lead_on(f"{PATH}/{own[0].id}/edit", **_chosen(query))
        content = _beginning(session, author.owner, query, language)
    values = pages.form_values(content, wordlists(request), language)
    return _form_page(request, None, values, [], earlier=own, chosen=query)


@router.post("/new")
def save_new(request: Request, form: LongForm) -> Response:
    """Keep a new draft."""
    author = sheet_drafts.author_to_begin(request)
    _check_limit(request)
    try:
        content = sheet_contents.read(form, wordlists(request))
    except Invalid as error:
        return _form_page(request, None, form, error.faults, chosen=form, status=422)
    token, client = lists.token_of(request), lists.client_of(request)
    with database(request).reading() as session:
        picked = _picked(session, form)
    with database(request).writing() as session:
        author = sheet_drafts.believed(session, author)
        sheet = sheets.begin(session, author, content, at=clock.now())
        listed = _shortlist(session, token, client, picked) if picked else None
    response = forms.lead_on(f"{PATH}/{sheet.id}", done="saved")
    sheet_drafts.remember(request, response, author)
    if listed:
        lists.remember(request, response, listed)
    return response


@router.get("/{sheet_id}")
def show(request: Request, sheet_id: str) -> Response:
    """Show a sheet with its offers; lead an expert to whom it was proposed on to the offer."""
    who = sign_ins.current(request)
    if who and who.may_act and who.expert_id:
        with database(request).reading() as session:
            offer_id = offers.find(session, who.expert_id, sheet_id)
        if offer_id:
            return forms.lead_on(f"/offers/{offer_id}")
    return sheet_page(request, sheet_id, [])


@router.get("/{sheet_id}/edit")
def edit(request: Request, sheet_id: str) -> Response:
    """Show a sheet's form."""
    author, language = sheet_drafts.author_of(request), language_of(request)
    with database(request).reading() as session:
        sheet = sheets.get(session, author.owner, sheet_id)
    values = pages.form_values(sheet_contents.load(sheet.content), wordlists(request), language)
    return _form_page(request, sheet, values, [])


@router.post("/{sheet_id}/edit")
def save(request: Request, sheet_id: str, form: LongForm) -> Response:
    """Keep what a sheet says; whoever has a published one is told."""
    author = sheet_drafts.author_of(request)
    _check_limit(request)
    at, seen = clock.now(), form.get("seen", "")
    with database(request).reading() as session:
        sheet = sheets.get(session, author.owner, sheet_id)
    try:
        content = sheet_contents.read(form, wordlists(request))
        with database(request).writing() as session:
            if sheet.state == SheetState.DRAFT:
                sheets.save_draft(session, author, sheet_id, content, seen, at=at)
            else:
                offers.edit(session, sign_ins.required(request, *CLIENTS), sheet_id, content, seen, at=at)
    except Invalid as error:
        return _form_page(request, sheet, form, error.faults, status=422)
    except ChangedMeanwhile:
        return _form_page(request, sheet, form, [Fault("form", "changed_meanwhile", "")], status=409)
    return forms.lead_on(f"{PATH}/{sheet_id}", done="saved" if sheet.state == SheetState.DRAFT else "edited")


@router.post("/{sheet_id}/discard")
def discard(request: Request, sheet_id: str) -> Response:
    """Delete a draft."""
    author = sheet_drafts.author_of(request)
    with database(request).writing() as session:
        sheets.discard(session, author, sheet_id)
    return forms.lead_on(PATH if author.account_id else f"{PATH}/new", done="discarded")


def sheet_page(request: Request, sheet_id: str, faults: Sequence[Fault], *, status: int = 200) -> HTMLResponse:
    """Return a sheet's page as its owner sees it."""
    owner, at, language = sheet_drafts.reader_of(request), clock.now(), language_of(request)
    who = sign_ins.current(request)
    with database(request).reading() as session:
        sheet = sheets.get(session, owner, sheet_id)
        content = sheet_contents.load(sheet.content)
        files = sheet_files.of(session, sheet.id)
        context: dict[str, Any] = {
            "sheet": sheet,
            "said": pages.view(content, wordlists(request), language),
            "offers": offers_of(session, sheet, at),
            "files": pages.files(files),
            "file_places": sheet_files.MOST_FILES - len(files),
        }
    lacking = sheet_contents.missing(content, at.date())
    is_owned = owner.client_id is not None
    more = {
        "lacks": [pages.field_name(fault.field, language) for fault in lacking if fault.code == "missing"],
        "is_owned": is_owned,
        "may_write": not is_owned or may_write(who),
        "faults": pages.said_faults(faults, language),
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "sheets/sheet.html", language, {**context, **more}, status=status))


def may_write(who: SignedIn | None) -> bool:
    """Tell whether somebody may change their client's sheets."""
    return who is not None and who.role in sheets.MAY_WRITE


def database(request: Request) -> Database:
    """Return the installation's database."""
    return request.app.state.database


def wordlists(request: Request) -> Wordlists:
    """Return the words of the trade."""
    return request.app.state.index.wordlists.current()


def _form_page(
    request: Request,
    sheet: Sheet | None,
    values: Mapping[str, str],
    faults: Sequence[Fault],
    *,
    earlier: Sequence[Sheet] = (),
    chosen: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    context = {
        **pages.form_context(values, faults, language),
        "sheet": sheet,
        "seen": values.get("seen") or (sheets.mark(sheet) if sheet else ""),
        "earlier": [found for found in earlier if found.client_id],
        "is_owned": lists.client_of(request) is not None,
        "chosen": _chosen(chosen or {}),
    }
    if any(fault.code == "changed_meanwhile" for fault in faults) and sheet:
        context["seen"] = sheets.mark(sheet)
    return private(render(request, "sheets/form.html", language, context, status=status))


def named(session: Session, slugs: Sequence[str]) -> list[Expert]:
    """Return the experts of some addresses who are shown."""
    wanted = [slug for slug in slugs if slug and "\0" not in slug]
    return [expert for expert in experts.shown_among(session, wanted) if expert.is_shown]


def offers_of(session: Session, sheet: Sheet, at: datetime) -> list[dict[str, Any]]:
    """Return a sheet's offers as its client sees them."""
    found = offers.of_sheet(session, sheet.id)
    ids = [offer.expert_id for offer in found]
    people = {item.expert.id: item.expert for item in experts.load(session, ids)}
    passed_on, agreed = offer_desk.are_through_operator(session, ids), ndas.accepted(session, sheet.id)
    quotes = offers.quotes_of(session, sheet.id)
    return [
        pages.offer(
            offer,
            people.get(offer.expert_id),
            agreed.get(offer.expert_id),
            quotes.get(offer.id, []),
            at,
            is_through_operator=offer.expert_id in passed_on,
        )
        for offer in found
    ]


def _beginning(session: Session, owner: Owner, query: Mapping[str, str], language: Language) -> Content:
    if template := query.get("template"):
        return sheet_templates.get(template, language)
    if earlier := query.get("sheet"):
        return sheet_templates.copied(sheet_contents.load(sheets.get(session, owner, earlier).content))
    return Content()


def _picked(session: Session, form: Mapping[str, str]) -> Pick | None:
    """Return the expert from whose profile a sheet was begun, with the search that led there."""
    found = named(session, [form.get("expert", "")])
    if not found:
        return None
    return Pick(found[0].id, clock.now(), found=findings.look_up(session, form.get(SEARCH_PARAMETER, ""), found[0].id))


def _shortlist(session: Session, token: str | None, client: Owner | None, picked: Pick) -> Owner | None:
    """Put an expert on the shortlist, where there is room."""
    owner = lists.owner_to_write(session, token, client)
    try:
        shortlists.add(session, owner, picked.expert_id, at=picked.added_at, found=picked.found)
    except (shortlists.ShortlistFull, NotFound):
        return None
    return owner


def _chosen(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in ("expert", SEARCH_PARAMETER) if query.get(name)}


def _check_limit(request: Request) -> None:
    limits: http.Limits = request.app.state.limits
    limits.check(CHANGES, "sheets", http.address_of(request))
