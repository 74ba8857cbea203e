"""The addresses of statements of account: an expert's, and a client's (mission rows S24, B6)."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from billing import accounting_entries, accounting_exports, providers, statement_periods
from billing.accounting_entries import Book
from billing.statement_periods import Period
from billing.statements import Side
from foundation import clock
from foundation.database import Database
from foundation.errors import Invalid, NotFound
from web import sign_ins, spreadsheets
from web.pages import statements as pages
from web.payment_site import CLIENTS
from web.rendering import language_of, private, render
from web.space_site import owner_of
from web.spending_site import client_of

OF_EXPERT, OF_CLIENT = "/my/statements", "/payments/statements"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(OF_EXPERT)
def show_experts(request: Request) -> Response:
    """Show what was released to an expert and paid out, in a month or a year."""
    return _page(request, Side.EXPERT, owner_of(request).expert_id, "my/statements.html", OF_EXPERT)


@router.get(OF_CLIENT)
def show_clients(request: Request) -> Response:
    """Show what a client paid, what is held, and where it went."""
    client_id = client_of(sign_ins.required(request, *CLIENTS))
    return _page(request, Side.CLIENT, client_id, "payments/statements.html", OF_CLIENT)


@router.get(f"{OF_EXPERT}.csv")
def download_experts(request: Request) -> Response:
    """Give an expert's accountant what is booked in a period."""
    return _file(request, Book(Side.EXPERT, owner_of(request).expert_id))


@router.get(f"{OF_CLIENT}.csv")
def download_clients(request: Request) -> Response:
    """Give a client's accountant what is booked in a period."""
    return _file(request, Book(Side.CLIENT, client_of(sign_ins.required(request, *CLIENTS))))


def period_of(request: Request) -> Period:
    """Return the period that an address names, or today's month; raise NotFound where it names none."""
    said = request.query_params.get("period", "")
    if not said:
        return statement_periods.month_of(clock.now())
    try:
        return statement_periods.read(said)
    except Invalid as error:
        raise NotFound("there is no such period") from error


def _file(request: Request, book: Book) -> Response:
    period, currency = period_of(request), request.query_params.get("currency", accounting_exports.EURO)
    database: Database = request.app.state.database
    with database.reading() as session:
        if currency not in {accounting_exports.EURO, *accounting_entries.currencies(session, book)}:
            raise NotFound("nothing was booked in this currency")
        rows = list(accounting_exports.rows(session, book, period, currency))
    # The columns are those of a French format, and so is how it is written, whoever reads it.
    answer = spreadsheets.answer(f"portulan-entries-{period.said}-{currency}.csv", rows, "fr")
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _page(request: Request, side: Side, party_id: str, template: str, path: str) -> Response:
    language, period = language_of(request), period_of(request)
    database: Database = request.app.state.database
    with database.reading() as session:
        context = pages.context(session, side, party_id, period, language, clock.now())
        whose = accounting_entries.names_of(session, [party_id]).get(party_id, "")
    settings = request.app.state.settings
    shown = {"path": path, "operator": settings.operator, "whose": whose}
    context |= {**shown, "is_sandbox": providers.choose(database, settings).is_sandbox}
    return private(render(request, template, language, context))
