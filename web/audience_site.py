"""The addresses of an expert's own figures: the audience, and the dashboard."""

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind
from accounts.models.experts import Expert
from foundation import clock
from foundation.errors import NotFound
from foundation.i18n import Language
from web import sign_ins, spreadsheets
from web.pages import audience_tables, audiences, dashboards
from web.pages.audiences import Period
from web.rendering import language_of, render

router = APIRouter(prefix="/my", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/audience")
def show_audience(request: Request) -> Response:
    """Show an expert who saw the profile, and where they came from."""
    expert_id = _expert_id(request)
    language, now = language_of(request), clock.now()
    period = _period(request, now, language)
    with request.app.state.database.reading() as session:
        audience = audiences.read(session, _expert(session, expert_id), period, now)
    context = audiences.context(audience, period, request.app.state.index.wordlists.current(), language)
    return render(request, "audience.html", language, context)


@router.get("/audience.csv")
def download_audience(request: Request) -> Response:
    """Give an expert the figures of the page as a table."""
    expert_id = _expert_id(request)
    language, now = language_of(request), clock.now()
    period = _period(request, now, language)
    with request.app.state.database.reading() as session:
        spans = audiences.spans(session, _expert(session, expert_id), period)
    name = f"portulan-audience-{period.first}-{period.today}.csv"
    return spreadsheets.answer(name, audience_tables.rows(spans, period, language), language)


@router.get("/dashboard")
def show_dashboard(request: Request) -> Response:
    """Show an expert the figures that matter, each leading on to its page."""
    expert_id = _expert_id(request)
    language, now = language_of(request), clock.now()
    with request.app.state.database.reading() as session:
        found = dashboards.read(session, _expert(session, expert_id), now)
    return render(request, "dashboard.html", language, dashboards.context(found, language))


def _expert_id(request: Request) -> str:
    """Return which expert is signed in; one whose profile is gone has no figures."""
    signed_in = sign_ins.required(request, AccountKind.EXPERT)
    if signed_in.expert_id is None:
        raise NotFound("this account has no profile")
    return signed_in.expert_id


def _expert(session: Session, expert_id: str) -> Expert:
    expert = session.get(Expert, expert_id)
    if expert is None:
        raise NotFound("this account has no profile")
    return expert


def _period(request: Request, now: datetime, language: Language) -> Period:
    parameters = request.query_params
    return audiences.period_of(parameters.get("days", ""), parameters.get("by", ""), now, language)
