"""SMS that are owed: rows, written in the transaction of what they tell about, and sent from the outbox.

As with mails (`foundation.mails`), one key is one SMS however often its event is told, and it is sent at least once.
A row holds the text as it leaves, in its reader's language, since an SMS is one line; that text carries nothing that
opens an account. A month later the number and the text go.

A text is brought into the alphabet of SMS (GSM 03.38, 7 bits) and has to fit into one: what needs other letters would
be sent in parts of 67 characters, each of them paid for.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import CheckConstraint, Index, func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from foundation import logs, outbox
from foundation.database import insert
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate
from foundation.types import Instant

SMS_WRITTEN = "sms.written"
"""An SMS is to be sent; the key is its row's id."""
CLEARING_DUE = "sms.clearing_due"
"""What old SMS hold is to be dropped; keys say when that was due."""

KEPT_FOR = timedelta(days=30)
LONGEST_TEXT = 160
"""Places of one SMS; most letters take one, some take two."""
LONGEST_FAILURE = 500
TOO_LATE = "not sent within 30 days"
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
"""E.164: a plus sign, the country's code, at most fifteen digits."""
_ONE_PLACE = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO_PLACES = frozenset("^{}\\[~]|€")
_INSTEAD = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "œ": "oe", "Œ": "OE"}
)
_UNKNOWN = "?"


class SmsRow(SQLModel, table=True):
    """One SMS: neither sent nor failed while it is owed. Number and text are empty once cleared."""

    __tablename__ = "sms"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_sms_written", "written_at"),
        Index("ix_sms_account", "account_id"),
        CheckConstraint("language IN ('fr', 'en')", name="language_is_ours"),
        CheckConstraint("sent_at IS NULL OR failure IS NULL", name="sent_or_failed"),
    )

    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    """SHA-256 of what names the event: it stays when all else goes."""
    account_id: str
    """Whose telephone it is, for whoever takes their data along or erases it."""
    recipient: str
    """E.164, such as +33612345678."""
    language: str
    text: str
    written_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    failure: str | None = None
    """Why it will not be sent: what the gateway answered."""


@dataclass(frozen=True, slots=True)
class Sms:
    """What somebody is to be told on the telephone, in their language."""

    account_id: str
    to: str
    language: Language
    text: str


def write(session: Session, sms: Sms, *, key: str, at: datetime) -> bool:
    """Owe an SMS in the caller's transaction; return False if `key` was used before: then nothing is sent again.

    Raises Invalid where the number is not E.164, or the text does not fit (`shortened` makes names fit).
    """
    row = insert(session, SmsRow).values(
        id=str(uuid4()),
        key=hashlib.sha256(key.encode(errors="replace")).hexdigest(),
        account_id=sms.account_id,
        recipient=checked_number(sms.to, sms.language),
        language=sms.language,
        text=checked_text(sms.text, sms.language),
        written_at=at,
    )
    written = session.execute(row.on_conflict_do_nothing().returning(col(SmsRow.id))).scalar_one_or_none()
    if written is None:
        return False
    outbox.record(session, SMS_WRITTEN, [written])
    return True


def checked_number(number: str, language: Language) -> str:
    """Return a number that is E.164, or raise Invalid; nobody is asked whether it is in use. Pure."""
    if not _NUMBER.fullmatch(number):
        reason = translate(language, message("This is no telephone number that an SMS can be sent to."))
        raise Invalid([Fault("phone", "bad_number", reason)])
    return number


def checked_text(text: str, language: Language) -> str:
    """Return a text in the alphabet of SMS, or raise Invalid where it is empty or does not fit into one. Pure."""
    found = in_alphabet(text)
    if not 0 < places(found) <= LONGEST_TEXT:
        reason = message("An SMS has from 1 to %(most)d characters.")
        raise Invalid([Fault("text", "bad_length", translate(language, reason, most=LONGEST_TEXT))])
    return found


def in_alphabet(text: str) -> str:
    """Return a text as SMS can hold it: ’ becomes ', ê becomes e, what has no such form a question mark. Pure."""
    whole = unicodedata.normalize("NFC", text).translate(_INSTEAD)
    return "".join(_letter(sign) for sign in whole).strip()


def places(text: str) -> int:
    """Return how many of an SMS's places a text takes that is in its alphabet. Pure."""
    return sum(2 if sign in _TWO_PLACES else 1 for sign in text)


def shortened(text: str, most: int) -> str:
    """Return a text, such as a name, that takes no more than `most` places. Pure."""
    found = in_alphabet(text)
    if places(found) <= most:
        return found
    while places(found) > most - 1:
        found = found[:-1]
    return f"{found.rstrip()}."


def find_owed(session: Session, sms_id: str) -> SmsRow | None:
    """Return an SMS unless it has left, failed, or was cleared."""
    row = session.get(SmsRow, sms_id)
    return row if row and row.text and not row.sent_at and row.failure is None else None


def newest(session: Session, most: int) -> Sequence[SmsRow]:
    """Return the SMS that have left, the last written first."""
    statement = select(SmsRow).where(col(SmsRow.sent_at).is_not(None), col(SmsRow.text) != "")
    return (
        session.execute(statement.order_by(col(SmsRow.written_at).desc(), col(SmsRow.id)).limit(most)).scalars().all()
    )


def mark_sent(session: Session, sms_id: str, at: datetime) -> None:
    """Note that an SMS has left."""
    if row := session.get(SmsRow, sms_id, with_for_update=True):
        row.sent_at = at


def mark_failed(session: Session, sms_id: str, reason: str) -> None:
    """Note why an SMS will never be sent."""
    if row := session.get(SmsRow, sms_id, with_for_update=True):
        row.failure = logs.scrubbed(reason).replace("\0", "")[:LONGEST_FAILURE]


def failed(session: Session, limit: int) -> Sequence[SmsRow]:
    """Return the SMS that were refused for good, the last written first."""
    statement = select(SmsRow).where(col(SmsRow.failure).is_not(None))
    newest_first = (col(SmsRow.written_at).desc(), col(SmsRow.id))
    return session.execute(statement.order_by(*newest_first).limit(limit)).scalars().all()


def resend(session: Session, sms_id: str) -> SmsRow:
    """Owe an SMS that failed anew; raise Conflict where what it said is dropped."""
    row = session.get(SmsRow, sms_id, with_for_update=True)
    if row is None or row.failure is None:
        raise NotFound("there is no such SMS, or it has not failed")
    if not row.text:
        raise Conflict("what this SMS said is dropped")
    row.failure = None
    session.add(row)
    outbox.record(session, SMS_WRITTEN, [sms_id])
    return row


def clear(session: Session, at: datetime) -> None:
    """Drop what SMS hold a month after they left; what could not leave for as long is given up."""
    is_owed = col(SmsRow.sent_at).is_(None) & col(SmsRow.failure).is_(None)
    old = (col(SmsRow.text) != "", func.coalesce(SmsRow.sent_at, SmsRow.written_at) < at - KEPT_FOR)
    session.execute(update(SmsRow).where(is_owed, *old).values(failure=TOO_LATE))
    session.execute(update(SmsRow).where(*old).values(text="", recipient=""))


def forget_mentions(session: Session, words: Collection[str]) -> None:
    """Drop what SMS to others say, where somebody who is erased is named in it; one that is owed is not sent."""
    forms = {form for word in words if (form := in_alphabet(word)).strip(f"{_UNKNOWN} ")}
    if forms:
        mentioning = or_(*(col(SmsRow.text).icontains(form, autoescape=True) for form in sorted(forms)))
        statement = update(SmsRow).where(mentioning).values(text="", recipient="")
        session.execute(statement.execution_options(synchronize_session=False))


def find_kept(session: Session, sms_ids: Collection[str]) -> set[str]:
    """Return which of some SMS still hold what they said."""
    statement = select(col(SmsRow.id)).where(col(SmsRow.id).in_(sorted(sms_ids)), col(SmsRow.text) != "")
    return set(session.execute(statement).scalars())


def _letter(sign: str) -> str:
    if sign in _ONE_PLACE or sign in _TWO_PLACES:
        return sign
    if sign.isspace():
        return " "
    plain = "".join(part for part in unicodedata.normalize("NFKD", sign) if part in _ONE_PLACE or part in _TWO_PLACES)
    is_mark = unicodedata.category(sign) in {"Mn", "Cc", "Cf", "Cs"}
    return plain or ("" if is_mark else _UNKNOWN)
