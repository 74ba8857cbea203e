"""The addresses at which a client writes to an expert for the first time, with an account or before having one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from limits import RateLimitItemPerDay, RateLimitItemPerHour
from starlette.exceptions import HTTPException

from accounts import experts, findings
from accounts.models.experts import Expert
from accounts.models.findings import Finding
from accounts.sign_ins import SignedIn
from booking import message_drafts, thread_rules, threads
from booking.models.threads import Side
from booking.threads import ThreadClosed
from foundation import clock, http
from foundation.database import Database
from foundation.errors import Invalid
from web import arriving_drafts, message_site, sign_ins
from web.pages import threads as pages
from web.recorders import SEARCH_PARAMETER
from web.rendering import language_of, private, render
from web.uploads import Uploads

NEW_THREADS = RateLimitItemPerDay(40)
"""Experts to whom one client writes first in a day; nobody's letters are to be a circular."""
DRAFTS = RateLimitItemPerHour(60)
"""Texts that are kept for one address before anybody has signed in."""
router = APIRouter(prefix="/experts", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/{slug}/write")
def show(request: Request, slug: str) -> Response:
    """Show the form, with what was typed before signing up; lead to the thread where there is one."""
    who, expert = writer(request), _expert(request, slug)
    with _database(request).reading() as session:
        draft = message_drafts.find(session, arriving_drafts.token_of(request), who and who.account_id, expert.id)
        thread = threads.find(session, who.client_id, expert.id) if who and who.client_id else None
        body = draft.body if draft else ""
    if thread and not body:
        return RedirectResponse(f"{message_site.PATH}/{thread.id}", status_code=303)
    return _page(
        request,
        who,
        expert,
        {"body": body, SEARCH_PARAMETER: request.query_params.get(SEARCH_PARAMETER, "")},
        {},
        is_kept=bool(body),
    )


@router.post("/{slug}/write")
def write(request: Request, slug: str, sent: Annotated[Uploads, Depends(message_site.receive)]) -> Response:
    """Send a first message; keep it where whoever wrote it has yet to sign in."""
    with message_site.taking():
        return _write(request, slug, sent)


def _write(request: Request, slug: str, sent: Uploads) -> Response:
    who, expert, language = writer(request), _expert(request, slug), language_of(request)
    try:
        if who is None:
            return _keep(request, expert, sent)
        draft, at = message_site.read_draft(sent), clock.now()
        is_often = not _limits(request).allows(NEW_THREADS, "threads", who.client_id or "")
        if is_often or not _limits(request).allows(message_site.MOST_OFTEN, "message", who.account_id):
            return _page(request, who, expert, sent.fields, pages.fault("body", "too_often", language), status=429)
        found = _finding(request, expert, sent, who)
        with _database(request).writing() as session:
            thread = threads.open(session, who, expert.id, at=at, found=found)
            threads.write(session, who, thread.id, draft, at=at)
            message_drafts.drop(session, arriving_drafts.token_of(request), who.account_id, expert.id)
    except Invalid as error:
        return _page(request, who, expert, sent.fields, pages.faults_in(error, language), status=422)
    except ThreadClosed as error:
        faults = {"body": pages.closed(error.reason, language) or ""}
        return _page(request, who, expert, sent.fields, faults, status=409)
    return RedirectResponse(f"{message_site.PATH}/{thread.id}#latest", status_code=303)


def writer(request: Request) -> SignedIn | None:
    """Return who writes first, None for somebody without an account; raise 403 for whoever may not (row S10)."""
    who = sign_ins.anyone(request)
    if who is None:
        return None
    who = sign_ins.required(request)
    if who.is_suspended:
        raise sign_ins.SignInNeeded("/account")
    if not thread_rules.may_start(Side.CLIENT if who.client_id else Side.EXPERT):
        raise HTTPException(403)
    return who


def _keep(request: Request, expert: Expert, sent: Uploads) -> Response:
    body = threads.check_body(sent.fields.get("body", ""))
    _limits(request).check(DRAFTS, "draft", http.address_of(request))
    token, found = arriving_drafts.token_of(request), _finding(request, expert, sent, None)
    with _database(request).writing() as session:
        token = message_drafts.keep(session, token, expert.id, body, at=clock.now(), found=found)
    response = RedirectResponse(f"/experts/{expert.slug}/write", status_code=303)
    arriving_drafts.remember(request, response, token)
    return response


def _finding(request: Request, expert: Expert, sent: Uploads, who: SignedIn | None) -> Finding | None:
    """Return the search that led to the profile from which somebody writes, now or before they had signed in."""
    with _database(request).reading() as session:
        found = findings.look_up(session, sent.fields.get(SEARCH_PARAMETER, ""), expert.id)
        draft = message_drafts.find(session, arriving_drafts.token_of(request), who and who.account_id, expert.id)
        return found or (draft.finding if draft else None)


def _page(
    request: Request,
    who: SignedIn | None,
    expert: Expert,
    form: dict[str, str],
    faults: dict[str, str],
    *,
    is_kept: bool = False,
    status: int = 200,
) -> Response:
    context: dict[str, Any] = {
        "expert": expert,
        "form": form,
        "faults": faults,
        "is_kept": is_kept and who is None,
        "has_account": who is not None,
    }
    return private(render(request, "messages/write.html", language_of(request), context, status=status))


def _expert(request: Request, slug: str) -> Expert:
    with _database(request).reading() as session:
        return experts.get_shown(session, slug).expert


def _limits(request: Request) -> http.Limits:
    return request.app.state.limits


def _database(request: Request) -> Database:
    return request.app.state.database
