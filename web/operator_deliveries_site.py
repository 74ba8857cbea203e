"""The addresses where operators see what could not be delivered: try again, or drop it with a reason."""

from datetime import timedelta
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import suspensions
from foundation import audits, clock, mails, outbox, sms
from foundation.errors import Conflict, Fault, NotFound
from web import operator_desk
from web.forms import Form
from web.operator_desk import PAGE
from web.rendering import language_of

PATH = f"{operator_desk.PATH}/deliveries"
LONG = timedelta(minutes=10)
"""How long a delivery may wait before it is shown."""
MOST = 200
LONGEST_REASON = 500
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """Show dead letters, what waits for long, mails and SMS that failed."""
    operator_desk.operator(request)
    return _page(request, {}, {})


@router.post("/retry")
def retry(request: Request, form: Form) -> Response:
    """Owe one delivery anew, or all that failed on a topic."""
    operator, topic, row_id = operator_desk.operator(request), form.get("topic", ""), _row_id(form)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            if row_id is None:
                count = outbox.retry_all(session, topic)
                details: dict[str, Any] = {"topic": topic, "deliveries": count}
            else:
                row = outbox.retry(session, row_id)
                if row is None:
                    raise Conflict("it was delivered, or dropped")
                details = {"topic": row.topic, "key": row.key}
            about = "" if row_id is None else str(row_id)
            audits.record(session, operator.actor, "delivery_retried", "delivery", about, at=clock.now(), **details)

    return operator_desk.act(PATH, "retried", work)


@router.post("/drop")
def drop(request: Request, form: Form) -> Response:
    """Owe one delivery no more, for a reason that the audit log keeps."""
    operator, row_id, faults = operator_desk.operator(request), _row_id(form), list[Fault]()
    reason = suspensions.read_text(form, "reason", LONGEST_REASON, language_of(request), faults)
    if row_id is None:
        raise NotFound("there is no such delivery")
    if faults:
        return _page(request, form, {"reason": faults[0].message}, status=422)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            row = outbox.drop(session, row_id)
            if row is None:
                raise Conflict("it was delivered, or dropped")
            details = {"topic": row.topic, "key": row.key, "reason": reason}
            audits.record(
                session, operator.actor, "delivery_dropped", "delivery", str(row_id), at=clock.now(), **details
            )

    return operator_desk.act(PATH, "dropped", work)


@router.post("/mails/{mail_id}/resend")
def resend(request: Request, mail_id: str) -> Response:
    """Owe a mail that failed anew."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            row = mails.resend(session, operator_desk.known(mail_id))
            audits.record(session, operator.actor, "mail_resent", "mail", row.id, at=clock.now(), template=row.template)

    return operator_desk.act(PATH, "resent", work)


@router.post("/sms/{sms_id}/resend")
def resend_sms(request: Request, sms_id: str) -> Response:
    """Owe an SMS that the gateway refused anew."""
    operator = operator_desk.operator(request)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            row = sms.resend(session, operator_desk.known(sms_id))
            audits.record(session, operator.actor, "sms_resent", "sms", row.id, at=clock.now())

    return operator_desk.act(PATH, "sms_resent", work)


def _page(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    at = clock.now()
    with operator_desk.database(request).reading() as session:
        rows = outbox.stuck(session, recorded_before=at - LONG, limit=MOST)
        failed = mails.failed(session, PAGE)
        context: dict[str, Any] = {
            "topics": [
                (topic, list(of_topic))
                for topic, of_topic in groupby(sorted(rows, key=lambda row: row.topic), key=lambda row: row.topic)
            ],
            "mails": [(row, not mails.holds_secrets(row.values)) for row in failed],
            "sms": [(row, bool(row.text)) for row in sms.failed(session, PAGE)],
            "age_minutes": {row.id: _rounded(at - row.recorded_at) for row in rows},
            "is_cut": len(rows) == MOST,
        }
    context |= {"form": form, "faults": faults}
    return operator_desk.page(request, "deliveries.html", "deliveries", context, status=status)


def _rounded(age: timedelta) -> int:
    """Return an age in minutes, in whole hours or days where it is longer."""
    minutes = int(age.total_seconds()) // 60
    step = 1 if minutes < 120 else 60 if minutes < 2 * 1_440 else 1_440
    return minutes // step * step


def _row_id(form: dict[str, str]) -> int | None:
    given = form.get("id", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None
