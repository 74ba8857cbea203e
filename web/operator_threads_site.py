"""The addresses where operators answer for experts who have not claimed their profile, and see mails that came back."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from accounts.models.accounts import Client
from accounts.models.experts import Expert
from booking import bounces, thread_lists, threads
from booking.models.threads import Side
from booking.threads import ThreadClosed
from foundation import audits, clock
from foundation.errors import Invalid
from web import operator_desk
from web.message_site import Sent, read_draft, taking
from web.pages import threads as pages
from web.rendering import language_of
from web.uploads import Uploads

PATH = f"{operator_desk.PATH}/threads"
KIND = "thread"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show_all(request: Request) -> Response:
    """List the threads with experts who have no account, and addresses whose mails come back."""
    operator_desk.operator(request)
    given = request.query_params.get("page", "1")
    page = int(given) if given.isascii() and given.isdecimal() and 0 < len(given) < 4 and int(given) else 1
    with operator_desk.database(request).reading() as session:
        found, has_more = thread_lists.waiting_for_operator(session, page=page)
        failing = bounces.listed(session, limit=operator_desk.PAGE)
    entries = pages.entries(found, Side.OPERATOR, language_of(request))
    context: dict[str, Any] = {"threads": entries, "page": page, "has_more": has_more, "failing": failing}
    return operator_desk.page(request, "threads.html", "threads", context)


@router.post("/reachable/{account_id}")
def mark_reachable(request: Request, account_id: str) -> Response:
    """Send news of messages again to an address whose mails came back."""
    operator = operator_desk.operator(request)
    with operator_desk.database(request).writing() as session:
        bounces.clear(session, operator_desk.known(account_id), operator.actor, at=clock.now())
    return RedirectResponse(f"{PATH}?done=reachable", status_code=303)


@router.get("/{thread_id}")
def show(request: Request, thread_id: str) -> Response:
    """Show a thread, and the form to answer in the expert's place."""
    return _page(request, thread_id, {}, {})


@router.post("/{thread_id}")
def answer(request: Request, thread_id: str, sent: Sent) -> Response:
    """Answer in the expert's place."""
    with taking():
        return _answer(request, thread_id, sent)


def _answer(request: Request, thread_id: str, sent: Uploads) -> Response:
    operator, language, at = operator_desk.operator(request), language_of(request), clock.now()
    try:
        draft = read_draft(sent)
        with operator_desk.database(request).writing() as session:
            threads.write(session, operator, operator_desk.known(thread_id), draft, at=at)
            audits.record(session, operator.actor, "answered_for_expert", KIND, thread_id, at=at)
    except Invalid as error:
        return _page(request, thread_id, sent.fields, pages.faults_in(error, language), status=422)
    except ThreadClosed as error:
        faults = {"body": pages.closed(error.reason, language) or ""}
        return _page(request, thread_id, sent.fields, faults, status=409)
    return RedirectResponse(f"{PATH}/{thread_id}?done=answered", status_code=303)


def _page(
    request: Request, thread_id: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    operator, language = operator_desk.operator(request), language_of(request)
    with operator_desk.database(request).writing() as session:
        thread, _ = threads.read(session, operator, operator_desk.known(thread_id))
        audits.record(session, operator.actor, "looked_at", KIND, thread.id, at=clock.now())
        found, _ = thread_lists.messages(session, thread.id)
        seen = thread_lists.read_by_others(session, thread, Side.OPERATOR)
        context: dict[str, Any] = {
            "thread": thread,
            "client": session.get(Client, thread.client_id),
            "expert": session.get(Expert, thread.expert_id),
            "messages": pages.messages(found, Side.OPERATOR, seen, language, first_unread=0),
            "form": form,
            "faults": faults,
        }
    return operator_desk.page(request, "thread.html", "threads", context, status=status)
