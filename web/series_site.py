"""The addresses of long missions: dividing a draft into months, sending them, following and stopping them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from booking import quote_documents, quotes, reasons, series, series_checks, series_stops
from booking.lifecycle import QuoteState
from booking.models.quotes import Quote
from booking.quote_drafts import ChangedMeanwhile
from booking.series import Figures, Unready
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, Fault, Invalid
from foundation.i18n import message, translate
from foundation.lifecycles import Refused
from web import attempts, forms, sign_ins
from web.forms import Form
from web.pages import calendars
from web.pages import series as pages
from web.quote_site import CLIENTS, sending_of
from web.rendering import language_of, private, render, site_address

PATH = "/series"
EXPERT = AccountKind.EXPERT
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/quotes/{quote_id}/months")
def show_plan(request: Request, quote_id: str) -> Response:
    """Ask into how many months a draft is to be divided, and from when on."""
    return _plan(request, sign_ins.required(request, EXPERT), quote_id, None, {})


@router.post("/quotes/{quote_id}/months")
def split(request: Request, quote_id: str, form: Form) -> Response:
    """Divide a draft into months, each a draft of its own."""
    who, language, at = sign_ins.required(request, EXPERT), language_of(request), clock.now()
    try:
        with _database(request).writing() as session:
            quotes.get(session, who, quote_id)
            plan = series.read_plan(form, language, today=series_checks.day_of(at))
            made = series.split(session, who, quote_id, plan, language, at=at)
            series_id = made.id
    except Invalid as error:
        return _plan(request, who, quote_id, form, forms.faults_by_field(error), status=422)
    except Conflict:
        return RedirectResponse(f"/quotes/{quote_id}", status_code=303)
    return forms.lead_on(f"{PATH}/{series_id}")


@router.get("/series/{series_id}")
def show(request: Request, series_id: str) -> Response:
    """Show a series to one of its sides, or an operator."""
    return _page(request, _who(request), series_id)


@router.get("/series/{series_id}/calendar.ics")
def download_calendar(request: Request, series_id: str) -> Response:
    """Give the months as a calendar file."""
    who, at = _who(request), clock.now()
    with _database(request).reading() as session:
        view = pages.read(session, who, series_id, language_of(request), at=at)
    content = calendars.file_of_series(view.months, view.counterpart, site_address(request), language_of(request), at)
    headers = {
        "Content-Disposition": 'attachment; filename="months.ics"',
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


@router.post("/series/{series_id}/send")
def send(request: Request, series_id: str, form: Form) -> Response:
    """Sign and send all drafts in one step."""
    who = sign_ins.required(request, EXPERT)
    sending = sending_of(request, who)
    if not _may_mail(request, who, series_id):
        said = translate(sending.language, message("Too many tries with this address. Please wait an hour."))
        return _page(request, who, series_id, faults={"form": said}, status=429)
    try:
        with _database(request).writing() as session:
            series.send(session, who, series_id, form.get("seen", ""), sending)
    except Unready:
        return _page(request, who, series_id, status=422)
    except ChangedMeanwhile:
        said = message("The months have changed since you looked at them. Please look again before you sign.")
        return _page(request, who, series_id, faults={"form": translate(sending.language, said)}, status=409)
    return forms.lead_on(f"{PATH}/{series_id}", done="sent")


@router.post("/series/{series_id}/extend")
def extend(request: Request, series_id: str, form: Form) -> Response:
    """Draft further months."""
    who, language = sign_ins.required(request, EXPERT), language_of(request)
    return _act(
        request, who, series_id, "drafted", form,
        lambda session: series.extend(session, who, series_id, form, language, at=clock.now()),
    )  # fmt: skip


@router.post("/series/{series_id}/discard")
def discard(request: Request, series_id: str) -> Response:
    """Delete the drafts."""
    who = sign_ins.required(request, EXPERT)
    with _database(request).writing() as session:
        series.discard(session, who, series_id, at=clock.now())
    return forms.lead_on("/quotes", done="discarded")


@router.post("/series/{series_id}/stop")
def stop(request: Request, series_id: str, form: Form) -> Response:
    """Stop a series from a month on."""
    who, language = sign_ins.required(request, EXPERT, *CLIENTS), language_of(request)

    def work(session: Session) -> None:
        pages.read(session, who, series_id, language, at=clock.now())
        reason = reasons.read(form, language, field="stop-reason")
        series_stops.stop(session, who, series_id, form.get("from", ""), reason, language, at=clock.now())

    return _act(request, who, series_id, "stopped", form, work)


@router.post("/series/{series_id}/ask")
def ask_again(request: Request, series_id: str, form: Form) -> Response:
    """Ask for a new quote of a month that was not accepted in time."""
    who = sign_ins.required(request, *CLIENTS)
    return _act(
        request, who, series_id, "asked", form,
        lambda session: series.ask_again(session, who, series_id, form.get("quote", ""), at=clock.now()),
    )  # fmt: skip


def _act(
    request: Request,
    who: SignedIn,
    series_id: str,
    done: str,
    form: Mapping[str, str],
    work: Callable[[Session], object],
) -> Response:
    """Do what a form asks for, and lead on; show the page again with what is wrong, and all that was typed."""
    try:
        _database(request).write(work)
    except Invalid as error:
        return _page(request, who, series_id, form, forms.faults_by_field(error), status=422)
    return forms.lead_on(f"{PATH}/{series_id}", done=done)


def _plan(
    request: Request,
    who: SignedIn,
    quote_id: str,
    form: Mapping[str, str] | None,
    faults: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    with _database(request).reading() as session:
        quote = quotes.get(session, who, quote_id)
        if quote.state != QuoteState.DRAFT or quote.series_id:
            there = f"{PATH}/{quote.series_id}" if quote.series_id else f"/quotes/{quote_id}"
            return RedirectResponse(there, status_code=303)
        context: dict[str, Any] = {
            "quote": quote,
            "title": quotes.title_of(quote, None),
            "counterpart": quotes.counterpart_of(session, quote),
            "form": form or pages.proposed_plan(quote, series_checks.day_of(clock.now())),
            "faults": faults,
            "lacking": pages.lacking(quote, language_of(request), series_checks.day_of(clock.now())),
        }
    return private(render(request, "series/plan.html", language_of(request), context, status=status))


def _page(
    request: Request,
    who: SignedIn,
    series_id: str,
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    language, at = language_of(request), clock.now()
    with _database(request).reading() as session:
        view = pages.read(session, who, series_id, language, at=at)
    said = dict(faults or {})
    has_drafts = any(month.state is QuoteState.DRAFT for month in view.months)
    figures, month_faults = _rehearsed(request, who, series_id, said) if has_drafts else ({}, {})
    with _database(request).reading() as session:
        needs = quote_documents.unmet(session, view.series.expert_id) if has_drafts else []
    context = pages.context(view, language, figures=figures, month_faults=month_faults, form=form or {}, faults=said)
    context |= {"done": request.query_params.get("done", ""), "needs": needs}
    return private(render(request, "series/show.html", language, context, status=status))


def _rehearsed(
    request: Request, who: SignedIn, series_id: str, said: dict[str, str]
) -> tuple[Mapping[str, Figures], Mapping[str, Sequence[Fault]]]:
    """Return what the drafts come to, or what is wrong with which of them."""
    sending = sending_of(request, who)
    try:
        with _database(request).writing() as session:
            return series.rehearse(session, who, series_id, sending), {}
    except Unready as error:
        return {}, error.faults
    except Refused:
        reason = message("These months can’t be sent: the offer is closed, or the long mission was stopped.")
        said.setdefault("form", translate(sending.language, reason))
        return {}, {}


def _may_mail(request: Request, who: SignedIn, series_id: str) -> bool:
    """Count a mail to an own client without account, whose address the expert chose."""
    with _database(request).reading() as session:
        view = pages.read(session, who, series_id, language_of(request), at=clock.now())
    first: Quote | None = view.months[0].quote if view.months else None
    return first is None or bool(first.client_id) or attempts.may_mail(request, first.client_email or "")


def _who(request: Request) -> SignedIn:
    return sign_ins.required(request, EXPERT, *CLIENTS, AccountKind.OPERATOR)


def _database(request: Request) -> Database:
    return request.app.state.database
