"""The addresses where operators follow refunds, and look after wires that nobody knows what they are for."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts import accounts
from accounts.models.accounts import Client
from billing import payments, providers, refund_parts, refunds
from billing.lifecycle import RefundState
from billing.models.escrows import Escrow, Refund
from foundation import clock
from foundation.errors import Conflict, Invalid
from web import forms, operator_desk
from web.forms import Form
from web.operator_desk import PAGE, known
from web.rendering import language_of

REFUNDS = f"{operator_desk.PATH}/refunds"
WIRES = f"{operator_desk.PATH}/wires"
router = APIRouter(prefix=operator_desk.PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/refunds")
def show_refunds(request: Request) -> Response:
    """List refunds that are not over: who asks, what the expert says, what the provider could not send."""
    operator_desk.operator(request)
    with operator_desk.database(request).reading() as session:
        rows = [_case(session, refund, escrow) for refund, escrow in refunds.queue(session, limit=PAGE)]
    return operator_desk.page(request, "refunds.html", "refunds", {"rows": rows, **_shared(request)})


@router.post("/refunds/{refund_id}/remind")
def remind(request: Request, refund_id: str) -> Response:
    """Ask the expert once more."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            if not refunds.remind(session, known(refund_id), at=clock.now(), actor=operator.actor):
                raise Conflict("there is nothing to ask any more")

    return operator_desk.act(REFUNDS, "reminded", work)


@router.post("/refunds/{refund_id}/retry")
def retry(request: Request, refund_id: str) -> Response:
    """Try again to send money back."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            refunds.retry(session, known(refund_id), operator.actor, at=clock.now())

    return operator_desk.act(REFUNDS, "refund-retried", work)


@router.get("/wires")
def show_wires(request: Request) -> Response:
    """List payments that arrived and count for nothing yet."""
    return _wires(request, {}, {})


@router.post("/wires/{payment_id}/assign")
def assign(request: Request, payment_id: str, form: Form) -> Response:
    """Count a payment for what it is for."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            number, language = form.get("number", ""), language_of(request)
            payments.assign(session, known(payment_id), number, language, operator.actor, at=clock.now())

    try:
        return operator_desk.act(WIRES, "assigned", work)
    except Invalid as error:
        return _wires(request, {**form, "id": payment_id}, forms.faults_by_field(error), status=422)


@router.post("/wires/{payment_id}/return")
def give_back(request: Request, payment_id: str) -> Response:
    """Send a payment back to whoever sent it."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            payments.give_back(session, known(payment_id), operator.actor, at=clock.now())

    return operator_desk.act(WIRES, "returned", work)


def _wires(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    operator_desk.operator(request)
    with operator_desk.database(request).reading() as session:
        found = payments.unmatched(session, limit=PAGE)
        rows = [(payment, session.get(Escrow, payment.escrow_id) if payment.escrow_id else None) for payment in found]
    context = {"rows": rows, "form": form, "faults": faults, **_shared(request)}
    return operator_desk.page(request, "wires.html", "wires", context, status=status)


def _case(session: Session, refund: Refund, escrow: Escrow | None) -> dict[str, Any]:
    client = session.get(Client, escrow.payer_client_id) if escrow else None
    expert = accounts.owner_of(session, escrow.payee_expert_id) if escrow else None
    failures = [part.failure for part in refund_parts.parts(session, refund.id) if part.failure]
    return {
        "refund": refund,
        "escrow": escrow,
        "client": client.name if client else "",
        "expert": expert,
        "failure": failures[-1] if failures else "",
        "can_remind": refund.state in refunds.IN_QUESTION,
        "can_retry": refund.state == RefundState.FAILED,
    }


def _shared(request: Request) -> dict[str, Any]:
    return {"is_sandbox": providers.choose(operator_desk.database(request), request.app.state.settings).is_sandbox}
