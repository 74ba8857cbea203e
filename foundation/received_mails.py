"""Reading a mail that came in: who wrote it, whether a machine did, its text, and the files that it brings.

Programs send what no standard foresees: whatever can be understood is, and what can't be is said (`Unreadable`).
"""

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import cast

from foundation import mail_texts

MOST_PARTS = 200
"""More parts than any mail has that a person wrote."""
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_UNSEEN = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "text/calendar"}
) | _TNEF  # fmt: skip
"""Parts that mail programs add by themselves and no reader means to send."""
_BULK = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Vacation", "List-Id", "List-Unsubscribe")
_AUTOMATIC_SUBJECT = re.compile(
    r"^\W*(?:(?:re|aw|tr|fwd?|rép)\s*:\s*)*(?:out of (?:the )?office|auto(?:matic|mated)?[ -]?(?:reply|response)|"
    r"réponse automatique|absen(?:ce|t|te)\b[^.?!]{0,20}(?:du bureau|bureau|:|$)|message d['’]absence|"
    r"abwesenheits(?:notiz|nachricht)|automatische (?:antwort|abwesenheit)|nicht im (?:büro|haus)|"
    r"undeliver|delivery status notification|mail delivery|failure notice)",
    re.IGNORECASE,
)


class Unreadable(Exception):
    """This is no mail that can be read."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that a mail brings."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a server says of a mail that it could not deliver (RFC 3464)."""

    is_final: bool
    """It will not be tried again."""
    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that came in."""

    message_id: str
    """As the mail says; where it says none, made of its content."""
    sender: str
    """In small letters; empty where there is none."""
    text: str
    """The whole text, with what it quotes."""
    files: tuple[ReceivedFile, ...] = ()
    left_out: tuple[str, ...] = ()
    """Names of mails that it brings along, which are no files."""
    is_automatic: bool = False
    bounce: Bounce | None = field(default=None)


def read(content: bytes, *, envelope_sender: str | None) -> Received:
    """Return a mail; raise Unreadable. `envelope_sender` is empty or None for what machines send about mails."""
    try:
        mail = email.message_from_bytes(content, policy=default)
        parts = list(_leaves(mail))
        text, files, left_out = _text_of(parts), _files_of(parts), _mails_in(parts)
        return Received(
            message_id=_header(mail, "Message-ID") or hashlib.sha256(content).hexdigest(),
            sender=_sender(mail),
            text=text,
            files=files,
            left_out=left_out,
            is_automatic=_is_automatic(mail, envelope_sender),
            bounce=_bounce(mail, parts),
        )
    # The library raises much else where a mail breaks the rules: it was written for those that keep them.
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError) as error:
        raise Unreadable(str(error) or type(error).__name__) from error


def _leaves(mail: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the parts that hold something; mails that a mail brings along are not looked into."""
    pending: list[EmailMessage] = [mail]
    count = 0
    while pending:
        part = pending.pop()
        count += 1
        if count > MOST_PARTS:
            raise ValueError("too many parts")
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            pending.extend(reversed(cast("list[EmailMessage]", inner)))
        else:
            yield part


def _header(mail: EmailMessage, name: str) -> str:
    try:
        value = mail.get(name, "")
    except (ValueError, IndexError, AttributeError, TypeError):
        # The library can't read what stands there; as it came then.
        value = next((raw for key, raw in mail.raw_items() if key.lower() == name.lower()), "")
    return "".join(sign if sign.isprintable() else " " for sign in str(value)).strip()[:1_000]


def _sender(mail: EmailMessage) -> str:
    return parseaddr(_header(mail, "From"))[1].lower()


def _is_automatic(mail: EmailMessage, envelope_sender: str | None) -> bool:
    submitted = _header(mail, "Auto-Submitted").lower()
    precedence = _header(mail, "Precedence").lower()
    return (
        not envelope_sender
        or envelope_sender.lower().startswith(("mailer-daemon@", "postmaster@"))
        or (bool(submitted) and not submitted.startswith("no"))
        or precedence in _BULK
        or any(_header(mail, name) for name in _AUTOMATIC_HEADERS)
        or bool(_AUTOMATIC_SUBJECT.search(_header(mail, "Subject")))
    )


def _bounce(mail: EmailMessage, parts: list[EmailMessage]) -> Bounce | None:
    """Return what a delivery status notification says; None where a mail is none."""
    if mail.get_content_type() != "multipart/report" or mail.get_param("report-type") != "delivery-status":
        return None
    for part in parts:
        if part.get_content_type() == "message/delivery-status":
            said = part.as_string()
            action = re.search(r"^Action:\s*(\w+)", said, re.IGNORECASE | re.MULTILINE)
            status = re.search(r"^Status:\s*(\d)\.\d", said, re.IGNORECASE | re.MULTILINE)
            reason = re.search(r"^Diagnostic-Code:\s*(.+(?:\n[ \t].+)*)", said, re.IGNORECASE | re.MULTILINE)
            is_final = bool(action and action[1].lower() == "failed") and (not status or status[1] == "5")
            return Bounce(is_final, " ".join(reason[1].split())[:500] if reason else "")
    return Bounce(is_final=False, reason="")


def _text_of(parts: list[EmailMessage]) -> str:
    """Return the text that a reader sees first: the plain one, else what the HTML says."""
    shown = [part for part in parts if part.get_content_disposition() != "attachment"]
    plain = [mail_texts.unflow(_decoded(part), part) for part in shown if part.get_content_type() == "text/plain"]
    if any(text.strip() for text in plain):
        return "\n\n".join(text for text in plain if text.strip())
    html = (mail_texts.of_html(_decoded(part)) for part in shown if part.get_content_type() == "text/html")
    return next((text for text in html if text.strip()), "")


def _decoded(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    return mail_texts.decode(payload if isinstance(payload, bytes) else b"", part.get_content_charset() or "")


def _files_of(parts: list[EmailMessage]) -> tuple[ReceivedFile, ...]:
    return tuple(
        ReceivedFile(part.get_filename() or f"file{_ending(part)}", payload)
        for part in parts
        if _is_file(part) and isinstance(payload := part.get_payload(decode=True), bytes)
    )


def _is_file(part: EmailMessage) -> bool:
    kind = part.get_content_type()
    if kind in _UNSEEN or kind.startswith("message/"):
        return False
    disposition = part.get_content_disposition()
    if disposition == "attachment":
        return True
    if kind.startswith("image/"):
        # Pictures that a text shows, such as a logo below a signature, are named by the text.
        return not part.get("Content-ID") and bool(part.get_filename())
    return not kind.startswith("text/") or bool(part.get_filename())


def _mails_in(parts: list[EmailMessage]) -> tuple[str, ...]:
    return tuple(part.get_filename() or "mail.eml" for part in parts if part.get_content_type() == "message/rfc822")


def _ending(part: EmailMessage) -> str:
    subtype = part.get_content_subtype()
    return f".{subtype}" if subtype.isalnum() and len(subtype) < 6 else ""
