"""The address where an expert agrees to a refund, or does not (mission row S25)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts.models.accounts import AccountKind, Client
from accounts.sign_ins import SignedIn
from billing import providers, refunds
from booking.models.missions import Mission
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict
from foundation.http import address_of
from foundation.i18n import message, translate
from web import forms
from web import sign_ins as edge
from web.forms import Form
from web.operator_desk import known
from web.rendering import language_of, private, render

PATH = "/refunds"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/{refund_id}")
def show(request: Request, refund_id: str) -> Response:
    """Show what a client asks for, and why."""
    return _page(request, edge.required(request, AccountKind.EXPERT), refund_id, {}, {})


@router.post("/{refund_id}")
def answer(request: Request, refund_id: str, form: Form) -> Response:
    """Agree, or not."""
    who, path = edge.required(request, AccountKind.EXPERT), f"{PATH}/{refund_id}"
    fault = _fault(form)
    if fault:
        faults = {fault[0]: translate(language_of(request), fault[1])}
        return _page(request, who, refund_id, form, faults, status=422)
    try:
        with _database(request).writing() as session:
            if form["answer"] == "agree":
                refunds.consent(session, who, known(refund_id), address_of(request), at=clock.now())
            else:
                refunds.refuse(session, who, known(refund_id), form.get("reason", ""), at=clock.now())
    except Conflict:
        return forms.lead_on(path, done="overtaken")
    return forms.lead_on(path, done=form["answer"])


def _fault(form: dict[str, str]) -> tuple[str, str] | None:
    """Return which field lacks something, and what is said of it."""
    if form.get("answer") not in {"agree", "refuse"}:
        return "answer", message("Please choose an answer.")
    if form["answer"] == "agree" and not form.get("sure"):
        return "sure", message("Please tick this: what has gone back does not come again.")
    if form["answer"] == "refuse" and not form.get("reason", "").strip():
        return "reason", message("Please say why: your client and the operator read it.")
    return None


def _page(
    request: Request, who: SignedIn, refund_id: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    with _database(request).reading() as session:
        refund, escrow = refunds.for_expert(session, who, known(refund_id))
        client = session.get(Client, escrow.payer_client_id)
        context: dict[str, Any] = {"refund": refund, "escrow": escrow, "client": client.name if client else ""}
        context["mission"] = session.get(Mission, escrow.reference)
    context |= {
        "is_in_question": refund.state in refunds.IN_QUESTION,
        "is_sandbox": providers.choose(_database(request), request.app.state.settings).is_sandbox,
        "form": form,
        "faults": faults,
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "payments/refund.html", language_of(request), context, status=status))


def _database(request: Request) -> Database:
    return request.app.state.database
