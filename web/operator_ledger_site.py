"""The address where operators see what the ledger comes to, and look at where the provider says something else."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from billing import ledger_differences, ledger_statements, providers
from foundation import clock
from web import operator_desk
from web.forms import Form
from web.operator_desk import PAGE, known

LEDGER = f"{operator_desk.PATH}/ledger"
router = APIRouter(prefix=operator_desk.PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/ledger")
def show_ledger(request: Request) -> Response:
    """Show differences that nobody has looked at, the latest others, and what all accounts come to."""
    operator_desk.operator(request)
    database = operator_desk.database(request)
    with database.reading() as session:
        context = {
            "waiting": ledger_differences.waiting(session, limit=PAGE),
            "others": ledger_differences.looked_at(session, limit=PAGE),
            "sums": ledger_statements.balances(session),
            "own": ledger_differences.OWN,
            "documents": ledger_differences.DOCUMENTS,
            "is_sandbox": providers.choose(database, request.app.state.settings).is_sandbox,
        }
        return operator_desk.page(request, "ledger.html", "ledger", context)


@router.post("/ledger/{difference_id}/look")
def look(request: Request, difference_id: str, form: Form) -> Response:
    """Note that somebody looked at a difference, and what they say."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            note = form.get("note", "")
            ledger_differences.look_at(session, known(difference_id), note, operator.actor, at=clock.now())

    return operator_desk.act(LEDGER, "looked", work)
