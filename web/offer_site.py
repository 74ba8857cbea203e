"""The addresses of an expert's offers: reading, accepting what keeps them confidential, refusing."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import Client
from accounts.models.experts import Expert
from booking import ndas, offer_rules, offers, sheet_contents, sheet_files, sheets
from booking.lifecycle import OFFERS, OfferEvent, Party
from booking.models.quotes import Quote
from booking.models.sheets import Offer, Sheet
from foundation import clock, http
from foundation.errors import Fault, Invalid
from web import forms
from web.forms import Form
from web.pages import offers as pages
from web.pages import sheets as sheet_pages
from web.rendering import language_of, private, render
from web.sheet_site import database, wordlists
from web.space_site import Owner, owner_of

PATH = "/offers"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show_all(request: Request) -> Response:
    """List what was proposed to an expert."""
    owner, at = owner_of(request), clock.now()
    with database(request).reading() as session:
        rows = [
            pages.row(offer, sheet, client, at) for offer, sheet, client in offers.of_expert(session, owner.expert_id)
        ]
    context = {
        "waiting": [row for row in rows if row["waits"]],
        "past": [row for row in rows if not row["waits"]],
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "offers/list.html", language_of(request), context))


@router.get("/{offer_id}")
def show(request: Request, offer_id: str) -> Response:
    """Show an offer; opening it is noted."""
    owner = owner_of(request)
    return _offer_page(request, owner, offer_id, {}, [])


@router.post("/{offer_id}/agreement")
def agree(request: Request, offer_id: str, form: Form) -> Response:
    """Accept the non-disclosure agreement."""
    owner = owner_of(request)
    with database(request).writing() as session:
        _, sheet = offers.get(session, owner.expert_id, offer_id)
        expert = session.get_one(Expert, owner.expert_id)
        ndas.accept(
            session,
            owner.signed_in,
            sheet,
            expert,
            language_of(request),
            form.get("hash", ""),
            http.address_of(request),
            at=clock.now(),
        )
    return forms.lead_on(f"{PATH}/{offer_id}", done="agreed")


@router.post("/{offer_id}/refuse")
def refuse(request: Request, offer_id: str, form: Form) -> Response:
    """Refuse an offer."""
    owner = owner_of(request)
    try:
        refusal = offer_rules.read_refusal(form.get("reason", ""), form.get("text", ""))
    except Invalid as error:
        return _offer_page(request, owner, offer_id, form, error.faults, status=422)
    with database(request).writing() as session:
        offers.refuse(session, owner.expert_id, offer_id, refusal, owner.signed_in.actor, at=clock.now())
    return forms.lead_on(PATH, done="refused")


def _offer_page(
    request: Request,
    owner: Owner,
    offer_id: str,
    form: Mapping[str, str],
    faults: Sequence[Fault],
    *,
    status: int = 200,
) -> HTMLResponse:
    at, language = clock.now(), language_of(request)
    with database(request).writing() as session:
        offers.see(session, owner.expert_id, offer_id, owner.signed_in.actor, at=at)
        offer, sheet = offers.get(session, owner.expert_id, offer_id)
        context = _read(session, request, offer, sheet)
    state = offer_rules.state_at(offer.state, offer.expires_at, at)
    context |= {
        "may_refuse": OFFERS.allows(state, OfferEvent.REFUSE, Party.EXPERT),
        "reasons": pages.reasons(language),
        "values": {"reason": form.get("reason", ""), "text": form.get("text", "")},
        "faults": sheet_pages.said_faults(faults, language),
        "longest": offer_rules.LONGEST_TEXT,
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "offers/offer.html", language, context, status=status))


def _read(session: Session, request: Request, offer: Offer, sheet: Sheet) -> dict[str, Any]:
    """Return what an expert reads of an offer: without what is confidential until that is agreed."""
    language, words = language_of(request), wordlists(request)
    may_read = ndas.may_read(session, sheet, offer.expert_id)
    content = sheet_contents.load(sheet.content)
    before = sheets.edition_at(session, sheet.id, offer.sent_at) or content
    shown, was = (item if may_read else sheet_contents.without_confidential(item) for item in (content, before))
    agreement = "" if may_read else ndas.text(session, sheet, session.get_one(Expert, offer.expert_id), language)
    quotes: list[Quote] = offers.quotes_of(session, sheet.id).get(offer.id, [])
    return {
        "offer": pages.offer(offer, session.get_one(Client, offer.client_id), clock.now()),
        "said": sheet_pages.view(shown, words, language),
        "changes": sheet_pages.said_changes(was, shown, words, language),
        "files": sheet_pages.files(sheet_files.of(session, sheet.id)),
        "may_read": may_read,
        "agreement": agreement,
        "agreement_hash": ndas.hash_of(agreement),
        "agreed_on": agreed.accepted_at.date()
        if sheet.needs_nda and (agreed := ndas.accepted(session, sheet.id).get(offer.expert_id))
        else None,
        "quotes": quotes,
    }
