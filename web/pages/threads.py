"""Threads and their messages, as pages show them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from booking import attachments, threads
from booking.models.threads import Message, Side
from booking.thread_lines import Line
from booking.thread_lists import Entry, Shown
from booking.thread_rules import Closed
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate

EXCERPT = 140
_URL = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_BEHIND = ".,;:!?»”’)]}"
_LINES: Mapping[str, str] = {
    Line.OFFER_SENT: message("A mission was offered"),
    Line.OFFER_CHANGED: message("The mission sheet was changed"),
    Line.OFFER_WITHDRAWN: message("The offer was withdrawn"),
    Line.OFFER_REFUSED: message("The offer was refused"),
    Line.OFFER_EXPIRED: message("The offer has expired"),
    Line.QUOTE_SENT: message("A quote was sent"),
    Line.QUOTE_AMENDED: message("The quote was amended"),
    Line.QUOTE_ACCEPTED: message("The quote was accepted"),
    Line.QUOTE_DECLINED: message("The quote was declined"),
    Line.QUOTE_WITHDRAWN: message("The quote was withdrawn"),
    Line.QUOTE_EXPIRED: message("The quote has expired"),
    Line.QUOTE_CANCELLED: message("The quote was cancelled"),
    Line.MISSION_FUNDED: message("The mission is paid for; the amount is held"),
    Line.MISSION_STARTED: message("The mission has started"),
    Line.MISSION_REPORTED: message("The end report was sent"),
    Line.MISSION_VALIDATED: message("The mission was validated"),
    Line.MISSION_CANCELLED: message("The mission was cancelled"),
    Line.MISSION_DISPUTED: message("The mission is disputed"),
    Line.MONTHS_PROPOSED: message("Monthly quotes were sent"),
    Line.SERIES_STOPPED: message("The long mission was stopped"),
}
_CLOSED: Mapping[Closed, str] = {
    Closed.EXPERT_GONE: message("This expert has left Portulan. What was said stays here."),
    Closed.EXPERT_WITHHELD: message("This profile is kept back at the moment, so nothing can be written here."),
    Closed.CLIENT_GONE: message("Nobody on the other side can read messages any more. What was said stays here."),
    Closed.READS_ALONG: message("You read along here. The owner and the buyers of your company’s account write."),
}
_FAULTS: Mapping[str, str] = {
    "missing": message("Please write something, or choose a file."),
    "string_too_long": message("At most %(most)d characters fit into one message. Please make two of it."),
    "too_many_files": message("At most %(files)d files go with one message."),
    "too_large": message("“%(name)s” is too large: at most %(mb)d MB. Please choose the files again."),
    "too_large_together": message("Together the files are too large: at most %(together)d MB."),
    "empty_file": message("“%(name)s” is empty. Please choose the files again."),
    "kind_not_taken": message(
        "“%(name)s” is none of the kinds that can be sent: PDF, PNG, JPEG, DOCX, XLSX, CSV, TXT; its content has to be "
        "what its name says. Please choose the files again."
    ),
    "too_often": message("That was a lot of messages in a short time. Please wait a little and send it again."),
}
_MB = 1_000_000


def faults_in(error: Invalid, language: Language) -> dict[str, str]:
    """Return what is wrong, in words, by field."""
    return {fault.field: _said(fault, language) for fault in reversed(error.faults)}


def fault(field: str, code: str, language: Language) -> dict[str, str]:
    """Return one thing that is wrong, in words."""
    return {field: _said(Fault(field, code, ""), language)}


def entries(found: Sequence[Entry], side: Side, language: Language) -> list[dict[str, Any]]:
    """Return what a list shows of threads."""
    return [
        {
            "id": entry.thread.id,
            "name": counterpart(entry, side, language),
            "is_about_mission": entry.thread.mission_id is not None,
            "excerpt": _excerpt(entry.last, language) if entry.last else "",
            "is_mine": entry.last is not None and entry.last.side == side.value,
            "last_at": entry.thread.last_at,
            "unread": entry.unread,
            "waits": entry.thread.last_side == Side.CLIENT.value,
            "client": entry.client.name or translate(language, message("An erased account")),
            "expert": entry.expert,
        }
        for entry in found
    ]


def counterpart(entry: Entry, side: Side, language: Language) -> str:
    """Return what the other side is called."""
    if side is Side.CLIENT:
        return entry.expert.name if entry.expert else translate(language, message("An expert who has left"))
    return entry.client.name or translate(language, message("An erased account"))


def messages(
    found: Sequence[Shown], side: Side, seen: int, language: Language, *, first_unread: int
) -> list[dict[str, Any]]:
    """Return what a page shows of messages; `seen` is up to where the other side has read."""
    mine = [shown.message.position for shown in found if shown.message.side == side.value]
    seen_last = max((position for position in mine if position <= seen), default=0)
    return [
        {
            "position": shown.message.position,
            "is_line": shown.message.side == Side.SYSTEM,
            "line": line(shown.message, language),
            "path": (shown.message.line_values or {}).get("path"),
            "is_mine": shown.message.side == side.value,
            "author": _author(shown, language),
            "body": linked(shown.message.body),
            "files": shown.files,
            "left_out": shown.message.left_out,
            "came_by_mail": shown.message.via == "mail",
            "sent_at": shown.message.sent_at,
            "is_seen": shown.message.position == seen_last,
            "is_first_new": shown.message.position == first_unread,
        }
        for shown in found
    ]


def closed(reason: Closed | None, language: Language) -> str | None:
    """Return why nothing can be written, in words."""
    return translate(language, _CLOSED[reason]) if reason else None


def line(said: Message, language: Language) -> str:
    """Return what the system says, in a reader's language; empty for people's messages."""
    if said.line is None:
        return ""
    text = translate(language, _LINES.get(said.line, message("Something happened")))
    title = (said.line_values or {}).get("title", "")
    return translate(language, message("%(what)s: %(title)s"), what=text, title=title) if title else text


def linked(text: str) -> Markup:
    """Return a text in which addresses of the web can be followed; nothing else in it is HTML."""
    found: list[Markup] = []
    end = 0
    for url in _URL.finditer(text):
        shown = url[0].rstrip(_BEHIND)
        # A bracket that was opened inside belongs to the address, as in Wikipedia's.
        if url[0][len(shown) :].startswith(")") and shown.count("(") > shown.count(")"):
            shown += ")"
        link = Markup('<a href="{0}" rel="nofollow ugc noopener noreferrer">{0}</a>').format(shown)
        found += [escape(text[end : url.start()]), link]
        end = url.start() + len(shown)
    return Markup("").join([*found, escape(text[end:])])


def _author(shown: Shown, language: Language) -> str:
    if shown.message.side == Side.OPERATOR:
        return translate(language, message("The Portulan team, for the expert"))
    return shown.author or translate(language, message("An erased account"))


def _excerpt(said: Message, language: Language) -> str:
    text = " ".join(said.body.split()) or line(said, language) or translate(language, message("A file"))
    return text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"


def _said(fault: Fault, language: Language) -> str:
    return translate(
        language,
        _FAULTS[fault.code],
        most=threads.LONGEST_BODY,
        files=attachments.MOST_FILES,
        mb=attachments.MOST_BYTES // _MB,
        together=attachments.MOST_BYTES_TOGETHER // _MB,
        name=fault.message,
    )
