"""The address where operators see which validated missions wait for their invoices, and have them tried again."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from booking import invoice_holds, mission_news
from foundation import clock
from web import operator_desk
from web.operator_desk import PAGE, known
from web.rendering import language_of

PATH = f"{operator_desk.PATH}/invoices"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """List them, the longest waiting first, with what is wrong and how to mend it."""
    operator_desk.operator(request)
    language = language_of(request)
    with operator_desk.database(request).reading() as session:
        context = {
            "waiting": [
                {
                    "hold": hold,
                    "mission": mission,
                    "expert": mission_news.expert_name(session, mission),
                    "client": mission_news.client_name(session, mission),
                    "failures": invoice_holds.failures(hold, language),
                }
                for hold, mission in invoice_holds.waiting(session, limit=PAGE)
            ]
        }
        return operator_desk.page(request, "invoices.html", "invoices", context)


@router.post("/{mission_id}/try")
def try_again(request: Request, mission_id: str) -> Response:
    """Have new drafts made and checked."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            invoice_holds.try_again(session, known(mission_id), operator.actor, at=clock.now())

    return operator_desk.act(PATH, "tried", work)
