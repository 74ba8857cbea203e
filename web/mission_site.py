"""The addresses of missions: both sides look at them and move them on, operators where the sides can't."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import escrows, refunds
from booking import disagreements, duties, funds, missions, reasons, reports, reviews, withdrawals
from booking.duty_mails import policy_of
from booking.first_days import TooEarly
from booking.funds import FundsLack
from booking.withdrawals import TooLate
from foundation import clock
from foundation.database import Database
from foundation.errors import Invalid
from foundation.http import address_of
from foundation.i18n import message, translate
from web import forms, sign_ins
from web.forms import Form, LongForm
from web.pages import calendars, prints
from web.pages import duties as duty_pages
from web.pages import missions as pages
from web.pages import series as series_pages
from web.pages.mission_steps import TOO_EARLY
from web.rendering import language_of, long_date, private, render, site_address

PATH = "/missions"
KINDS = (AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT, AccountKind.EXPERT, AccountKind.OPERATOR)
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show_all(request: Request) -> Response:
    """List somebody's missions, what waits for them first; operators see where they are needed."""
    who, language = _who(request), language_of(request)
    with _database(request).reading() as session:
        if who.kind is AccountKind.OPERATOR:
            groups, series = pages.queue(session, language), []
        else:
            groups = pages.listed(session, who, language, at=clock.now())
            series = series_pages.listed(session, who, language, at=clock.now())
    context = {"groups": groups, "kind": who.kind.value, "series_rows": series}
    return private(render(request, "missions/list.html", language, context))


@router.get("/{mission_id}")
def show(request: Request, mission_id: str) -> Response:
    """Show a mission to one of its sides."""
    return _page(request, _who(request), mission_id)


@router.get("/{mission_id}/calendar.ics")
def download_calendar(request: Request, mission_id: str) -> Response:
    """Give a mission's dates as a calendar file."""
    who = _who(request)
    with _database(request).reading() as session:
        view = pages.read(session, who, mission_id)
    content = calendars.file_of(view.mission, view.version, view.counterpart, site_address(request), clock.now())
    headers = {
        "Content-Disposition": f'attachment; filename="{view.mission.number}.ics"',
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


@router.post("/{mission_id}/confirm")
def confirm(request: Request, mission_id: str) -> Response:
    """Confirm for the portage company."""
    who = sign_ins.required(request, AccountKind.OPERATOR)
    return act(request, mission_id, "confirmed", lambda s: missions.confirm_portage(s, who, mission_id, at=clock.now()))


@router.post("/{mission_id}/start")
def start(request: Request, mission_id: str) -> Response:
    """Start the work."""
    who = _who(request)
    return act(request, mission_id, "started", lambda s: missions.start(s, who, mission_id, at=clock.now()))


@router.post("/{mission_id}/end")
def end(request: Request, mission_id: str) -> Response:
    """Say that the work is done."""
    who = _who(request)
    return act(request, mission_id, "ended", lambda s: missions.end(s, who, mission_id, at=clock.now()))


@router.post("/{mission_id}/cancel")
def cancel(request: Request, mission_id: str, form: Form) -> Response:
    """Call the mission off before it is paid."""
    who = _who(request)

    def work(session: Session) -> None:
        reason = reasons.read(form, language_of(request), field="cancel-reason", is_required=False)
        missions.cancel(session, who, mission_id, at=clock.now(), reason=reason)

    return act(request, mission_id, "cancelled", work, form)


@router.post("/{mission_id}/withdraw")
def withdraw(request: Request, mission_id: str) -> Response:
    """Withdraw from the contract, within the days of the law."""
    who, language, address = _who(request), language_of(request), address_of(request)
    try:
        return act(
            request,
            mission_id,
            "withdrawn",
            lambda s: withdrawals.withdraw(s, who, mission_id, address=address, language=language, at=clock.now()),
        )
    except TooLate:
        said = translate(language, message("The days in which you may withdraw are over, or the mission is."))
        return _page(request, who, mission_id, None, {"form": said}, status=409)


@router.post("/{mission_id}/share")
def state_share(request: Request, mission_id: str, form: Form) -> Response:
    """State what was done when the client withdrew; the rest goes back."""
    who, address = _who(request), address_of(request)

    def work(session: Session) -> None:
        share = withdrawals.check_share(form.get("done_percent", ""), language_of(request))
        withdrawals.state_share(session, who, mission_id, share, address=address, at=clock.now())

    return act(request, mission_id, "share_stated", work, form)


@router.post("/{mission_id}/dispute")
def dispute(request: Request, mission_id: str, form: Form) -> Response:
    """Say that something is wrong."""
    who = _who(request)

    def work(session: Session) -> None:
        reason = reasons.read(form, language_of(request), field="dispute-reason")
        disagreements.dispute(session, who, mission_id, reason, at=clock.now())

    return act(request, mission_id, "disputed", work, form)


@router.post("/{mission_id}/settle")
def settle(request: Request, mission_id: str) -> Response:
    """End a dispute, or take a refund back that was asked for."""
    who = _who(request)
    return act(request, mission_id, "settled", lambda s: disagreements.settle(s, who, mission_id, at=clock.now()))


@router.post("/{mission_id}/refund")
def ask_refund(request: Request, mission_id: str, form: Form) -> Response:
    """Ask for prepaid funds back."""
    who = _who(request)

    def work(session: Session) -> None:
        mission, _ = missions.get(session, who, mission_id)
        if funds.uses_escrow(mission):
            cents, reason = refunds.check_ask(escrows.of(session, mission_id), form, language_of(request))
            disagreements.ask_refund(session, who, mission_id, cents, reason, at=clock.now())

    return act(request, mission_id, "refund_asked", work, form)


@router.post("/{mission_id}/report/return")
def send_report_back(request: Request, mission_id: str, form: Form) -> Response:
    """Send the end report back for completion."""
    who = _who(request)

    def work(session: Session) -> None:
        reason = reasons.read(form, language_of(request), field="return-reason")
        reports.send_back(session, who, mission_id, reason, at=clock.now())

    return act(request, mission_id, "returned", work, form)


@router.post("/{mission_id}/report/validate")
def validate_report(request: Request, mission_id: str, form: LongForm) -> Response:
    """Validate the end report, and keep what is said of the skills if anything is."""
    who = _who(request)

    def work(session: Session) -> None:
        mission = reports.validate(session, who, mission_id, at=clock.now())
        _review(session, who, mission.id, request, form)

    return act(request, mission_id, "validated", work, form)


@router.post("/{mission_id}/reviews")
def write_reviews(request: Request, mission_id: str, form: LongForm) -> Response:
    """Rate the skills that a validated mission used."""
    who = _who(request)
    return act(request, mission_id, "reviewed", lambda s: _review(s, who, mission_id, request, form), form)


@router.post("/{mission_id}/reviews/{review_id}/reply")
def reply(request: Request, mission_id: str, review_id: str, form: Form) -> Response:
    """Answer a review, for all who read the profile."""
    who, language = _who(request), language_of(request)
    return act(
        request,
        mission_id,
        "replied",
        lambda session: reviews.reply(session, who, review_id, form.get("reply", ""), language, at=clock.now()),
        form,
    )


def _review(session: Session, who: SignedIn, mission_id: str, request: Request, form: Mapping[str, str]) -> None:
    mission, _ = missions.take(session, who, mission_id)
    draft = reviews.check(form, reviews.skills_of(session, mission), language_of(request))
    reviews.write(session, who, mission_id, draft, at=clock.now())


def act(
    request: Request,
    mission_id: str,
    done: str,
    work: Callable[[Session], object],
    form: Mapping[str, str] | None = None,
) -> Response:
    """Do what a form asks for, and lead on; show the page again with what is wrong, and all that was typed."""
    who = _who(request)
    try:
        _database(request).write(work)
    except Invalid as error:
        return _page(request, who, mission_id, form, forms.faults_by_field(error), status=422)
    except FundsLack:
        said = message("All of the price has to be held first: a part of it is still to be paid.")
        return _page(request, who, mission_id, form, {"form": translate(language_of(request), said)}, status=409)
    except TooEarly as error:
        day = long_date(error.first_day, language_of(request))
        said = translate(language_of(request), TOO_EARLY, day=day)
        return _page(request, who, mission_id, form, {"form": said}, status=409)
    return forms.lead_on(f"{PATH}/{mission_id}", done=done)


def _page(
    request: Request,
    who: SignedIn,
    mission_id: str,
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
    language, at = language_of(request), clock.now()
    with _database(request).reading() as session:
        view = pages.read(session, who, mission_id)
        context: dict[str, Any] = pages.context(view, language, at=at, form=form, faults=faults)
        today, policy = duties.day_of(at), policy_of(request.app.state.settings)
        context |= duty_pages.of_mission(session, who, view.mission, policy, language, today)
        context |= duty_pages.withdrawal(session, view.mission, view.party, today)
        series_id, quote_id = view.mission.series_id, view.mission.quote_id
        context["month_of"] = series_pages.of_month(session, series_id, quote_id, view.party, language, at=at)
        context["prints"] = prints.of_mission(session, view)
    context["done"] = request.query_params.get("done", "")
    return private(render(request, "missions/mission.html", language, context, status=status))


def _who(request: Request) -> SignedIn:
    return sign_ins.required(request, *KINDS)


def _database(request: Request) -> Database:
    return request.app.state.database
