"""The page of an expert's reusable legal mentions."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from booking import legal_mentions, quotes
from foundation import clock
from foundation.database import Database
from foundation.errors import Invalid
from web import forms
from web import sign_ins as edge
from web.forms import LongForm
from web.rendering import language_of, private, render

PATH = "/quotes/mentions"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """Show the mentions, each in a form of its own, and a blank one."""
    return _page(request, edge.required(request, AccountKind.EXPERT), {}, {})


@router.post("")
def keep(request: Request, form: LongForm) -> Response:
    """Keep a mention, new or changed."""
    who, language = edge.required(request, AccountKind.EXPERT), language_of(request)
    try:
        with _database(request).writing() as session:
            legal_mentions.keep(session, who, form.get("mention", ""), form, language, at=clock.now())
    except Invalid as error:
        return _page(request, who, form, forms.faults_by_field(error), status=422)
    return forms.lead_on(PATH, done="kept")


@router.post("/drop")
def drop(request: Request, form: LongForm) -> Response:
    """Delete a mention; quotes that were sent with it keep it."""
    who = edge.required(request, AccountKind.EXPERT)
    with _database(request).writing() as session:
        legal_mentions.drop(session, who, form.get("mention", ""))
    return forms.lead_on(PATH, done="dropped")


def _page(
    request: Request, who: SignedIn, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    with _database(request).reading() as session:
        mentions = legal_mentions.of(session, quotes.expert_of(who))
    context: dict[str, Any] = {
        "mentions": mentions,
        "form": form,
        "faults": faults,
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "quotes/mentions.html", language_of(request), context, status=status))


def _database(request: Request) -> Database:
    return request.app.state.database
