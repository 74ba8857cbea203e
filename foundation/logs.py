"""Logs: text for people, JSON for machines; one line an event.

Nobody's address stands in them, and nothing that opens an account: what libraries say of errors may hold both.
"""

import logging
import re
import traceback
from typing import Any

import structlog

from foundation.settings import Settings

_ADDRESS = re.compile(r"[^\s@<>()\[\]'\",;:=]+@[^\s@<>()\[\]'\",;:]+")
_OPENING = re.compile(r"((?:token|password|code)=)[^\s&'\"]+")
_DETAIL = re.compile(r"DETAIL:.*?(?=(?:\n|\\n)\[SQL:|\Z)", re.DOTALL)
"""What PostgreSQL adds to an error: the row that was refused, whole."""
_make_record = logging.getLogRecordFactory()


def scrubbed(text: str) -> str:
    """Return a text without email addresses, what follows `token=` in an address of ours, and rows of the database."""
    if "DETAIL:" in text:
        text = _DETAIL.sub("DETAIL: …", text)
    return _OPENING.sub(r"\1…", _ADDRESS.sub("…@…", text)) if "@" in text or "=" in text else text


def _scrub(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: scrubbed(value) if isinstance(value, str) else value for name, value in event.items()}


def _record(*arguments: Any, **options: Any) -> logging.LogRecord:
    """Return a record of a library's log, scrubbed before anybody formats it."""
    record = _make_record(*arguments, **options)
    record.msg, record.args = scrubbed(record.getMessage()), ()
    if record.exc_info and record.exc_info[0]:
        record.exc_text = scrubbed("".join(traceback.format_exception(*record.exc_info))).rstrip()
    return record


def configure(settings: Settings) -> None:
    """Set up logging for the process."""
    logging.setLogRecordFactory(_record)
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrub,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level.upper())),
        logger_factory=structlog.WriteLoggerFactory(),
    )
