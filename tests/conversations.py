"""A client and an expert who write to each other: for tests of threads and of mail that comes in."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import Account, AccountKind, Membership, Role
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from booking import mail_replies, message_mails, reply_tokens, threads
from booking.models.threads import Message, Thread
from booking.threads import Draft
from foundation import clock, keys, received_mails
from foundation.database import Database
from foundation.mails import MailRow
from foundation.settings import Settings
from scripts.backends import ports
from tests import builders, signed_in
from web.mail_in import Listener

DOMAIN = "replies.example.org"


@dataclass
class Talk:
    """Two people, and the thread between them."""

    settings: Settings
    database: Database
    client: Account
    expert: Account
    thread_id: str = ""

    def who(self, account: Account) -> SignedIn:
        """Return somebody as a request would have them."""
        with self.database.reading() as session:
            membership = session.get(Membership, account.id)
            return SignedIn(
                sign_in_id="s",
                account_id=account.id,
                kind=AccountKind(account.kind),
                name=account.name,
                email=account.email or "",
                language=account.language,
                expert_id=account.expert_id,
                client_id=membership.client_id if membership else None,
                role=Role(membership.role) if membership else None,
            )

    def write(self, account: Account, body: str, **draft: Any) -> Message:
        """Say something in the thread, which is opened first."""
        who = self.who(account)
        with self.database.writing() as session:
            if not self.thread_id:
                self.thread_id = threads.open(
                    session, self.who(self.client), str(self.expert.expert_id), at=clock.now()
                ).id
            return threads.write(session, who, self.thread_id, Draft(body, **draft), at=clock.now())

    def tell(self, at: datetime | None = None) -> None:
        """Mail whoever has not read what was written."""
        secret = keys.derived(self.settings, reply_tokens.PURPOSE)
        message_mails.tell(self.database, secret, [self.thread_id], at=at or clock.now())

    def mails(self, template: str = "message") -> list[MailRow]:
        """Return the mails that are owed, in order."""
        statement = select(MailRow).where(col(MailRow.template) == template).order_by(col(MailRow.written_at))
        with self.database.reading() as session:
            return list(session.execute(statement).scalars())

    def reply_address(self, account: Account) -> str:
        """Return the address by which somebody answers."""
        secret = keys.derived(self.settings, reply_tokens.PURPOSE)
        with self.database.writing() as session:
            mark = threads.mark_of(session, self.thread_id, account.id)
            return reply_tokens.address(reply_tokens.make(secret, mark.reply_key, clock.now()), DOMAIN)

    def messages(self) -> list[Message]:
        """Return what was said, in order."""
        with self.database.reading() as session:
            statement = select(Message).where(col(Message.thread_id) == self.thread_id).order_by(col(Message.position))
            return list(session.execute(statement).scalars())

    def thread(self) -> Thread:
        """Return the thread as it is."""
        with self.database.reading() as session:
            return session.get_one(Thread, self.thread_id)


def between(settings: Settings, database: Database) -> Talk:
    """Make a company, and an expert whose profile is shown."""
    client = signed_in.make(database, AccountKind.COMPANY, "Anna Client", email="anna@acme.example")
    expert = signed_in.make(database, AccountKind.EXPERT, "Émile Expert", email="emile@expert.example", language="fr")
    with database.writing() as session:
        shown = session.get_one(Expert, expert.expert_id)
        shown.is_visible, shown.headline = True, "Export"
    return Talk(settings, database, client, expert)


@contextmanager
def talking(folder: Path, **values: Any) -> Iterator[Talk]:
    """Give two people who may write to each other, without a site around them."""
    settings = builders.settings_in(folder, mail_in_domain=DOMAIN, mail_in_port=ports.any_free(), **values)
    database = builders.database_of(settings)
    try:
        yield between(settings, database)
    finally:
        database.close()


@contextmanager
def listening(talk: Talk, **options: Any) -> Iterator[int]:
    """Give the port of a listener that runs while the block does."""
    listener = Listener(talk.settings, talk.database, **options)
    listener.start()
    try:
        yield talk.settings.mail_in_port
    finally:
        listener.stop()


def mail(to: str, sender: str = "emile@expert.example", body: str = "Oui, volontiers.", **headers: str) -> EmailMessage:
    """Return a mail as a person writes it; a header's name with `_` for `-`."""
    found = EmailMessage(policy=SMTP)
    found["From"], found["To"], found["Subject"] = sender, to, "Re: Portulan"
    found["Message-ID"] = headers.pop("Message_ID", f"<{abs(hash((to.lower(), body)))}@mail.example>")
    for name, value in headers.items():
        found[name.replace("_", "-")] = value
    found.set_content(body)
    return found


def send(port: int, content: EmailMessage | bytes, to: str, sender: str = "emile@expert.example") -> tuple[int, str]:
    """Hand a mail over by LMTP; return what was answered last."""
    raw = content if isinstance(content, bytes) else content.as_bytes()
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as server:
        try:
            server.sendmail(sender, [to], raw)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients[to]
            return code, text.decode()
        except smtplib.SMTPResponseException as error:
            return error.smtp_code, error.smtp_error.decode() if isinstance(error.smtp_error, bytes) else ""
    return 250, ""


def newest_mail(database: Database, recipient: str) -> MailRow:
    """Return the mail to an address that was written last, with its token whether it has left or not."""
    statement = select(MailRow).where(col(MailRow.recipient) == recipient).order_by(col(MailRow.written_at).desc())
    with database.reading() as session:
        return session.execute(statement.limit(1)).scalar_one()


def hold(talk: Talk, account: Account, body: str) -> str:
    """Have a mail come in somebody's name from another address; return its id."""
    raw = mail("x@example.org", "stranger@home.example", body).as_bytes()
    reply = mail_replies.prepare(received_mails.read(raw, envelope_sender="stranger@home.example"))
    with talk.database.writing() as session:
        key = threads.mark_of(session, talk.thread_id, account.id).reply_key
        mail_replies.receive(session, key, reply, raw, at=clock.now())
        return mail_replies.held(session, account.id, talk.thread_id)[-1].id
