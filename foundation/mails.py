"""Mails that are owed: rows, written in the transaction of what they tell about, and sent from the outbox.

A row holds the values of a template, never a rendered text: whoever delivers renders, sends, and marks the row. It is
sent at least once: a process that dies after the server took a mail and before its row was marked leaves a mail that
goes out again, under the same Message-ID. One key is one mail, however often its event is told.

Values whose names end in `token` or `url` may carry what opens an account. They are blanked as soon as the mail has
left, so that a copy of the database gives no links; a month later the recipient and all other values go too.
"""

import hashlib
import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from email_validator import EmailNotValidError, validate_email
from pydantic_core import to_jsonable_python
from sqlalchemy import JSON, CheckConstraint, Index, String, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from foundation import logs, outbox
from foundation.database import insert
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate
from foundation.types import Instant

MAIL_WRITTEN = "mail.written"
"""A mail is to be sent; the key is its row's id."""
CLEARING_DUE = "mails.clearing_due"
"""What old mails hold is to be dropped; keys say when that was due."""

KEPT_FOR = timedelta(days=30)
LONGEST_TEXT = 5_000
"""Characters of one value; more is cut."""
LONGEST_FAILURE = 500
TOO_LATE = "not sent within 30 days"
_SECRET_ENDINGS = ("token", "url")
_KEPT_CONTROLS = "\n\t"


class MailRow(SQLModel, table=True):
    """One mail: neither sent nor failed while it is owed. `values` are None, and the recipient empty, once cleared."""

    __tablename__ = "mails"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_mails_written", "written_at"),
        Index("ix_mails_recipient", "recipient"),
        CheckConstraint("language IN ('fr', 'en')", name="language_is_ours"),
        CheckConstraint("sent_at IS NULL OR failure IS NULL", name="sent_or_failed"),
    )

    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    """SHA-256 of what names the event: it stays when all else goes, and the event may name an address."""
    recipient: str
    language: str
    template: str
    values: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))  # pyright: ignore[reportArgumentType, reportCallIssue]
    written_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    failure: str | None = None
    """Why it will not be sent: what the server answered."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What somebody is to be told: a template of `web/templates/mails`, and the values that it takes, as JSON can."""

    to: str
    language: Language
    template: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


def write(session: Session, mail: Mail, *, key: str, at: datetime) -> bool:
    """Owe a mail in the caller's transaction; return False if `key` was used before: then nothing is sent again."""
    row = insert(session, MailRow).values(
        id=str(uuid4()),
        key=_kept_key(key),
        recipient=checked_address(mail.to, mail.language),
        language=mail.language,
        template=mail.template,
        values=_clean(to_jsonable_python(dict(mail.values))),
        written_at=at,
    )
    written = session.execute(row.on_conflict_do_nothing().returning(col(MailRow.id))).scalar_one_or_none()
    if written is None:
        return False
    outbox.record(session, MAIL_WRITTEN, [written])
    return True


def was_written(session: Session, key: str) -> bool:
    """Tell whether a mail was written under a key: for whoever would have to make a link for it first."""
    return session.execute(select(col(MailRow.id)).where(col(MailRow.key) == _kept_key(key))).first() is not None


def checked_address(address: str, language: Language) -> str:
    """Return an address in its usual form, or raise Invalid; nobody is asked whether its domain takes mail."""
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        reason = translate(language, message("This is no email address that can be written to."))
        raise Invalid([Fault("email", "bad_address", reason)]) from None


def find_owed(session: Session, mail_id: str) -> MailRow | None:
    """Return a mail unless it has left, failed, or was cleared."""
    row = session.get(MailRow, mail_id)
    return row if row and row.values is not None and not row.sent_at and row.failure is None else None


def newest(session: Session, most: int) -> list[MailRow]:
    """Return the mails that have left, the last written first."""
    statement = select(MailRow).where(col(MailRow.sent_at).is_not(None), col(MailRow.values).is_not(None))
    newest_first = statement.order_by(col(MailRow.written_at).desc(), col(MailRow.id)).limit(most)
    return list(session.execute(newest_first).scalars())


def mark_sent(session: Session, mail_id: str, at: datetime, *, is_last: bool = False) -> None:
    """Note that a mail has left; nothing of the last one to somebody who is erased is kept."""
    if row := session.get(MailRow, mail_id, with_for_update=True):
        row.sent_at, row.values = at, blanked(row.values)
        _clear_if(row, is_last=is_last)


def mark_failed(session: Session, mail_id: str, reason: str, *, is_last: bool = False) -> None:
    """Note why a mail will never be sent."""
    if row := session.get(MailRow, mail_id, with_for_update=True):
        row.failure, row.values = logs.scrubbed(_clean(reason))[:LONGEST_FAILURE], blanked(row.values)
        _clear_if(row, is_last=is_last)


def failed(session: Session, limit: int) -> Sequence[MailRow]:
    """Return the mails that will never be sent and still say what they said, the last written first."""
    statement = select(MailRow).where(col(MailRow.failure).is_not(None), col(MailRow.values).is_not(None))
    return (
        session.execute(statement.order_by(col(MailRow.written_at).desc(), col(MailRow.id)).limit(limit))
        .scalars()
        .all()
    )


def to_address(session: Session, address: str, limit: int) -> Sequence[MailRow]:
    """Return the mails to an address, the last written first."""
    statement = select(MailRow).where(col(MailRow.recipient) == address)
    return (
        session.execute(statement.order_by(col(MailRow.written_at).desc(), col(MailRow.id)).limit(limit))
        .scalars()
        .all()
    )


def resend(session: Session, mail_id: str) -> MailRow:
    """Owe a mail that failed anew; raise Conflict where its links are gone: they open nothing when blank."""
    row = session.get(MailRow, mail_id, with_for_update=True)
    if row is None or row.failure is None:
        raise NotFound("there is no such mail, or it has not failed")
    if row.values is None or holds_secrets(row.values):
        raise Conflict("what this mail linked to is gone: it has to be asked for anew")
    row.failure = None
    session.add(row)
    outbox.record(session, MAIL_WRITTEN, [mail_id])
    return row


def holds_secrets(values: Any) -> bool:
    """Tell whether values hold something that may open an account, or once did. Pure."""
    if isinstance(values, list):
        return any(holds_secrets(item) for item in values)
    if not isinstance(values, dict):
        return False
    return any(str(name).endswith(_SECRET_ENDINGS) or holds_secrets(value) for name, value in values.items())


def blanked(values: Any) -> Any:
    """Return values without whatever may open or change an account: see the top of this module. Pure."""
    if isinstance(values, list):
        return [blanked(item) for item in values]
    if not isinstance(values, dict):
        return values
    return {name: "" if str(name).endswith(_SECRET_ENDINGS) else blanked(value) for name, value in values.items()}


def clear(session: Session, at: datetime) -> None:
    """Drop what mails hold a month after they left; what could not leave for as long is given up."""
    is_owed = col(MailRow.sent_at).is_(None) & col(MailRow.failure).is_(None)
    old = (col(MailRow.values).is_not(None), func.coalesce(MailRow.sent_at, MailRow.written_at) < at - KEPT_FOR)
    session.execute(update(MailRow).where(is_owed, *old).values(failure=TOO_LATE))
    session.execute(update(MailRow).where(*old).values(values=None, recipient=""))


def forget(session: Session, address: str) -> None:
    """Drop every mail to an address, those that are owed too: whoever erases an account writes its last mail after."""
    session.execute(delete(MailRow).where(or_(*(col(MailRow.recipient) == one for one in {address, address.lower()}))))


def forget_mentions(session: Session, words: Collection[str]) -> None:
    """Drop what mails to others say, where somebody who is erased is named in it; one that is owed is not sent."""
    # Values are kept as JSON, which may write a letter as \\u00e9.
    forms = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    if forms:
        said = cast(MailRow.values, String)
        mentioning = or_(*(said.icontains(form, autoescape=True) for form in sorted(forms)))
        statement = update(MailRow).where(mentioning).values(values=None, recipient="")
        session.execute(statement.execution_options(synchronize_session=False))


def find_kept(session: Session, mail_ids: Collection[str]) -> set[str]:
    """Return which of some mails still hold what they said."""
    statement = select(col(MailRow.id)).where(col(MailRow.id).in_(sorted(mail_ids)), col(MailRow.values).is_not(None))
    return set(session.execute(statement).scalars())


def _kept_key(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def _clear_if(row: MailRow, *, is_last: bool) -> None:
    if is_last:
        row.recipient, row.values = "", None


def _clean(value: Any) -> Any:
    """Return a JSON value whose texts both databases and every mail program can hold: no controls, no half pairs."""
    if isinstance(value, dict):
        return {_clean(str(name)): _clean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if not isinstance(value, str):
        return value
    whole = value[: LONGEST_TEXT + 1].encode(errors="ignore").decode()
    text = "".join(sign for sign in whole if sign in _KEPT_CONTROLS or unicodedata.category(sign) != "Cc")
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
