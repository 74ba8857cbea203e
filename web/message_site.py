"""The addresses of messages: one's threads, reading and writing, files, putting away, and replies that were held."""

from contextlib import AbstractContextManager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from limits import RateLimitItemPerMinute
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from accounts.models.accounts import AccountKind, Client
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from booking import attachments, mail_replies, thread_lists, thread_rules, threads
from booking.attachments import Given
from booking.mail_replies import NoText
from booking.models.threads import ReceivedMail, Side, Thread
from booking.thread_lists import Entry
from booking.threads import Draft, ThreadClosed
from foundation import clock, deadlines, http, received_mails
from foundation.database import Database
from foundation.errors import Invalid
from web import forms, sign_ins, uploads
from web.forms import Form
from web.pages import threads as pages
from web.rendering import language_of, private, render
from web.uploads import Uploads

PATH = "/messages"
FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
TAKEN_WITHIN_S = 10.0
"""What taking a message may last once it is here, with its files: somebody who sends some waits anyway."""
MOST_OFTEN = RateLimitItemPerMinute(30)
"""Messages by one account."""
READERS = (AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT, AccountKind.EXPERT)
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


async def receive(request: Request) -> Uploads:
    """Receive the form of a message."""
    # Somewhat more than may be sent is read, so that the page can say so and keep the text.
    return await uploads.receive_several(
        request, attachments.FIELD, 2 * attachments.MOST_FILES, http.LARGEST_BODY_BYTES
    )


Sent = Annotated[Uploads, Depends(receive)]


@router.get("")
def show_all(request: Request) -> Response:
    """List somebody's threads, or those in which something is said."""
    who, language = reader(request), language_of(request)
    query = request.query_params.get("q", "").strip()
    is_archived = request.query_params.get("archived") == "1"
    page = _page_of(request.query_params.get("page", ""))
    with _database(request).reading() as session:
        found, has_more = thread_lists.listed(session, who, query=query, is_archived=is_archived, page=page)
    side = thread_lists.side_of(who)
    context: dict[str, Any] = {
        "threads": pages.entries(found, side, language),
        "query": query[: thread_lists.LONGEST_QUERY],
        "is_archived": is_archived,
        "is_client": side is Side.CLIENT,
        "page": page,
        "has_more": has_more,
    }
    return private(render(request, "messages/list.html", language, context))


@router.get("/files/{file_id}")
def read_file(request: Request, file_id: str) -> Response:
    """Send a file as a download, to the two sides."""
    who = sign_ins.current(request)
    if who is None or not who.may_act:
        raise HTTPException(404)
    with _database(request).reading() as session:
        file, stored = threads.read_file(session, who, file_id)
        content, media_type = stored.content, stored.media_type
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": http.as_download(file.name),
            "Content-Security-Policy": FILE_POLICY,
            "Cache-Control": "private, no-store",
        },
    )


@router.get("/{thread_id}")
def show(request: Request, thread_id: str) -> Response:
    """Show a thread, and note that its reader has seen it."""
    return thread_page(request, thread_id)


@router.post("/{thread_id}")
def write(request: Request, thread_id: str, sent: Sent) -> Response:
    """Say something."""
    with taking():
        return _write(request, thread_id, sent)


def _write(request: Request, thread_id: str, sent: Uploads) -> Response:
    who, language = reader(request), language_of(request)
    with _database(request).reading() as session:
        threads.read(session, who, thread_id)
    if not _limits(request).allows(MOST_OFTEN, "message", who.account_id):
        return thread_page(request, thread_id, sent.fields, pages.fault("body", "too_often", language), status=429)
    try:
        draft = read_draft(sent)
        with _database(request).writing() as session:
            threads.write(session, who, thread_id, draft, at=clock.now())
    except Invalid as error:
        return thread_page(request, thread_id, sent.fields, pages.faults_in(error, language), status=422)
    except ThreadClosed:
        return thread_page(request, thread_id, sent.fields, {}, status=409)
    return RedirectResponse(f"{PATH}/{thread_id}#latest", status_code=303)


@router.post("/{thread_id}/archive")
def archive(request: Request, thread_id: str, form: Form) -> Response:
    """Put a thread away, or take it out again."""
    who, is_archived = reader(request), form.get("archived") == "1"
    with _database(request).writing() as session:
        threads.archive(session, who, thread_id, is_archived=is_archived, at=clock.now())
    return forms.lead_on(PATH, done="archived") if is_archived else forms.lead_on(f"{PATH}/{thread_id}")


@router.post("/{thread_id}/held/{mail_id}")
def decide(request: Request, thread_id: str, mail_id: str, form: Form) -> Response:
    """Post a mail that came from another address, or throw it away."""
    who = reader(request)
    with _database(request).reading() as session:
        _, raw = mail_replies.read_held(session, who, mail_id)
    if form.get("decision") == "post":
        reply = mail_replies.prepare(received_mails.read(raw, envelope_sender=who.email))
        try:
            with taking(), _database(request).writing() as session:
                mail_replies.release(session, who, mail_id, reply, at=clock.now())
        except (ThreadClosed, NoText):
            return thread_page(request, thread_id, status=409)
    elif form.get("decision") == "discard":
        with _database(request).writing() as session:
            mail_replies.discard(session, who, mail_id)
    return RedirectResponse(f"{PATH}/{thread_id}#latest", status_code=303)


def reader(request: Request) -> SignedIn:
    """Return who reads and writes messages: clients and experts."""
    return sign_ins.required(request, *READERS)


def taking() -> AbstractContextManager[None]:
    """Give the time for taking what was sent: how long it was on its way does not count, which may be minutes."""
    return deadlines.within(TAKEN_WITHIN_S)


def read_draft(sent: Uploads) -> Draft:
    """Return what a form says; raise Invalid. Slow where files are large: not in a transaction."""
    if sent.is_too_large:
        raise attachments.refused("too_large_together")
    files = attachments.check([Given(name, content) for name, content in sent.files])
    return Draft(threads.check_body(sent.fields.get("body", ""), has_files=bool(files)), files)


def thread_page(
    request: Request,
    thread_id: str,
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    """Show a thread, with what was typed and what is wrong with it."""
    who, language = reader(request), language_of(request)
    before = _position_of(request.query_params.get("before", ""))
    with _database(request).reading() as session:
        thread, side = threads.read(session, who, thread_id)
        first_unread = thread_lists.first_unread(session, thread, side, who.account_id)
    if first_unread and before is None:
        with _database(request).writing() as session:
            threads.mark_read(session, threads.take(session, thread_id), who.account_id, at=clock.now())
    with _database(request).reading() as session:
        context = _thread_context(session, who, thread, side, before)
        found, has_earlier = thread_lists.messages(session, thread_id, before=before)
        seen = thread_lists.read_by_others(session, thread, side)
    context["held"] = [_held(mail, raw, who) for mail, raw in context["held"]]
    shown = pages.messages(found, side, seen, language, first_unread=first_unread)
    context |= {
        "name": pages.counterpart(context["entry"], side, language),
        "messages": shown,
        "earlier": found[0].message.position if has_earlier else None,
        "is_latest": before is None,
        "closed": pages.closed(context["closed"], language),
        "form": form or {},
        "faults": faults or {},
    }
    return private(render(request, "messages/thread.html", language, context, status=status))


def _thread_context(session: Session, who: SignedIn, thread: Thread, side: Side, before: int | None) -> dict[str, Any]:
    standing = threads.standing(session, thread)
    expert = session.get(Expert, thread.expert_id)
    client = session.get_one(Client, thread.client_id)
    archived_at = thread.client_archived_at if side is Side.CLIENT else thread.expert_archived_at
    held = [] if before else mail_replies.held(session, who.account_id, thread.id)
    return {
        "thread": thread,
        "is_client": side is Side.CLIENT,
        "entry": Entry(thread, client, expert, None, 0),
        "slug": expert.slug if expert and expert.is_shown and side is Side.CLIENT else None,
        "is_archived": archived_at is not None,
        "closed": thread_rules.why_closed(standing, side, who.role),
        "is_for_operator": side is Side.CLIENT and not threads.has_owner(session, thread.expert_id),
        "held": [mail_replies.read_held(session, who, mail.id) for mail in held],
        "others": thread_lists.threads_with(session, who, thread),
    }


def _held(mail: ReceivedMail, raw: bytes, who: SignedIn) -> dict[str, Any]:
    reply = mail_replies.prepare(received_mails.read(raw, envelope_sender=who.email))
    return {
        "id": mail.id,
        "sender": mail.sender,
        "at": mail.received_at,
        "body": reply.draft.body,
        "files": reply.draft.files,
    }


def _page_of(given: str) -> int:
    return min(int(given), 1_000) if given.isascii() and given.isdecimal() and len(given) < 5 and int(given) else 1


def _position_of(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else None


def _limits(request: Request) -> http.Limits:
    return request.app.state.limits


def _database(request: Request) -> Database:
    return request.app.state.database
