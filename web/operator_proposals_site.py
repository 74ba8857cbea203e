"""The addresses where a second operator confirms or declines what one proposed to do with money."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import Account
from accounts.sign_ins import SignedIn
from billing import proposals, providers
from billing.models.escrows import Escrow, Payment, Refund
from billing.models.proposals import MoneyProposal
from foundation import clock
from foundation.errors import Invalid
from web import forms, operator_desk
from web.forms import Form
from web.operator_desk import PAGE, known, limit_of

PATH = f"{operator_desk.PATH}/proposals"
SHOWN_DECIDED = 20
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """List what waits for a second operator, and what became of the last ones."""
    return _page(request, operator_desk.operator(request), {}, {})


@router.post("/{proposal_id}/confirm")
def confirm(request: Request, proposal_id: str) -> Response:
    """Do what another operator proposed."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            proposals.confirm(session, operator, known(proposal_id), at=clock.now())

    return operator_desk.act(PATH, "confirmed", work)


@router.post("/{proposal_id}/decline")
def decline(request: Request, proposal_id: str, form: Form) -> Response:
    """Refuse what another operator proposed."""
    operator, limit = operator_desk.operator(request), limit_of(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            proposals.decline(session, operator, known(proposal_id), form.get("reason", ""), limit, at=clock.now())

    try:
        return operator_desk.act(PATH, "declined", work)
    except Invalid as error:
        return _page(request, operator, {**form, "id": proposal_id}, forms.faults_by_field(error), status=422)


@router.post("/{proposal_id}/withdraw")
def withdraw(request: Request, proposal_id: str) -> Response:
    """Take back what one proposed oneself."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            proposals.withdraw(session, operator, known(proposal_id), at=clock.now())

    return operator_desk.act(PATH, "undone", work)


def _page(
    request: Request, operator: SignedIn, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    with operator_desk.database(request).reading() as session:
        context: dict[str, Any] = {
            "rows": [_row(session, one) for one in proposals.open_ones(session, at=clock.now(), limit=PAGE)],
            "decided": [_row(session, one) for one in proposals.decided(session, limit=SHOWN_DECIDED)],
            "is_sandbox": providers.choose(operator_desk.database(request), request.app.state.settings).is_sandbox,
        }
    context |= {"operator_id": operator.account_id, "limit_cents": limit_of(request).cents}
    context |= {"form": form, "faults": faults}
    return operator_desk.page(request, "proposals.html", "proposals", context, status=status)


def _row(session: Session, proposal: MoneyProposal) -> dict[str, Any]:
    return {
        "proposal": proposal,
        "payment": session.get(Payment, proposal.payment_id) if proposal.payment_id else None,
        "refund": session.get(Refund, proposal.refund_id) if proposal.refund_id else None,
        "escrow": session.get(Escrow, proposal.escrow_id) if proposal.escrow_id else None,
        "proposed_by": session.get(Account, proposal.proposed_by),
        "decided_by": session.get(Account, proposal.decided_by) if proposal.decided_by else None,
    }
