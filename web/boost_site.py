"""The addresses where an expert subscribes to a Boost, pays for it, changes or cancels it (mission rows S3 and B2)."""

from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from accounts.models.experts import Expert
from billing import boost_calls, boost_cards, boost_prices, boosts, providers
from billing.boost_prices import Price
from billing.lifecycle import PaymentState
from billing.models.boosts import BoostCharge
from billing.provider_states import Period
from billing.providers.interface import Browser, CardForm, Declined, Provider
from billing.taxes import Undecided
from foundation import clock, http
from foundation.database import Database
from foundation.errors import Conflict, NotFound, Unreachable
from foundation.settings import Settings
from web import forms
from web.forms import Form
from web.operator_desk import known
from web.pages import boost_plans
from web.rendering import language_of, lead_away, private, render
from web.space_site import Owner, owner_of

PATH = boosts.PATH
CARD = f"{PATH}/card"
BACK = f"{PATH}?charge={{charge_id}}"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(PATH)
def show(request: Request) -> Response:
    """Show what a Boost costs and does, or how the own one stands; who comes back from the bank is looked up."""
    owner = owner_of(request)
    if charge_id := request.query_params.get("charge"):
        _look_up(request, owner, charge_id)
    return _page(request, owner, done=request.query_params.get("done", ""))


@router.post(PATH)
def subscribe(request: Request, form: Form) -> Response:
    """Begin a subscription at the price that was shown, and have the card typed."""
    owner, at = owner_of(request), clock.now()
    plan = _plan(form)
    try:
        with _database(request).writing() as session:
            price = _price(request, session, owner, plan, at)
            if form.get("cents") != str(price.gross_cents):
                raise boost_calls.PriceChanged("another price was shown")
            found = boosts.subscribe(session, owner.signed_in, plan, price.net_cents, at=at)
            card_id = boost_cards.begin(session, found, _provider(request).name, at=at).id
    except (Conflict, Undecided) as error:
        return _page(request, owner, fault=_fault(error), status=409)
    return RedirectResponse(f"{CARD}/{card_id}", status_code=303)


@router.post(CARD)
def change_card(request: Request) -> Response:
    """Have another card typed."""
    owner, at = owner_of(request), clock.now()
    with _database(request).writing() as session:
        found = boosts.of_expert(session, owner.signed_in)
        card_id = boost_cards.begin(session, found, _provider(request).name, at=at).id
    return RedirectResponse(f"{CARD}/{card_id}", status_code=303)


@router.get(f"{CARD}/{{card_id}}")
def show_card(request: Request, card_id: str) -> Response:
    """Lead on to where the card is typed, or show the form that goes to the provider and not to us."""
    owner, card_id = owner_of(request), known(card_id)
    path = f"{CARD}/{card_id}/back"
    try:
        form = boost_calls.open_form(
            _database(request), _provider(request), owner.signed_in, card_id, path, at=clock.now()
        )
    except Conflict:
        return forms.lead_on(PATH)
    except Declined:
        return _page(request, owner, fault="card", status=409)
    if form.url.startswith("/"):
        return RedirectResponse(form.url, status_code=303)
    page = private(render(request, "my/boost_card.html", language_of(request), {"card_form": form}))
    page.headers["Content-Security-Policy"] = card_policy(form)
    return page


@router.get(f"{CARD}/{{card_id}}/back")
def come_back(request: Request, card_id: str) -> Response:
    """Keep the card that was typed, and charge what is to be paid now. Reloading it charges nothing more."""
    owner, card_id = owner_of(request), known(card_id)
    answer = request.url.query.replace("\0", "")
    kept = (_database(request), _provider(request), _settings(request), owner.signed_in, card_id, answer)
    try:
        boost_calls.keep_card(*kept, at=clock.now())
        charge = _pay(request, owner, card_id)
    except Declined:
        return _page(request, owner, fault="card", status=409)
    except (Conflict, Undecided) as error:
        return _page(request, owner, fault=_fault(error), status=409)
    return _lead_on(request, charge) if charge else forms.lead_on(PATH, done="card")


@router.post(f"{PATH}/pay")
def pay(request: Request) -> Response:
    """Pay what is due with the card that is kept, its owner being there."""
    owner = owner_of(request)
    try:
        with _database(request).writing() as session:
            found = boosts.of_expert(session, owner.signed_in)
            under_way = boosts.open_charge(session, found.id)
            card_id = under_way.card_id if under_way else found.card_id
        if card_id is None:
            return forms.lead_on(PATH, done="overtaken")
        charge = _pay(request, owner, card_id)
    except (Conflict, Undecided):
        return forms.lead_on(PATH, done="overtaken")
    return _lead_on(request, charge) if charge else forms.lead_on(PATH)


@router.get(f"{PATH}/change")
def show_change(request: Request) -> Response:
    """Show what another plan costs, to the cent, before it is agreed to."""
    return _change_page(request, owner_of(request))


@router.post(f"{PATH}/change")
def change(request: Request, form: Form) -> Response:
    """Have the other plan begin: a year at once, a month with the next renewal."""
    owner, at, plan = owner_of(request), clock.now(), _plan(form)
    try:
        if plan is Period.YEAR and form.get("when") == "now":
            cents = int(form["cents"]) if form.get("cents", "").isascii() and form.get("cents", "").isdigit() else 0
            here = (_database(request), _provider(request), _settings(request), owner.signed_in)
            return _lead_on(request, boost_calls.upgrade(*here, cents, _browser(request), BACK, at=at))
        with _database(request).writing() as session:
            boosts.choose_next(session, owner.signed_in, plan, boost_prices.of(_settings(request).boost, plan))
    except boost_calls.PriceChanged:
        return _change_page(request, owner, fault="price", status=409)
    except (Conflict, Undecided):
        return forms.lead_on(PATH, done="overtaken")
    return forms.lead_on(PATH, done="plan")


@router.post(f"{PATH}/cancel")
def cancel(request: Request) -> Response:
    """End the subscription with what is paid."""
    owner, at = owner_of(request), clock.now()
    try:
        with _database(request).writing() as session:
            boosts.cancel(session, owner.signed_in, at=at)
    except Conflict:
        return forms.lead_on(PATH, done="overtaken")
    return forms.lead_on(PATH, done="cancelled")


@router.post(f"{PATH}/resume")
def resume(request: Request) -> Response:
    """Take the cancellation back."""
    owner, at = owner_of(request), clock.now()
    try:
        with _database(request).writing() as session:
            boosts.resume(session, owner.signed_in, at=at)
    except Conflict:
        return forms.lead_on(PATH, done="overtaken")
    return forms.lead_on(PATH, done="resumed")


def card_policy(form: CardForm) -> str:
    """Return the policy of a page whose form goes to the provider: nothing else of it is opened."""
    parts = urlsplit(form.url)
    return http.CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}"
    )


def _pay(request: Request, owner: Owner, card_id: str) -> BoostCharge | None:
    here = (_database(request), _provider(request), _settings(request), owner.signed_in)
    return boost_calls.pay(*here, card_id, _browser(request), BACK, at=clock.now())


def _lead_on(request: Request, charge: BoostCharge) -> Response:
    """Lead to the bank's question, or back to where the outcome stands."""
    if charge.state == PaymentState.CHALLENGE and charge.action_url:
        return lead_away(request, charge.action_url, "payments/leave.html")
    done = {PaymentState.SUCCEEDED: "paid", PaymentState.FAILED: "failed"}
    return forms.lead_on(PATH, done=done.get(PaymentState(charge.state), "waiting"))


def _look_up(request: Request, owner: Owner, charge_id: str) -> None:
    """Ask what became of one's own charge, if the provider answers; the outbox does so too."""
    with _database(request).reading() as session:
        charge = session.get(BoostCharge, charge_id) if charge_id.isprintable() else None
    if charge is not None and charge.expert_id == owner.expert_id and charge.state in boosts.OPEN:
        with suppress(Unreachable):
            boost_calls.send(_database(request), _provider(request), [charge.id], clock.now())


def _page(request: Request, owner: Owner, *, fault: str = "", done: str = "", status: int = 200) -> Response:
    settings, now, language = _settings(request), clock.now(), language_of(request)
    policy = request.app.state.pointers.current()["search"].live.policy
    with _database(request).reading() as session:
        expert = session.get(Expert, owner.expert_id)
        if expert is None:
            raise NotFound("this account has no profile")
        found = boost_plans.read(session, settings, expert, now)
    context = boost_plans.context(found, settings, policy, now, language)
    context |= {"fault": fault, "done": done, "is_sandbox": _provider(request).is_sandbox}
    return private(render(request, "my/boost.html", language, context, status=status))


def _change_page(request: Request, owner: Owner, *, fault: str = "", status: int = 200) -> Response:
    settings, now, language = _settings(request), clock.now(), language_of(request)
    try:
        with _database(request).reading() as session:
            context = boost_plans.change(session, settings, owner.expert_id, now, language)
    except (Conflict, Undecided):
        return forms.lead_on(PATH, done="overtaken")
    return private(render(request, "my/boost_change.html", language, {**context, "fault": fault}, status=status))


def _plan(form: dict[str, str]) -> Period:
    try:
        return Period(form.get("plan", ""))
    except ValueError as error:
        raise NotFound("there is no such plan") from error


def _price(request: Request, session: Session, owner: Owner, plan: Period, at: datetime) -> Price:
    settings = _settings(request)
    tax = boost_prices.tax_on(session, owner.expert_id, settings.operator, at.date())
    return Price(boost_prices.of(settings.boost, plan), tax)


def _fault(error: Exception) -> str:
    if isinstance(error, boosts.NotShown):
        return "not_shown"
    if isinstance(error, Undecided):
        return "identity"
    return "price" if isinstance(error, boost_calls.PriceChanged) else "overtaken"


def _browser(request: Request) -> Browser:
    headers = request.headers
    return Browser(
        http.address_of(request),
        headers.get("user-agent", "")[:255],
        headers.get("accept", "text/html")[:255],
        language_of(request),
    )


def _settings(request: Request) -> Settings:
    return request.app.state.settings


def _provider(request: Request) -> Provider:
    return providers.choose(_database(request), _settings(request))


def _database(request: Request) -> Database:
    return request.app.state.database
