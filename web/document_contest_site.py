"""The addresses where experts contest what was issued in their name, and operators decide on it (mission row S24)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import mandates
from billing.documents import contests, issues
from billing.documents.issues import Unfit
from booking import invoices, mission_news, news, reasons
from booking.models.missions import Mission
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, Invalid
from web import forms, operator_desk, sign_ins
from web.forms import Form
from web.operator_desk import PAGE, known
from web.rendering import language_of, private, render

OWN, DESK = "/documents/{number}/contest", f"{operator_desk.PATH}/contests"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(OWN)
def show(request: Request, number: str) -> Response:
    """Show how an expert contests a document, or what became of that."""
    return _page(request, sign_ins.required(request, AccountKind.EXPERT), number, {}, {})


@router.post(OWN)
def contest(request: Request, number: str, form: Form) -> Response:
    """Contest a document."""
    who, at = sign_ins.required(request, AccountKind.EXPERT), clock.now()
    try:
        reason = reasons.read(form, language_of(request))
        with _database(request).writing() as session:
            found = contests.contest(session, number, str(who.expert_id), reason, who.actor, at=at)
            said: dict[str, Any] = {"title": number, "number": number, "path": DESK, "counterpart": who.name}
            news.tell_operators(session, "document_contested", key=found.document_id, at=at, note=reason, **said)
    except Invalid as error:
        return _page(request, who, number, form, forms.faults_by_field(error), status=422)
    except Conflict:
        return forms.lead_on(f"/documents/{number}/contest", done="overtaken")
    return forms.lead_on(f"/documents/{number}/contest", done="contested")


@router.get(DESK)
def show_waiting(request: Request) -> Response:
    """List what operators have to decide, the oldest first."""
    operator_desk.operator(request)
    return _desk(request, {}, {})


@router.post(f"{DESK}/{{document_id}}/uphold")
def uphold(request: Request, document_id: str, form: Form) -> Response:
    """Take the invoice back and issue it anew, with what is true now."""
    operator = operator_desk.operator(request)
    language, settings = language_of(request), request.app.state.settings

    def work() -> None:
        note, at = reasons.read(form, language, is_required=False), clock.now()
        invoices.correct(_database(request), settings.operator, known(document_id), note, operator.actor, at)

    try:
        return operator_desk.act(DESK, "corrected", work)
    except Invalid as error:
        return _desk(request, {**form, "document": document_id}, forms.faults_by_field(error), status=422)
    except Unfit as error:
        said = " ".join(f"{failure.text} {failure.fix}" for failure in error.failures)
        return _desk(request, {**form, "document": document_id}, {"reason": said}, status=422)


@router.post(f"{DESK}/{{document_id}}/dismiss")
def dismiss(request: Request, document_id: str, form: Form) -> Response:
    """Answer an objection that is not founded."""
    operator = operator_desk.operator(request)
    try:
        note = reasons.read(form, language_of(request))
    except Invalid as error:
        return _desk(request, {**form, "document": document_id}, forms.faults_by_field(error), status=422)

    def work() -> None:
        at = clock.now()
        with _database(request).writing() as session:
            found = contests.decide(session, known(document_id), operator.actor, is_upheld=False, note=note, at=at)
            document = issues.get(session, found.document_id)
            said: dict[str, Any] = {"title": document.number, "number": document.number, "counterpart": ""}
            path = f"/documents/{document.number}/contest"
            key = found.document_id
            news.tell_expert(
                session, found.expert_id, "contest_dismissed", key=key, at=at, note=note, path=path, **said
            )

    return operator_desk.act(DESK, "contest-answered", work)


def _page(
    request: Request, who: SignedIn, number: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    with _database(request).reading() as session:
        document = contests.get(session, number, str(who.expert_id))
        context: dict[str, Any] = {
            "document": document,
            "contest": contests.of(session, document.id),
            "ends_at": contests.ends_at(document),
            "is_over": clock.now() > contests.ends_at(document),
            "days": mandates.CURRENT.contest_days,
            "form": {"reason": "", **form},
            "faults": faults,
            "done": request.query_params.get("done", ""),
        }
    return private(render(request, "my/contest.html", language_of(request), context, status=status))


def _desk(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    with _database(request).reading() as session:
        waiting = [
            (found, document, _expert_name(session, session.get(Mission, document.reference)))
            for found, document in contests.waiting(session, limit=PAGE)
        ]
        context = {"waiting": waiting, "form": form, "faults": faults}
        return operator_desk.page(request, "contests.html", "contests", context, status=status)


def _expert_name(session: Session, mission: Mission | None) -> str:
    return mission_news.expert_name(session, mission) if mission else ""


def _database(request: Request) -> Database:
    return request.app.state.database
