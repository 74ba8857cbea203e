"""Receiving replies by mail: a listener that speaks LMTP (RFC 2033) or SMTP, and puts what comes into its thread.

The token in a reply address is checked before anything is read. What can't be taken is refused while whoever hands it
over is still there, with a reason that the author gets to read; what can't be taken *now*, because the database is
away, is refused for now, and the sending server tries again: nothing is lost.
"""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Connection
from sqlalchemy.exc import DBAPIError

from booking import mail_replies, reply_tokens
from booking.mail_replies import CanNotWrite, NoText
from booking.models.threads import Outcome
from booking.reply_tokens import Expired, Forged
from booking.threads import ThreadClosed
from foundation import clock, keys, received_mails
from foundation.database import Database
from foundation.errors import Conflict, TooMany, Unavailable
from foundation.received_mails import Unreadable
from foundation.settings import Settings

MOST_BYTES = 36_000_000
"""Of a mail: the largest files that a message may have, as mails write them (base 64)."""
LONGEST_LINE = 100_000
"""Bytes; 998 are allowed (RFC 5322, 2.1.1), and programs send more."""
TAKEN = "250 2.0.0 Taken"
LATER = "451 4.3.0 Not now: please try again later"
_NO_ADDRESS = "550 5.1.1 There is no such address here"
_EXPIRED = "550 5.7.1 This reply address is too old: please write on the site instead"
_ONE_AT_A_TIME = "452 4.5.3 One recipient at a time"
_UNREADABLE = "554 5.6.0 This mail can not be read"
_NO_TEXT = "550 5.6.0 No text was found in this mail above the quoted one"
_CAN_NOT_WRITE = "550 5.7.1 You can not write in this conversation any more"
_TOO_MANY = "450 4.7.1 Too many mails in an hour"

log = structlog.get_logger(__name__)


class Listener:
    """Listens in a thread of its own between `start` and `stop`; raises Conflict where the address is taken."""

    def __init__(self, settings: Settings, database: Database, *, protocol: str | None = None) -> None:
        self._host, self._port = settings.mail_in_host, settings.mail_in_port
        self._controller = _Controller(
            Receiver(settings, database), protocol or settings.mail_in_protocol, self._host, self._port
        )

    def start(self) -> None:
        """Begin to listen."""
        try:
            self._controller.start()
        except OSError as error:
            raise Conflict(f"can’t listen for mail on {self._host}:{self._port}: {error.strerror or error}") from None
        log.info("listening for mail", host=self._host, port=self._port)

    def stop(self) -> None:
        """Stop listening; a mail that is half there will be sent again."""
        self._controller.stop(no_assert=True)


class Receiver:
    """Answers whoever hands mail over (hooks of aiosmtpd, by its names)."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._secret = keys.derived(settings, reply_tokens.PURPOSE)
        self._database = database

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _connection: Connection, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Check a recipient: only a token of ours names one."""
        if envelope.rcpt_tos:
            # Each mail is one transaction with one answer.
            return _ONE_AT_A_TIME
        answer = await asyncio.to_thread(_answered, partial(self._check, address))
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _connection: Connection, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail, or say why not."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode(errors="replace")
        # Notices about mails come from nobody: `<>` (RFC 5321, 4.5.5).
        sender = (envelope.mail_from or "").strip("<>")
        return await asyncio.to_thread(_answered, partial(self._take, envelope.rcpt_tos[0], sender, raw))

    async def handle_VRFY(self, _server: SMTP, _connection: Connection, _envelope: Envelope, _address: str) -> str:  # noqa: N802
        """Tell nobody who is here."""
        return "252 2.5.0 Try and send it"

    async def handle_exception(self, error: Exception) -> str:
        """Have whatever went wrong tried again."""
        log.error("receiving mail failed", exc_info=error)
        return LATER

    def _check(self, address: str) -> str:
        reply_key = self._reply_key(address)
        with self._database.reading() as session:
            mail_replies.find_writer(session, reply_key)
        return TAKEN

    def _take(self, address: str, envelope_sender: str, raw: bytes) -> str:
        reply_key, at = self._reply_key(address), clock.now()
        reply = mail_replies.prepare(received_mails.read(raw, envelope_sender=envelope_sender))
        outcome: Outcome = self._database.write(
            lambda session: mail_replies.receive(session, reply_key, reply, raw, at=at)
        )
        log.info("mail came in", outcome=outcome.value, files=len(reply.draft.files))
        return TAKEN

    def _reply_key(self, address: str) -> str:
        return reply_tokens.read(self._secret, reply_tokens.token_of(address), clock.now())


def _answered(work: Callable[[], str]) -> str:
    """Return the answer to what was tried."""
    try:
        return work()
    except (Forged, Expired, Unreadable, NoText, CanNotWrite, ThreadClosed, TooMany) as error:
        answer = _ANSWERS[type(error)]
        log.info("mail is refused", answer=answer, reason=str(error))
        return answer
    except (Unavailable, DBAPIError) as error:
        log.warning("mail is put off", error=str(error))
        return LATER
    except Exception:
        log.exception("receiving mail failed")
        return LATER


_ANSWERS: dict[type[Exception], str] = {
    Forged: _NO_ADDRESS,
    Expired: _EXPIRED,
    Unreadable: _UNREADABLE,
    NoText: _NO_TEXT,
    CanNotWrite: _CAN_NOT_WRITE,
    ThreadClosed: _CAN_NOT_WRITE,
    TooMany: _TOO_MANY,
}


class _Lmtp(LMTP):
    line_length_limit = LONGEST_LINE


class _Smtp(SMTP):
    line_length_limit = LONGEST_LINE


class _Controller(Controller):
    def __init__(self, receiver: Receiver, protocol: str, host: str, port: int) -> None:
        self._speaks = _Lmtp if protocol == "lmtp" else _Smtp
        super().__init__(receiver, hostname=host, port=port)

    def factory(self) -> SMTP:
        return self._speaks(
            self.handler, hostname="portulan", ident="Portulan", data_size_limit=MOST_BYTES, enable_SMTPUTF8=True
        )
