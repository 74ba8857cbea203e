"""The addresses of quotes that both sides read, of an expert's list, and of ending a quote."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from booking import duties, quote_changes, quote_documents, quote_drafts, quote_versions, quotes, signatures
from booking.duty_mails import policy_of
from booking.lifecycle import Party
from booking.missions import Frozen
from booking.models.quotes import Quote
from booking.quote_documents import Sending
from booking.quotes import NeedsRefund
from foundation import clock
from foundation.database import Database
from foundation.errors import DomainError, Fault, Invalid
from foundation.http import address_of
from foundation.i18n import Language, message, translate
from foundation.lifecycles import Refused
from web import forms
from web import sign_ins as edge
from web.forms import Form
from web.pages import duties as duty_pages
from web.pages import quotes as pages
from web.pages import series as series_pages
from web.rendering import language_of, private, render

PATH = "/quotes"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)
EXPERT = AccountKind.EXPERT
CLIENTS = (AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT)
LONGEST_REASON = 500


@router.get("")
def show_list(request: Request) -> Response:
    """Show the quotes of an expert, or those that a client got, by how far they are."""
    who, language = edge.required(request, EXPERT, *CLIENTS), language_of(request)
    is_expert = who.expert_id is not None
    with _database(request).reading() as session:
        series = series_pages.listed(session, who, language, at=clock.now())
        found = quotes.of_expert(session, who) if is_expert else quotes.of_client(session, who)
        found = [quote for quote in found if quote.series_id is None]
        versions = quotes.latest_versions(session, found)
        counterparts = {
            quote.id: quotes.counterpart_of(session, quote) if is_expert else pages.expert_of(versions[quote.id])
            for quote in found
        }
    groups = pages.lines(found, versions, counterparts, language)
    done = request.query_params.get("done", "")
    context = {"groups": groups, "series_rows": series, "is_expert": is_expert, "done": done}
    return private(render(request, "quotes/list.html", language, context))


@router.post("/{quote_id}/renew")
def renew(request: Request, quote_id: str, form: Form) -> Response:
    """Send an expired quote once more, valid until another day."""
    who = edge.required(request, EXPERT)
    sending = sending_of(request, who)
    reason = translate(sending.language, message("The quote is valid for longer."))
    try:
        with _database(request).writing() as session:
            quote_versions.renew(session, quote_id, form.get("valid_until", ""), reason, sending)
    except Invalid as error:
        return page(request, who, quote_id, error.faults, status=422)
    except (Refused, Frozen) as error:
        return refused(request, who, quote_id, error)
    return forms.lead_on(f"{PATH}/{quote_id}", done="sent")


@router.post("/{quote_id}/withdraw")
def withdraw(request: Request, quote_id: str) -> Response:
    """Take back what waits for the client."""
    who = edge.required(request, EXPERT)
    try:
        with _database(request).writing() as session:
            quotes.withdraw(session, who, quote_id, at=clock.now())
    except Refused as error:
        return refused(request, who, quote_id, error)
    return forms.lead_on(f"{PATH}/{quote_id}", done="withdrawn")


@router.post("/{quote_id}/discard")
def discard(request: Request, quote_id: str) -> Response:
    """Delete a draft."""
    who = edge.required(request, EXPERT)
    with _database(request).writing() as session:
        quote_drafts.discard(session, who, quote_id, at=clock.now())
    return forms.lead_on(PATH, done="discarded")


@router.post("/{quote_id}/cancel")
def cancel(request: Request, quote_id: str, form: Form) -> Response:
    """End a signed quote that nothing was paid for yet; either side may."""
    who, language = edge.required(request, EXPERT, *CLIENTS), language_of(request)
    reason = " ".join(form.get("reason", "").split())[:LONGEST_REASON]
    if not reason:
        fault = Fault("cancel_reason", "missing", translate(language, message("Please say why.")))
        return page(request, who, quote_id, [fault], status=422)
    try:
        with _database(request).writing() as session:
            quotes.cancel(session, who, quote_id, reason, at=clock.now())
    except (Refused, Frozen, NeedsRefund) as error:
        return refused(request, who, quote_id, error)
    return forms.lead_on(f"{PATH}/{quote_id}", done="cancelled")


@router.get("/{quote_id}")
def show(request: Request, quote_id: str) -> Response:
    """Show a quote to either side."""
    return page(request, edge.required(request, EXPERT, *CLIENTS), quote_id, ())


def page(
    request: Request, who: SignedIn, quote_id: str, faults: Sequence[Fault], *, note: str = "", status: int = 200
) -> Response:
    """Return the page of a quote for whichever side reads it; `note` says what could not be done, and why."""
    language = language_of(request)
    with _database(request).reading() as session:
        quote = quotes.seen_by(session, who, quote_id)
        if not quote.latest_version:
            return RedirectResponse(f"{PATH}/{quote_id}/edit", status_code=303)
        context = _read(session, quote, who, language)
        policy, today = policy_of(request.app.state.settings), duties.day_of(clock.now())
        context |= duty_pages.of_quote(session, who, quote, context["version"], policy, language, today)
    context |= {"faults": pages.by_field(faults), "note": note, "done": request.query_params.get("done", "")}
    return private(render(request, "quotes/show.html", language, context, status=status))


def refused(request: Request, who: SignedIn, quote_id: str, error: DomainError) -> Response:
    """Return the quote's page with why something can't be done, and what can."""
    language = language_of(request)
    return page(request, who, quote_id, (), note=pages.why_not(error, language), status=409)


def sending_of(request: Request, who: SignedIn) -> Sending:
    """Return who sends from where, in the language of the page."""
    return Sending(who, address_of(request), language_of(request), request.app.state.settings, clock.now())


def _read(session: Session, quote: Quote, who: SignedIn, language: Language) -> dict[str, Any]:
    party = Party.EXPERT if quote.expert_id == who.expert_id else Party.CLIENT
    versions, signed = quotes.versions(session, quote.id), signatures.of_quote(session, quote.id)
    documents = [quote_documents.of(version) for version in versions]
    mission = quotes.mission_of(session, quote.id)
    shown = [
        pages.Shown(
            version,
            quote_changes.between(documents[place - 1], documents[place]) if place else (),
            [signature for (number, _), signature in sorted(signed.items()) if number == version.number],
        )
        for place, version in enumerate(versions)
    ]
    return {
        **pages.document(documents[-1], language),
        "quote": quote,
        "party": party.value,
        "state": pages.state_name(quote, language),
        "versions": shown[::-1],
        "version": versions[-1],
        "mission": mission,
        "counterpart": quotes.counterpart_of(session, quote)
        if party is Party.EXPERT
        else pages.expert_of(versions[-1]),
        "month_of": series_pages.of_month(session, quote.series_id, quote.id, party, language, at=clock.now()),
        "may": pages.may(quote, party, mission),
        "today": clock.today(),
    }


def _database(request: Request) -> Database:
    return request.app.state.database
