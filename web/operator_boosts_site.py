"""The address where operators see who subscribes to a Boost, what that comes to, and what has to go back by hand."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts.models.experts import Expert
from billing import boost_chargebacks, boost_figures, providers
from billing.boost_prices import CURRENCY
from billing.lifecycle import BoostState
from billing.provider_states import Period
from foundation import clock
from foundation.i18n import translate
from web import operator_desk
from web.operator_desk import PAGE
from web.pages.boost_plans import PLANS, STATES
from web.rendering import language_of

PATH = f"{operator_desk.PATH}/boosts"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """List subscriptions, all or those of one state."""
    operator_desk.operator(request)
    language, database = language_of(request), operator_desk.database(request)
    asked = request.query_params.get("state", "")
    state = asked if asked in set(BoostState) else ""
    names = {one.value: translate(language, text) for one, text in STATES.items()}
    with database.reading() as session:
        strays = boost_figures.strays(session, limit=PAGE)
        context = {
            "figures": boost_figures.figures(session, clock.now()),
            "rows": boost_figures.listed(session, state, limit=PAGE),
            "strays": [(charge, session.get(Expert, charge.expert_id)) for charge in strays],
            # A charge ends on the first day that it does not pay for.
            "taken_back": [
                (found, charge, expert, charge.ends_on - timedelta(days=1))
                for found, charge, expert in boost_chargebacks.waiting(session, limit=PAGE)
            ],
            "chosen": state,
            "state_names": names,
            "plan_names": {plan.value: translate(language, PLANS[Period(plan)]) for plan in PLANS},
            "currency": CURRENCY,
            "is_sandbox": providers.choose(database, request.app.state.settings).is_sandbox,
        }
        return operator_desk.page(request, "boosts.html", "boosts", context)
