"""The addresses where a client pays what is due, sees what came, and asks for money back (mission rows S20, S25)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import chargebacks, escrows, payments, provider_calls, providers, refunds, working_days
from billing.lifecycle import EscrowState, PaymentState
from billing.models.escrows import Escrow, Refund
from booking.models.missions import Mission
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from web import forms
from web import sign_ins as edge
from web.forms import Form
from web.operator_desk import known
from web.pages import payment_requests
from web.rendering import PARIS, language_of, lead_away, private, render

PATH = "/payments"
CLIENTS = (AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT)
_UNDER_WAY = frozenset({PaymentState.CREATED, PaymentState.CHALLENGE})
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/{reference}")
def show(request: Request, reference: str) -> Response:
    """Show what is due, how to pay it, and what came."""
    who = edge.required(request, *CLIENTS)
    if paid := request.query_params.get("paid"):
        with _database(request).writing() as session:
            payments.look_up(session, who, paid)
    return _page(request, who, reference, {}, {})


@router.post("/{reference}/card")
def pay_by_card(request: Request, reference: str) -> Response:
    """Lead on to the provider's page, where the card is typed."""
    who = payer_of(request, reference)
    back = f"{PATH}/{reference}?paid={{payment_id}}"
    provider = providers.choose(_database(request), request.app.state.settings)
    try:
        url = provider_calls.begin_card(
            _database(request), provider, who, reference, back, language_of(request), at=clock.now()
        )
    except Conflict:
        return forms.lead_on(f"{PATH}/{reference}", done="overtaken")
    return lead_away(request, url, "payments/leave.html")


@router.post("/{reference}/refund")
def ask_refund(request: Request, reference: str, form: Form) -> Response:
    """Ask for money back: the expert is asked by mail."""
    who = payer_of(request, reference)
    try:
        with _database(request).writing() as session:
            escrow = escrows.take(session, escrows.for_payer(session, who, reference).id)
            cents, explanation = refunds.check_ask(escrow, form, language_of(request))
            refunds.ask(session, who, reference, cents, explanation, at=clock.now())
    except Invalid as error:
        return _page(request, who, reference, form, forms.faults_by_field(error), status=422)
    except Conflict:
        return forms.lead_on(f"{PATH}/{reference}", done="overtaken")
    return forms.lead_on(f"{PATH}/{reference}", done="asked")


@router.post("/{reference}/refund/{refund_id}/withdraw")
def withdraw_refund(request: Request, reference: str, refund_id: str) -> Response:
    """Take a request for money back."""
    who = payer_of(request, reference)
    try:
        with _database(request).writing() as session:
            refunds.withdraw(session, who, known(refund_id), at=clock.now())
    except Conflict:
        return forms.lead_on(f"{PATH}/{reference}", done="overtaken")
    return forms.lead_on(f"{PATH}/{reference}", done="withdrawn")


def payer_of(request: Request, reference: str) -> SignedIn:
    """Return who sends a request, if they may move money for the client that pays; raise NotFound."""
    who = edge.required(request, *CLIENTS)
    with _database(request).reading() as session:
        escrows.for_payer(session, who, known(reference))
    if not escrows.may_pay(who):
        raise NotFound("this is for owners, buyers and accountants")
    return who


def _page(
    request: Request, who: SignedIn, reference: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    provider = providers.choose(_database(request), request.app.state.settings)
    with _database(request).reading() as session:
        escrow = escrows.for_payer(session, who, known(reference))
        context: dict[str, Any] = {
            "escrow": escrow,
            "amounts": escrow.amounts,
            "wire": provider_calls.wire_details(session, escrow, provider),
            "payments": payments.of(session, escrow),
            "refunds": refunds.of(session, escrow),
            "taken": {one.payment_id: one.cents for one in chargebacks.of(session, escrow) if not one.back_cents},
            "asked": _in_question(session, escrow),
            "mission": session.get(Mission, escrow.reference),
            "may_pay": escrows.may_pay(who),
            "may_ask": _may_ask(escrow),
        }
    context["picture"] = payment_requests.picture(context["wire"], escrow.amounts.missing, escrow.currency)
    paid = next((payment for payment in context["payments"] if payment.id == request.query_params.get("paid")), None)
    context |= {
        "seen_on": working_days.wire_seen_on(clock.now().astimezone(PARIS).date()),
        "is_sandbox": provider.is_sandbox,
        "paid": paid,
        "is_waiting": paid is not None and paid.state in _UNDER_WAY,
        "form": {"amount": f"{min(escrow.amounts.held, escrow.due_cents) / 100:.2f}", **form},
        "faults": faults,
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "payments/payment.html", language_of(request), context, status=status))


def _may_ask(escrow: Escrow) -> bool:
    """Tell whether a refund may be asked for: once all was held, and until the work is approved."""
    is_open = escrow.state in {EscrowState.HELD, EscrowState.AWAITING}
    return is_open and escrow.held_at is not None and escrow.approved_at is None


def _in_question(session: Session, escrow: Escrow) -> Refund | None:
    found = refunds.of(session, escrow)
    return next((refund for refund in found if refund.state in refunds.IN_QUESTION), None)


def _database(request: Request) -> Database:
    return request.app.state.database
