"""The address where operators see which validated missions wait for their invoices, and have them tried again."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from booking import invoice_holds, mission_news
from foundation import clock
from foundation.errors import Invalid
from web import forms, operator_desk
from web.forms import Form
from web.operator_desk import PAGE, known
from web.rendering import language_of

PATH = f"{operator_desk.PATH}/invoices"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """List them, the longest waiting first, with what is wrong and how to mend it."""
    operator_desk.operator(request)
    return _page(request, {}, {})


def _page(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    language = language_of(request)
    with operator_desk.database(request).reading() as session:
        context = {
            "waiting": [
                {
                    "hold": hold,
                    "mission": mission,
                    "expert": mission_news.expert_name(session, mission),
                    "client": mission_news.client_name(session, mission),
                    "needs_rate": invoice_holds.needs_rate(hold),
                    "failures": invoice_holds.failures(hold, language),
                }
                for hold, mission in invoice_holds.waiting(session, limit=PAGE)
            ],
            "form": form,
            "faults": faults,
        }
        return operator_desk.page(request, "invoices.html", "invoices", context, status=status)


@router.post("/{mission_id}/try")
def try_again(request: Request, mission_id: str, form: Form) -> Response:
    """Have new drafts made and checked, with what a euro was worth if that was asked for."""
    operator = operator_desk.operator(request)
    try:
        rate = invoice_holds.read_rate(form.get("units_per_euro", ""), language_of(request))
    except Invalid as error:
        return _page(request, {**form, "mission": mission_id}, forms.faults_by_field(error), status=422)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            actor, at = operator.actor, clock.now()
            invoice_holds.try_again(session, known(mission_id), actor, units_per_euro=rate, at=at)

    return operator_desk.act(PATH, "tried", work)
