"""Mails in their recipients' words: rendering what `foundation.mails` owes, and sending it."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any
from urllib.parse import urlencode

import structlog
from email_validator import validate_email
from sqlalchemy.orm import Session

from billing.documents import issues, sendings
from billing.models.deliveries import State
from booking import reply_tokens
from foundation import clock, i18n, mails
from foundation.database import Database
from foundation.i18n import Language
from foundation.mail_transports import PAUSE_S, Refused, Send, choose
from foundation.mails import MailRow
from foundation.settings import Settings
from web.mail_values import LAST, TEMPLATES, one_line
from web.rendering import template

WIDTH = 72
"""Characters of a line of text; a longer address stays whole, so that it can be opened."""
_BLANK_LINES = re.compile(r"\n{3,}")
_LIST_MARK = "- "

log = structlog.get_logger(__name__)


class _MailPolicy(EmailPolicy):
    """Writes two headers otherwise than the library, which loses spaces between words, and encodes long addresses."""

    def fold(self, name: str, value: Any) -> str:
        """Return a header as text, its name with it."""
        if name == "Subject":
            text = Header(str(value), header_name=name, maxlinelen=76).encode(linesep=self.linesep)
            return f"{name}: {text}{self.linesep}"
        if name in {"List-Unsubscribe", "Return-Path", "References"}:
            return f"{name}: {value}{self.linesep}"
        return super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header as bytes."""
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii")


_POLICY = _MailPolicy(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF that goes with a mail."""

    name: str
    content: bytes


class Mailer:
    """Sends what is owed; also drops what was kept for long enough.

    `pause_s` is for how long a server that did not answer is left alone.
    """

    def __init__(self, settings: Settings, database: Database, *, pause_s: float = PAUSE_S) -> None:
        self._settings, self._database = settings, database
        self._transport = choose(settings, pause_s)

    def deliver(self, mail_ids: Sequence[str]) -> None:
        """Send mails that have not left yet. May be repeated; see `foundation.mails` for what that means."""
        with self._transport.connected() as send:
            for mail_id in mail_ids:
                self._deliver_one(mail_id, send)

    def clear(self, at: datetime) -> None:
        """Drop what mails of a month ago hold, and files of mails that are gone."""
        self._database.write(lambda session: mails.clear(session, at))
        # Files first: one that is written meanwhile is of a row that was there before it.
        files = self._transport.list_kept()
        with self._database.reading() as session:
            kept = mails.find_kept(session, files)
        self._transport.drop(set(files) - kept)

    def _deliver_one(self, mail_id: str, send: Send) -> None:
        with self._database.reading() as session:
            row = mails.find_owed(session, mail_id)
            if row is None:
                return
            session.expunge(row)
            attached = attachment_of(session, row)
        is_last = row.template == LAST
        try:
            send(mail_id, compose(row, self._settings, attached))
        except Refused as error:
            reason = str(error)
            log.warning("mail is refused for good", mail_id=mail_id, template=row.template, reason=reason)
            with self._database.writing() as session:
                mails.mark_failed(session, mail_id, reason, is_last=is_last)
                _note(session, row, State.FAILED, _code_of(reason))
        else:
            with self._database.writing() as session:
                mails.mark_sent(session, mail_id, clock.now(), is_last=is_last)
                _note(session, row, State.SENT)


def attachment_of(session: Session, row: MailRow) -> Attachment | None:
    """Return the file that goes with a mail: a document's; raise Damaged where that is not what was issued."""
    if row.template != sendings.TEMPLATE or row.values is None:
        return None
    return Attachment(f"{row.values['number']}.pdf", issues.file_of(session, row.values["document_id"]))


def compose(row: MailRow, settings: Settings, attached: Attachment | None = None) -> EmailMessage:
    """Return a mail as it leaves: the same from the same row, so that a repeat can be known by its Message-ID."""
    language = i18n.known(row.language)
    values = TEMPLATES[row.template].model_validate(row.values)
    subject, text, html = render(row.template, language, dict(values), settings)
    name, address = settings.sender
    recipient = _deliverable(row.recipient)
    found = EmailMessage(policy=_POLICY.clone(utf8=not recipient.addr_spec.isascii()))
    found.set_content(text, cte="quoted-printable")
    found.add_alternative(html, subtype="html", cte="quoted-printable")
    if attached:
        found.add_attachment(attached.content, maintype="application", subtype="pdf", filename=attached.name)
    found["From"] = Address(name, addr_spec=address)
    found["To"] = recipient
    found["Subject"] = subject
    found["Date"] = row.written_at
    found["Message-ID"] = f"<{row.id}@{address.rpartition('@')[2]}>"
    found["Auto-Submitted"] = "auto-generated"
    found["Content-Language"] = language
    if token := getattr(values, "reply_token", ""):
        found["References"] = f"<{getattr(values, 'thread_id', '')}@{address.rpartition('@')[2]}>"
        if settings.replies_domain:
            replies = reply_tokens.address(token, settings.replies_domain)
            found["Reply-To"] = Address(name, addr_spec=replies)
            # Where it comes back from, in case it can't be delivered: the token says whose address it is.
            found["Return-Path"] = f"<{replies}>"
    if stop_url := getattr(values, "unsubscribe_url", None):
        found["List-Unsubscribe"] = f"<{absolute(settings.site_address, stop_url)}>"
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return found


def render(name: str, language: Language, values: dict[str, Any], settings: Settings) -> tuple[str, str, str]:
    """Return the subject, the text and the HTML of a mail; `values` are checked already."""

    def url(path: str, **parameters: str) -> str:
        query = f"?{urlencode(parameters)}" if parameters else ""
        return absolute(settings.site_address, path) + query

    shared = {"url": url, "operator": settings.operator, "takes_replies": bool(settings.replies_domain)}
    context = {**values, **shared}
    text = template(f"mails/{name}.txt", language)
    subject = one_line("".join(text.blocks["subject"](text.new_context(context))))
    html = template(f"mails/{name}.html", language).render({**context, "subject": subject})
    return subject, wrap(text.render(context)), html


def subject_of(row: MailRow) -> str:
    """Return what a mail's recipient reads first; the template's name where its values are gone."""
    if row.values is None or row.template not in TEMPLATES:
        return row.template
    # Not checked: blanked tokens would not pass, and no subject holds one.
    values = TEMPLATES[row.template].model_construct(**row.values)
    text = template(f"mails/{row.template}.txt", i18n.known(row.language))
    return one_line("".join(text.blocks["subject"](text.new_context(dict(values)))))


def absolute(site: str, address: str) -> str:
    """Return an address with its host."""
    return f"{site}{address}" if address.startswith("/") else address


def wrap(text: str) -> str:
    """Return a text in lines that every program shows whole, paragraphs apart by one empty line."""
    lines = [part for line in text.strip().splitlines() for part in _wrap_line(line)]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)) + "\n"


def _note(session: Session, row: MailRow, state: State, detail: str = "") -> None:
    """Note in a document's log what became of the mail that brings it."""
    if row.template == sendings.TEMPLATE and row.values is not None:
        sendings.note_mail(session, row.values, row.id, state, clock.now(), detail)


def _code_of(reason: str) -> str:
    """Return the code of a mail server's answer, without its text, which may hold the address."""
    code = reason.partition(" ")[0]
    return code if code.isdigit() else ""


def _wrap_line(line: str) -> list[str]:
    if line == "-- ":  # the signature's mark (RFC 3676), with its space
        return [line]
    indent = "  " if line.startswith((_LIST_MARK, "  ")) else ""
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    ) or [""]


def _deliverable(address: str) -> Address:
    """Return an address as every server takes it, where there is such a one: its domain in ASCII.

    Where there is none, as of `zoë@example.org`, only servers with SMTPUTF8 take it (RFC 6531).
    """
    checked = validate_email(address, check_deliverability=False)
    user, _, domain = (checked.ascii_email or checked.normalized).rpartition("@")
    return Address(username=user, domain=domain)  # in parts: read from one text, a name with accents is refused
