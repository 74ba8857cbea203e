"""The addresses where operators follow refunds, and see a mission's money on one page."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts import accounts
from accounts.models.accounts import Client
from billing import chargebacks, escrows, proposals, providers, refund_parts, refunds
from billing.lifecycle import RefundState
from billing.models.escrows import Escrow, Refund
from foundation import clock
from foundation.errors import Conflict
from web import operator_desk
from web.operator_desk import PAGE, known, limit_of
from web.pages import mission_money
from web.rendering import language_of

REFUNDS = f"{operator_desk.PATH}/refunds"
router = APIRouter(prefix=operator_desk.PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/refunds")
def show_refunds(request: Request) -> Response:
    """List refunds that are not over: who asks, what the expert says, what the provider could not send."""
    operator_desk.operator(request)
    with operator_desk.database(request).reading() as session:
        found = refunds.queue(session, limit=PAGE)
        proposed = proposals.open_about(session, [refund.id for refund, _ in found], at=clock.now())
        rows = [{**_case(session, refund, escrow), "is_proposed": refund.id in proposed} for refund, escrow in found]
        taken = chargebacks.queue(session, limit=PAGE)
    context = {"rows": rows, "chargebacks": taken, **_shared(request)}
    return operator_desk.page(request, "refunds.html", "refunds", context)


@router.get("/money/{reference}")
def show_money(request: Request, reference: str) -> Response:
    """Show all that is known of one escrow: sums, payments, refunds, and what happened when."""
    operator_desk.operator(request)
    with operator_desk.database(request).reading() as session:
        context = mission_money.context(session, escrows.of(session, known(reference)), language_of(request))
    return operator_desk.page(request, "money.html", "money", {**context, **_shared(request)})


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
    """Try again to send money back, or propose it to a second operator."""
    operator, limit = operator_desk.operator(request), limit_of(request)

    def work(session: Session) -> object:
        return proposals.retry(session, operator, known(refund_id), limit, at=clock.now())

    return operator_desk.act_on_money(request, REFUNDS, "refund-retried", work)


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
