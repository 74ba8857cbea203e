"""The simulated provider's own pages: where a card is typed, and a payer's bank. No money moves on either.

Only whoever may pay for a client is let in, so that nobody plays with what is another's.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from accounts.sign_ins import SignedIn
from billing import escrows, payments, provider_calls, providers, refunds
from billing.lifecycle import PaymentState
from billing.models.escrows import Escrow, Payment
from billing.models.sandbox import SandboxTransaction
from billing.providers import sandbox, sandbox_chargebacks
from billing.providers.interface import PAYIN, Resource
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from foundation.i18n import message, translate
from web import forms
from web import sign_ins as edge
from web.forms import Form
from web.operator_desk import known
from web.payment_site import CLIENTS
from web.rendering import language_of, private, render

PATH = "/sandbox"
BANK = f"{PATH}/bank"
WAYS = ("once", "twice", "late", "nameless")
LONGEST_TEXT = 140
"""Characters of a SEPA transfer's remittance information."""


def in_play(request: Request) -> None:
    """Raise NotFound where money is real."""
    if not providers.choose(_database(request), request.app.state.settings).is_sandbox:
        raise NotFound("no money is played with here")


router = APIRouter(
    prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse, dependencies=[Depends(in_play)]
)


@router.get("/card/{transaction_id}")
def show_card(request: Request, transaction_id: str) -> Response:
    """Show the page where a card is typed, or where the payer's bank asks whether it is really them."""
    who = edge.required(request, *CLIENTS)
    with _database(request).reading() as session:
        found = _card(session, who, transaction_id)
    context = {"card": found, "cards": sandbox.CARDS, "state": found.state, "form": {}, "faults": {}}
    return private(render(request, "payments/sandbox_card.html", language_of(request), context))


@router.post("/card/{transaction_id}")
def pay(request: Request, transaction_id: str, form: Form) -> Response:
    """Try a card, and lead back, or to the bank's question."""
    who = edge.required(request, *CLIENTS)
    with _database(request).reading() as session:
        found = _card(session, who, transaction_id)
    try:
        with _database(request).writing() as session:
            state = sandbox.pay_by_card(session, found.id, form.get("number", ""))
    except Conflict:
        return RedirectResponse(found.return_path, status_code=303)
    _tell(request, found.id)
    is_asked = state is PaymentState.CHALLENGE
    return RedirectResponse(f"{PATH}/card/{found.id}" if is_asked else found.return_path, status_code=303)


@router.post("/card/{transaction_id}/challenge")
def answer_challenge(request: Request, transaction_id: str, form: Form) -> Response:
    """Answer the bank's question."""
    who = edge.required(request, *CLIENTS)
    with _database(request).reading() as session:
        found = _card(session, who, transaction_id)
    with suppress(Conflict), _database(request).writing() as session:
        sandbox.answer_challenge(session, found.id, is_confirmed=form.get("answer") == "yes")
    _tell(request, found.id)
    return RedirectResponse(found.return_path, status_code=303)


@router.post("/card/{transaction_id}/take-back")
def take_back(request: Request, transaction_id: str) -> Response:
    """Have the payer's bank take a card payment back."""
    who = _payer(request)
    with _database(request).reading() as session:
        found = _card(session, who, transaction_id)
    return _play(lambda: _database(request).write(lambda session: _take_back(session, found.id)), "taken")


@router.post("/card/{transaction_id}/decide")
def decide(request: Request, transaction_id: str, form: Form) -> Response:
    """Have the bank decide on what it took back."""
    who, is_won = _payer(request), form.get("answer") == "won"
    with _database(request).reading() as session:
        taken = sandbox_chargebacks.of(session, _card(session, who, transaction_id).id)

    def work(session: Session) -> None:
        for one in taken:
            sandbox_chargebacks.decide(session, one.id, is_won=is_won)

    return _play(lambda: _database(request).write(work), "decided")


@router.get("/bank")
def show_bank(request: Request) -> Response:
    """Show the payer's bank."""
    given = {"text": request.query_params.get("text", ""), "amount": request.query_params.get("amount", "")}
    return _bank(request, _payer(request), {"how": "once", **given}, {})


@router.post("/bank")
def send(request: Request, form: Form) -> Response:
    """Send a wire: at once, twice, late, or without what it is for."""
    who, language = _payer(request), language_of(request)
    cents = refunds.read_cents(form.get("amount", ""))
    text, how = " ".join(form.get("text", "").split()), form.get("how", "")
    faults: dict[str, str] = {}
    if not cents:
        faults["amount"] = translate(language, message("An amount such as 1200.50 is expected."))
    if how not in WAYS:
        faults["how"] = translate(language, message("Please choose one of these."))
    if len(text) > LONGEST_TEXT or (not text and how != "nameless"):
        reason = message("What it is for, in at most %(most)d characters.")
        faults["text"] = translate(language, reason, most=LONGEST_TEXT)
    if faults or not cents:
        return _bank(request, who, form, faults, status=422)
    written = "" if how == "nameless" else text
    with _database(request).writing() as session:
        for _ in range(2 if how == "twice" else 1):
            sandbox.send_wire(session, str(who.client_id), written, cents, "EUR", at=clock.now(), is_late=how == "late")
    return forms.lead_on(BANK, done="late" if how == "late" else "sent", text=text, amount=form["amount"])


@router.post("/bank/arrive")
def let_arrive(request: Request) -> Response:
    """Let one's own late wires arrive now, without waiting for their day."""
    who = _payer(request)
    with _database(request).writing() as session:
        sandbox.let_arrive(session, at=clock.now(), client_id=who.client_id)
    return forms.lead_on(BANK, done="arrived")


def _take_back(session: Session, transaction_id: str) -> None:
    sandbox_chargebacks.take(session, transaction_id, at=clock.now())


def _play(work: Callable[[], object], done: str) -> Response:
    try:
        work()
    except Conflict:
        done = "overtaken"
    return forms.lead_on(BANK, done=done)


def _tell(request: Request, transaction_id: str) -> None:
    """Tell at once what became of a card, so that whoever comes back sees it; the outbox tells it once more."""
    provider = providers.choose(_database(request), request.app.state.settings)
    key = Resource(provider.name, PAYIN, transaction_id).key
    provider_calls.hear(_database(request), provider, [key], clock.now())


def _payer(request: Request) -> SignedIn:
    who = edge.required(request, *CLIENTS)
    if not escrows.may_pay(who):
        raise NotFound("this is for owners, buyers and accountants")
    return who


def _card(session: Session, who: SignedIn, transaction_id: str) -> SandboxTransaction:
    """Return a card payment of one's own client; raise NotFound."""
    found = sandbox.find_card(session, known(transaction_id))
    payment = session.get(Payment, found.key)
    escrow = session.get(Escrow, payment.escrow_id) if payment else None
    if escrow is None or escrow.payer_client_id != who.client_id or not escrows.may_pay(who):
        raise NotFound("there is no such card payment")
    return found


def _bank(
    request: Request, who: SignedIn, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    with _database(request).reading() as session:
        under_way = sandbox.under_way(session, client_id=who.client_id)
        cards = sandbox_chargebacks.cards_of(session, payments.card_ids(session, str(who.client_id)))
    context: dict[str, Any] = {
        "under_way": under_way,
        "cards": cards,
        "form": form,
        "faults": faults,
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "payments/sandbox_bank.html", language_of(request), context, status=status))


def _database(request: Request) -> Database:
    return request.app.state.database
