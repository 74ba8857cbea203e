"""The addresses where a client chooses whom a mission sheet goes to, closes it and opens it again."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts import findings, shortlists
from accounts.experts import Profile
from booking import addressees, offer_desk, offer_rules, offers, sheets
from booking.lifecycle import Party
from foundation import clock
from foundation.errors import Fault, Invalid
from web import forms, sheet_site, sign_ins
from web.forms import Fields
from web.pages import cards
from web.pages import sheets as pages
from web.recorders import SEARCH_PARAMETER
from web.rendering import language_of, private, render

router = APIRouter(prefix=sheet_site.PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/{sheet_id}/publish")
def choose(request: Request, sheet_id: str) -> Response:
    """Show whom a sheet may go to: the experts of the shortlist, and one who was named."""
    search = request.query_params.get(SEARCH_PARAMETER, "")
    return _choice_page(request, sheet_id, request.query_params.getlist("expert"), "", [], search=search)


@router.post("/{sheet_id}/publish")
def propose(request: Request, sheet_id: str, fields: Fields) -> Response:
    """Propose a sheet to the experts who were ticked; a draft is published by it."""
    who = sign_ins.required(request, *sheet_site.CLIENTS)
    chosen = [value for name, value in fields if name == "expert"]
    given = dict(fields)
    text, search = given.get("message", ""), given.get(SEARCH_PARAMETER, "")
    try:
        checked = offer_rules.read_message(text)
        with sheet_site.database(request).reading() as session:
            found = {one: way for one in chosen if (way := findings.look_up(session, search, one))}
        with sheet_site.database(request).writing() as session:
            made = offers.propose(session, who, sheet_id, chosen, checked, at=clock.now(), found=found)
    except Invalid as error:
        return _choice_page(request, sheet_id, chosen, text, error.faults, search=search, status=422)
    return forms.lead_on(f"{sheet_site.PATH}/{sheet_id}", done="proposed" if made else "nobody_new")


@router.post("/{sheet_id}/close")
def close(request: Request, sheet_id: str) -> Response:
    """Close a sheet; whoever has it is told."""
    who = sign_ins.required(request, *sheet_site.CLIENTS)
    with sheet_site.database(request).writing() as session:
        sheet = sheets.take(session, sheets.author(who).owner, sheet_id)
        offers.close(session, sheet, Party.CLIENT, who.actor, at=clock.now())
    return forms.lead_on(f"{sheet_site.PATH}/{sheet_id}", done="closed")


@router.post("/{sheet_id}/reopen")
def reopen(request: Request, sheet_id: str) -> Response:
    """Open a closed sheet again."""
    who = sign_ins.required(request, *sheet_site.CLIENTS)
    with sheet_site.database(request).writing() as session:
        sheets.reopen(session, who, sheet_id, at=clock.now())
    return forms.lead_on(f"{sheet_site.PATH}/{sheet_id}/publish")


def _choice_page(
    request: Request,
    sheet_id: str,
    chosen: Sequence[str],
    text: str,
    faults: Sequence[Fault],
    *,
    search: str,
    status: int = 200,
) -> HTMLResponse:
    who, at, language = sign_ins.required(request, *sheet_site.CLIENTS), clock.now(), language_of(request)
    owner = sheets.author(who).owner
    with sheet_site.database(request).reading() as session:
        sheet = sheets.get(session, owner, sheet_id)
        made = {offer["expert"]["id"]: offer for offer in sheet_site.offers_of(session, sheet, at) if offer["expert"]}
        listed = shortlists.shown_ids(session, owner)
        candidates = _candidates(session, chosen, listed, list(made))
        ids = [item.expert.id for item in candidates]
        passed_on = offer_desk.are_through_operator(session, ids)
        own = {expert_id for expert_id in ids if addressees.is_same(session, who.client_id or "", expert_id)}
    wanted = set(chosen) or set(listed)
    rows = [
        {
            **cards.link(item.expert),
            "offer": made.get(item.expert.id),
            "is_ticked": item.expert.id in wanted or item.expert.slug in wanted,
            "is_own": item.expert.id in own,
            "is_through_operator": item.expert.id in passed_on,
        }
        for item in candidates
    ]
    said = pages.said_faults(faults, language)
    context = {
        "sheet": sheet,
        "rows": rows,
        "message": text,
        "search": search,
        "longest": offer_rules.LONGEST_TEXT,
        "faults": said,
        "lacks": {pages.field_name(name, language): told for name, told in said.items() if name in pages.FIELDS},
    }
    return private(render(request, "sheets/publish.html", language, context, status=status))


def _candidates(
    session: Session, chosen: Sequence[str], listed: Sequence[str], offered: Sequence[str]
) -> list[Profile]:
    """Return who may be chosen and is shown: who was named, by id or address, is on the shortlist, or had the sheet."""
    named = [expert.id for expert in sheet_site.named(session, chosen)]
    ids = list(dict.fromkeys([*named, *listed, *offered, *(value for value in chosen if "\0" not in value)]))
    shown = shortlists.shown_profiles(session, ids)
    return [shown[expert_id] for expert_id in ids if expert_id in shown]
