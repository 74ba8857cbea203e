"""The addresses where operators read notices of unlawful content and experts' objections, and decide about them."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts import accounts, notice_decisions, notices
from accounts.models.accounts import Account
from accounts.models.experts import Expert, Review
from accounts.models.notices import Notice
from foundation import audits, clock
from foundation.errors import Invalid
from web import forms, operator_desk
from web.forms import Form
from web.operator_desk import PAGE
from web.rendering import language_of

PATH = f"{operator_desk.PATH}/notices"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show_all(request: Request) -> Response:
    """List notices: those that wait, or those that are decided."""
    operator_desk.operator(request)
    is_decided, after = request.query_params.get("state") == "decided", request.query_params.get("after", "")
    with operator_desk.database(request).reading() as session:
        found = notices.listed(session, is_decided=is_decided, limit=PAGE + 1, after=after.replace("\0", ""))
        names = {notice.expert_id: _name(session, notice) for notice in found}
    context: dict[str, Any] = {
        "rows": [(notice, notices.number(notice), names[notice.expert_id]) for notice in found[:PAGE]],
        "is_decided": is_decided,
        "next_after": found[PAGE - 1].id if len(found) > PAGE else None,
    }
    return operator_desk.page(request, "notices.html", "notices", context)


@router.get("/{notice_id}")
def show(request: Request, notice_id: str) -> Response:
    """Show a notice, with what it is about, and the form to decide."""
    return _notice_page(request, notice_id, {}, {})


@router.post("/{notice_id}/decide")
def decide(request: Request, notice_id: str, form: Form) -> Response:
    """Decide about a notice: both sides get the reasons by mail."""
    operator = operator_desk.operator(request)
    with operator_desk.database(request).reading() as session:
        notice = notices.get(session, operator_desk.known(notice_id))
        choices = notice_decisions.possible(notice, accounts.owner_of(session, notice.expert_id))
    try:
        verdict = notice_decisions.check(form, language_of(request), choices)
    except Invalid as error:
        return _notice_page(request, notice_id, form, forms.faults_by_field(error), status=422)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            notice_decisions.decide(session, notice_id, verdict, operator.actor, at=clock.now())

    return operator_desk.act(f"{PATH}/{notice_id}", "decided", work)


@router.post("/{notice_id}/undo")
def undo(request: Request, notice_id: str) -> Response:
    """Take a decision back: the notice is open again."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            notice_decisions.undo(session, operator_desk.known(notice_id), operator.actor, at=clock.now())

    return operator_desk.act(f"{PATH}/{notice_id}", "reopened", work)


def _notice_page(
    request: Request, notice_id: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    operator = operator_desk.operator(request)
    with operator_desk.database(request).writing() as session:
        notice = notices.get(session, operator_desk.known(notice_id))
        audits.record(session, operator.actor, "looked_at", notices.KIND, notice.id, at=clock.now())
        owner = accounts.owner_of(session, notice.expert_id)
        context: dict[str, Any] = {
            "notice": notice,
            "number": notices.number(notice),
            "expert": session.get(Expert, notice.expert_id),
            "owner": owner,
            "review": session.get(Review, notice.review_id) if notice.review_id else None,
            "choices": notice_decisions.possible(notice, owner),
            "decided_by": _decided_by(session, notice),
        }
    return operator_desk.page(
        request, "notice.html", "notices", {**context, "form": form, "faults": faults}, status=status
    )


def _name(session: Session, notice: Notice) -> str | None:
    expert = session.get(Expert, notice.expert_id)
    return expert.name if expert else None


def _decided_by(session: Session, notice: Notice) -> str | None:
    account = session.get(Account, notice.decided_by) if notice.decided_by else None
    return account.name if account else None
