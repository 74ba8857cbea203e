"""The addresses where operators look after offers to profiles that nobody has claimed: invite, pass on, note a refusal.

What a look shows is between a client and an expert: each one is an entry of the audit log.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from booking import offer_desk, offer_rules, sheet_contents, sheet_files
from booking.lifecycle import OFFERS
from foundation import audits, clock
from foundation.errors import Invalid
from web import operator_desk
from web.forms import Form
from web.operator_desk import PAGE
from web.pages import offers as pages
from web.pages import sheets as sheet_pages
from web.rendering import language_of
from web.sheet_site import wordlists

PATH = f"{operator_desk.PATH}/offers"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show_all(request: Request) -> Response:
    """List what waits."""
    operator_desk.operator(request)
    at = clock.now()
    with operator_desk.database(request).reading() as session:
        found = offer_desk.waiting(session, at, limit=PAGE)
    rows = [{**pages.row(case.offer, case.sheet, case.client, at), "expert": case.expert.name} for case in found]
    return operator_desk.page(request, "offers.html", "offers", {"rows": rows, "most": PAGE})


@router.get("/{offer_id}")
def show(request: Request, offer_id: str) -> Response:
    """Show an offer, and what can be done about it."""
    return _offer_page(request, offer_id, {}, {})


@router.post("/{offer_id}/passed-on")
def pass_on(request: Request, offer_id: str) -> Response:
    """Note that the expert was told by other ways."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            offer_desk.note_passed_on(session, operator_desk.known(offer_id), operator.actor, at=clock.now())

    return operator_desk.act(f"{PATH}/{offer_id}", "passed_on", work)


@router.post("/{offer_id}/refuse")
def refuse(request: Request, offer_id: str, form: Form) -> Response:
    """Note that the expert refuses; the client is told."""
    operator = operator_desk.operator(request)
    try:
        refusal = offer_rules.read_refusal(form.get("reason", ""), form.get("text", ""))
    except Invalid as error:
        said = sheet_pages.said_faults(error.faults, language_of(request))
        return _offer_page(request, offer_id, form, said, status=422)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            offer_desk.refuse(session, operator_desk.known(offer_id), refusal, operator.actor, at=clock.now())

    return operator_desk.act(PATH, "refused", work)


def _offer_page(
    request: Request, offer_id: str, form: Mapping[str, str], faults: Mapping[str, str], *, status: int = 200
) -> Response:
    operator, at, language = operator_desk.operator(request), clock.now(), language_of(request)
    with operator_desk.database(request).writing() as session:
        case = offer_desk.get(session, operator_desk.known(offer_id))
        audits.record(session, operator.actor, "looked_at", OFFERS.kind, case.offer.id, at=at)
        content = sheet_contents.without_confidential(sheet_contents.load(case.sheet.content))
        context: dict[str, Any] = {
            "offer": pages.row(case.offer, case.sheet, case.client, at),
            "expert": case.expert,
            "said": sheet_pages.view(content, wordlists(request), language),
            "files": len(sheet_files.of(session, case.sheet.id)),
            "reasons": pages.reasons(language),
            "form": {"reason": "", "text": "", **form},
            "faults": faults,
        }
    return operator_desk.page(request, "offer.html", "offers", context, status=status)
