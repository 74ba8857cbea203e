"""The addresses of all that a client pays: by month, mission by mission, and as a table to download."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts.sign_ins import SignedIn
from billing import last_months, providers
from foundation import clock
from foundation.database import Database
from foundation.errors import NotFound
from web import sign_ins, spreadsheets
from web.pages import spendings as pages
from web.payment_site import CLIENTS, PATH
from web.rendering import language_of, private, render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(PATH)
def show(request: Request) -> Response:
    """Show what a client paid, what is held and what was released."""
    client_id, language = client_of(sign_ins.required(request, *CLIENTS)), language_of(request)
    with _database(request).reading() as session:
        context = pages.context(session, client_id, language, clock.now().astimezone(last_months.ZONE).date())
    context["is_sandbox"] = providers.choose(_database(request), request.app.state.settings).is_sandbox
    return private(render(request, "payments/all.html", language, context))


@router.get(f"{PATH}.csv")
def download(request: Request) -> Response:
    """Give the months as a table."""
    client_id, language = client_of(sign_ins.required(request, *CLIENTS)), language_of(request)
    today = clock.now().astimezone(last_months.ZONE).date()
    with _database(request).reading() as session:
        rows = list(pages.rows(session, client_id, language, today))
    answer = spreadsheets.answer(f"portulan-payments-{today}.csv", rows, language)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def client_of(who: SignedIn) -> str:
    """Return for whom somebody acts; raise NotFound for who acts for nobody."""
    if who.client_id is None:
        raise NotFound("this account acts for nobody")
    return who.client_id


def _database(request: Request) -> Database:
    return request.app.state.database
