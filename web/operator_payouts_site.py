"""The address where operators see what was released and is not paid out, with why, and have it tried again."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts import accounts
from billing import payout_queues, providers
from billing.payout_queues import Case
from foundation import clock
from foundation.i18n import Language, translate
from web import operator_desk, payout_texts
from web.operator_desk import PAGE, known
from web.rendering import language_of

PAYOUTS = f"{operator_desk.PATH}/payouts"
router = APIRouter(prefix=operator_desk.PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/payouts")
def show(request: Request) -> Response:
    """List what waits or failed, what failed first."""
    operator_desk.operator(request)
    database = operator_desk.database(request)
    with database.reading() as session:
        rows = [_row(session, case, language_of(request)) for case in payout_queues.waiting(session, limit=PAGE)]
    is_sandbox = providers.choose(database, request.app.state.settings).is_sandbox
    return operator_desk.page(request, "payouts.html", "payouts", {"rows": rows, "is_sandbox": is_sandbox})


@router.post("/payouts/{transfer_id}/retry")
def retry(request: Request, transfer_id: str) -> Response:
    """Have the provider asked once more: for the transfer, or for its payout to the same account."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            payout_queues.retry(session, known(transfer_id), operator.actor, at=clock.now())

    return operator_desk.act(PAYOUTS, "payout-retried", work)


def _row(session: Session, case: Case, language: Language) -> dict[str, Any]:
    return {
        "case": case,
        "expert": accounts.owner_of(session, case.transfer.payee_expert_id),
        "waits": [translate(language, payout_texts.WAITS[wait]) for wait in case.waits],
    }
