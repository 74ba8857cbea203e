"""The addresses where operators look after payments that nobody knows what they are for, and those that fall short."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from billing import payments, proposals, providers, wire_matches, wire_queue
from billing.models.escrows import Escrow, Payment
from foundation import audits, clock
from foundation.errors import Invalid
from web import audit_lines, forms, operator_desk
from web.forms import Form
from web.operator_desk import PAGE, known, limit_of

PATH = f"{operator_desk.PATH}/wires"
RECENT = 10
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """List payments that arrived and count for nothing yet, with what they might be for."""
    return _page(request, {}, {})


@router.post("/{payment_id}/assign")
def assign(request: Request, payment_id: str, form: Form) -> Response:
    """Count a payment for what it is for, or propose it to a second operator."""
    operator, limit = operator_desk.operator(request), limit_of(request)

    def work(session: Session) -> object:
        number = form.get("number", "")
        return proposals.assign(session, operator, known(payment_id), number, limit, at=clock.now())

    try:
        return operator_desk.act_on_money(request, PATH, "assigned", work)
    except Invalid as error:
        return _page(request, {**form, "id": payment_id}, forms.faults_by_field(error), status=422)


@router.post("/{payment_id}/return")
def give_back(request: Request, payment_id: str) -> Response:
    """Send a payment back to whoever sent it, or propose it to a second operator."""
    operator, limit = operator_desk.operator(request), limit_of(request)

    def work(session: Session) -> object:
        return proposals.give_back(session, operator, known(payment_id), limit, at=clock.now())

    return operator_desk.act_on_money(request, PATH, "returned", work)


def _page(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    operator_desk.operator(request)
    asked = {name: request.query_params.get(name, "").replace("\0", "").strip()[:100] for name in ("q", "after")}
    with operator_desk.database(request).reading() as session:
        found = wire_queue.waiting(session, query=asked["q"], after=asked["after"], limit=PAGE + 1)
        candidates = wire_matches.awaited(session)
        waiting = proposals.open_about(session, [payment.id for payment in found], at=clock.now())
        context: dict[str, Any] = {
            "rows": [_row(session, payment, candidates, waiting.get(payment.id)) for payment in found[:PAGE]],
            "next_after": found[PAGE - 1].id if len(found) > PAGE else None,
            "partly_paid": wire_queue.partly_paid(session, limit=PAGE),
            "done_before": audit_lines.read(session, audits.entries(session, object_kind=payments.KIND, limit=RECENT)),
            "is_sandbox": providers.choose(operator_desk.database(request), request.app.state.settings).is_sandbox,
        }
    context |= {"asked": asked, "form": form, "faults": faults}
    return operator_desk.page(request, "wires.html", "wires", context, status=status)


def _row(
    session: Session, payment: Payment, candidates: list[wire_matches.Awaited], proposal: object
) -> dict[str, Any]:
    return {
        "payment": payment,
        "escrow": session.get(Escrow, payment.escrow_id) if payment.escrow_id else None,
        "matches": wire_matches.suggest(payment, candidates),
        "proposal": proposal,
    }
