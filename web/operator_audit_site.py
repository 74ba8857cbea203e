"""The address of the audit log: who did what to what, and when."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts import accounts, contacts
from foundation import audits, clock
from foundation.audits import AuditEntry
from web import audit_lines, operator_desk
from web.operator_desk import PAGE

PATH = f"{operator_desk.PATH}/audit"
MOST_IN_FILE = 20_000
_LARGEST_ID = 2**62
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """List entries, the latest first."""
    operator_desk.operator(request)
    asked = _asked(request)
    with operator_desk.database(request).reading() as session:
        found = _entries(session, asked, limit=PAGE + 1)
        context: dict[str, Any] = {
            "lines": audit_lines.read(session, found[:PAGE]),
            "actions": audits.actions(session),
            "form": asked,
            "next_before": found[PAGE - 1].id if len(found) > PAGE else None,
        }
    return operator_desk.page(request, "audit.html", "audit", context)


@router.get("/entries.csv")
def download(request: Request) -> Response:
    """Give the same entries as a file; that somebody took them is an entry itself."""
    operator = operator_desk.operator(request)
    with operator_desk.database(request).writing() as session:
        found = _entries(session, _asked(request), limit=MOST_IN_FILE)
        text = audit_lines.csv_text(audit_lines.read(session, found))
        audits.record(session, operator.actor, "downloaded", "audit_log", "", at=clock.now(), entries=len(found))
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _asked(request: Request) -> dict[str, str]:
    names = ("who", "kind", "object", "action", "before")
    return {name: request.query_params.get(name, "").replace("\0", "").strip()[:200] for name in names}


def _entries(session: Session, asked: dict[str, str], *, limit: int) -> list[AuditEntry]:
    """Return what is asked for; `who` is an account's address or id, or the login of whoever typed a command."""
    before = asked["before"]
    is_id = before.isascii() and before.isdigit() and int(before) < _LARGEST_ID
    who, account_id, name = asked["who"], None, None
    if who:
        email = contacts.read_email(who)
        account = accounts.find_by_email(session, email) if email else None
        is_uuid = len(who) == 36 and who.count("-") == 4
        account_id = account.id if account else (who if is_uuid else None)
        name = None if account_id else who
    return list(
        audits.entries(
            session,
            object_kind=asked["kind"] or None,
            object_id=asked["object"] or None,
            account_id=account_id,
            actor_name=name,
            action=asked["action"] or None,
            before=int(before) if is_id else None,
            limit=limit,
        )
    )
