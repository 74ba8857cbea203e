"""The simulated provider's pages at which somebody keeps a card, or confirms a charge or a bank account.

Only whose it is is let in: a client, or an expert.
"""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing.lifecycle import PaymentState
from billing.models.provider_parties import ProviderUser
from billing.models.sandbox import SandboxCard, SandboxRecipient, SandboxSubscription, SandboxTransaction, SandboxUser
from billing.provider_states import RecipientState
from billing.providers import sandbox, sandbox_payouts, sandbox_subscriptions
from billing.providers.sandbox_cards import KEPT_CARDS, LATER_FAILS
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from foundation.i18n import message, translate
from web import sign_ins as edge
from web.forms import Form
from web.operator_desk import known
from web.rendering import language_of, private, render
from web.sandbox_site import PATH, in_play

_OWNERS = (AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT, AccountKind.EXPERT)
router = APIRouter(
    prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse, dependencies=[Depends(in_play)]
)


@router.get("/kept-card/{kept_id}")
def show_card(request: Request, kept_id: str) -> Response:
    """Show where a card is typed that is charged later."""
    card = _card(request, kept_id)
    return _page(request, "card", card.return_path, is_open=card.number is None)


@router.post("/kept-card/{kept_id}")
def keep_card(request: Request, kept_id: str, form: Form) -> Response:
    """Keep a card, and lead back."""
    card, is_ours = _card(request, kept_id), True
    with suppress(Conflict), _database(request).writing() as session:
        is_ours = sandbox_subscriptions.type_card(session, card.id, form.get("number", ""))
    if not is_ours:
        fault = {"number": translate(language_of(request), message("This is none of the sandbox’s cards."))}
        return _page(request, "card", card.return_path, is_open=True, form=form, faults=fault)
    return RedirectResponse(card.return_path, status_code=303)


@router.get("/charge/{charge_id}")
def show_charge(request: Request, charge_id: str) -> Response:
    """Show what the payer's bank asks about the first charge."""
    charge = _charge(request, charge_id)
    return _page(request, "charge", charge.return_path, is_open=charge.state == PaymentState.CHALLENGE)


@router.post("/charge/{charge_id}")
def answer_charge(request: Request, charge_id: str, form: Form) -> Response:
    """Answer the bank, and lead back."""
    charge = _charge(request, charge_id)
    with suppress(Conflict), _database(request).writing() as session:
        sandbox.answer_challenge(session, charge.id, is_confirmed=form.get("answer") == "yes")
    return RedirectResponse(charge.return_path, status_code=303)


@router.get("/recipient/{recipient_id}")
def show_recipient(request: Request, recipient_id: str) -> Response:
    """Ask whether a bank account is to be paid to."""
    found = _recipient(request, recipient_id)
    return _page(request, "recipient", found.return_path, is_open=found.state == RecipientState.PENDING)


@router.post("/recipient/{recipient_id}")
def answer_recipient(request: Request, recipient_id: str, form: Form) -> Response:
    """Take the answer, and lead back."""
    found = _recipient(request, recipient_id)
    with suppress(Conflict), _database(request).writing() as session:
        sandbox_payouts.answer_recipient(session, found.id, is_confirmed=form.get("answer") == "yes")
    return RedirectResponse(found.return_path or "/", status_code=303)


def _card(request: Request, card_id: str) -> SandboxCard:
    who = edge.required(request, *_OWNERS)
    with _database(request).reading() as session:
        found = sandbox_subscriptions.find_card_to_keep(session, known(card_id))
        _check(session, who, found.user_id)
    return found


def _charge(request: Request, charge_id: str) -> SandboxTransaction:
    who = edge.required(request, *_OWNERS)
    with _database(request).reading() as session:
        found = sandbox.find_card(session, known(charge_id))
        subscription = session.get(SandboxSubscription, found.subscription_id)
        if subscription is None:
            raise NotFound("this is no charge of a subscription")
        _check(session, who, session.get_one(SandboxCard, subscription.card_id).user_id)
    return found


def _recipient(request: Request, recipient_id: str) -> SandboxRecipient:
    who = edge.required(request, *_OWNERS)
    with _database(request).reading() as session:
        found = sandbox_payouts.find_recipient(session, known(recipient_id))
        _check(session, who, found.user_id)
    return found


def _check(session: Session, who: SignedIn, user_id: str) -> None:
    """Raise NotFound unless somebody is, or acts for, a user of the provider."""
    user = session.get(SandboxUser, user_id)
    party = session.get(ProviderUser, user.key) if user else None
    if party is None or party.party_id not in {who.client_id, who.expert_id}:
        raise NotFound("this is somebody else's")


def _page(
    request: Request,
    subject: str,
    return_path: str,
    *,
    is_open: bool,
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    context: dict[str, Any] = {
        "subject": subject,
        "is_open": is_open,
        "cards": KEPT_CARDS,
        "later_fails": LATER_FAILS,
        "return_path": return_path or "/",
        "form": form or {},
        "faults": faults or {},
    }
    status = 422 if faults else 200
    return private(render(request, "payments/sandbox_owner.html", language_of(request), context, status=status))


def _database(request: Request) -> Database:
    return request.app.state.database
