"""Replies by mail: what came to a reply address lands in its thread, once, in the name of whose address it is.

The token in the address says who writes (`booking.reply_tokens`). Where the mail says that it is from another address
than that account's, nobody can tell whether it is the same person: it is held, and the account's owner is asked. What
a machine wrote is noted and not posted; a mail that came back marks the address for operators to see.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts
from accounts.models.accounts import Account, AccountKind, Membership, Role
from accounts.sign_ins import SignedIn
from booking import attachments, bounces, threads
from booking.attachments import Attachment, Given
from booking.models.threads import Outcome, ReceivedMail, Side, Thread, ThreadMark, Via
from booking.threads import Draft
from foundation import files, i18n, mails, quotations
from foundation.errors import DomainError, Invalid, NotFound, TooMany
from foundation.mails import Mail
from foundation.received_mails import Bounce, Received

MOST_AN_HOUR = 20
"""Mails by one person into one thread: more come from machines that answer each other."""
HELD_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=90)
"""For how long it is noted that a mail came: the servers on its way send it again for some days at most."""
RAW = "message/rfc822"


class NoText(DomainError):
    """Nothing is left of a mail once quotations are cut."""


class CanNotWrite(DomainError):
    """The account that a reply address stands for can't write in its thread any more."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a mail says, cut and checked."""

    message_id: str
    sender: str
    draft: Draft
    is_automatic: bool = False
    bounce: Bounce | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Whom a reply address stands for."""

    thread: Thread
    account: Account
    side: Side
    role: Role | None


def prepare(mail: Received) -> Reply:
    """Return what of a mail is posted. Slow where files are large: not in a transaction."""
    taken: list[Attachment] = []
    left_out = [attachments.read_name(name) for name in mail.left_out]
    for file in mail.files:
        try:
            attachment = attachments.check_one(Given(file.name, file.content))
            attachments.check([*(Given(one.name, one.content) for one in taken), Given(file.name, file.content)])
        except Invalid:
            left_out.append(attachments.read_name(file.name))
        else:
            taken.append(attachment)
    body = quotations.cut(mail.text)[: threads.LONGEST_BODY]
    draft = Draft(
        threads.check_body(body, has_files=True), tuple(taken), tuple(left_out[: attachments.MOST_FILES]), Via.MAIL
    )
    return Reply(mail.message_id, mail.sender, draft, mail.is_automatic, mail.bounce)


def find_writer(session: Session, reply_key: str) -> Writer:
    """Return whom a reply address stands for; raise CanNotWrite where they are gone, suspended or on no side now."""
    statement = (
        select(Thread, Account, Membership)
        .select_from(ThreadMark)
        .join(Thread, col(Thread.id) == col(ThreadMark.thread_id))
        .join(Account, col(Account.id) == col(ThreadMark.account_id))
        .outerjoin(Membership, col(Membership.account_id) == col(Account.id))
        .where(col(ThreadMark.reply_key) == reply_key)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise CanNotWrite("this conversation is gone")
    thread, account, membership = row
    if account.erased_at or account.terminated_at or account.suspended_at:
        raise CanNotWrite("this account can't write at the moment")
    if account.kind == AccountKind.EXPERT and account.expert_id == thread.expert_id:
        return Writer(thread, account, Side.EXPERT, None)
    if membership and membership.client_id == thread.client_id:
        return Writer(thread, account, Side.CLIENT, Role(membership.role))
    raise CanNotWrite("this account takes no part in the conversation any more")


def receive(session: Session, reply_key: str, reply: Reply, raw: bytes, *, at: datetime) -> Outcome:
    """Post a mail's text, or note why not; the same mail again changes nothing.

    Raises CanNotWrite, NoText, `threads.ThreadClosed`, and TooMany where machines seem to answer each other.
    """
    writer = _take_writer(session, reply_key)
    threads.take(session, writer.thread.id)
    key = hashlib.sha256(f"{reply_key} {reply.message_id}".encode(errors="replace")).hexdigest()
    before = session.execute(select(ReceivedMail).where(col(ReceivedMail.key) == key)).scalar_one_or_none()
    if before:
        return Outcome(before.outcome)
    if _count_since(session, writer, at - timedelta(hours=1)) >= MOST_AN_HOUR:
        raise TooMany("too many mails in an hour")
    outcome, reason = _outcome(reply, writer.account)
    if outcome in {Outcome.POSTED, Outcome.HELD}:
        _demand_content(reply)
    if outcome is Outcome.POSTED:
        _post(session, writer, reply, at=at)
    if outcome is Outcome.BOUNCED and reply.bounce and reply.bounce.is_final:
        bounces.note(session, writer.account, reply.bounce.reason, at=at)
    if outcome is Outcome.HELD:
        _ask_owner(session, writer, reply, at=at)
    session.add(
        ReceivedMail(
            key=key,
            thread_id=writer.thread.id,
            account_id=writer.account.id,
            outcome=outcome.value,
            reason=reason,
            sender=reply.sender if outcome is Outcome.HELD else "",
            file_id=files.put(session, raw, RAW, at=at) if outcome is Outcome.HELD else None,
            received_at=at,
        )
    )
    return outcome


def _take_writer(session: Session, reply_key: str) -> Writer:
    """Return the same, whose account nobody else changes before this transaction ends.

    It is taken before the thread, as by whoever erases it: two who take both never wait for each other.
    """
    try:
        accounts.take(session, find_writer(session, reply_key).account.id)
    except NotFound:
        raise CanNotWrite("this account is gone") from None
    return find_writer(session, reply_key)


def held(session: Session, account_id: str, thread_id: str) -> Sequence[ReceivedMail]:
    """Return the mails of a thread about which somebody is asked, the first one first."""
    statement = (
        select(ReceivedMail)
        .where(col(ReceivedMail.account_id) == account_id, col(ReceivedMail.thread_id) == thread_id)
        .where(col(ReceivedMail.outcome) == Outcome.HELD.value)
    )
    return session.execute(statement.order_by(col(ReceivedMail.received_at))).scalars().all()


def read_held(session: Session, who: SignedIn, mail_id: str) -> tuple[ReceivedMail, bytes]:
    """Return a mail about which its reader is asked; raise NotFound."""
    mail = None if "\0" in mail_id else session.get(ReceivedMail, mail_id)
    if mail is None or mail.account_id != who.account_id or mail.file_id is None:
        raise NotFound("there is no such mail")
    return mail, files.get(session, mail.file_id).content


def release(session: Session, who: SignedIn, mail_id: str, reply: Reply, *, at: datetime) -> None:
    """Post a mail that was held: its owner says that they wrote it. Raises NotFound, ThreadClosed and NoText."""
    mail = _take_held(session, who, mail_id)
    _demand_content(reply)
    threads.write(session, who, mail.thread_id, reply.draft, at=at)
    _settle(session, mail, Outcome.POSTED)


def discard(session: Session, who: SignedIn, mail_id: str) -> None:
    """Throw a mail away that was held; raise NotFound."""
    _settle(session, _take_held(session, who, mail_id), Outcome.DISCARDED)


def sweep(session: Session, at: datetime) -> None:
    """Throw away what nobody decided about, and forget what came long ago."""
    waiting = select(ReceivedMail).where(
        col(ReceivedMail.outcome) == Outcome.HELD.value, col(ReceivedMail.received_at) < at - HELD_FOR
    )
    for mail in session.execute(waiting).scalars().all():
        _settle(session, mail, Outcome.DISCARDED)
    session.flush()
    session.execute(delete(ReceivedMail).where(is_old(at)))


def is_old(at: datetime) -> ColumnElement[bool]:
    """Return the condition that a mail came so long ago that nobody needs to know."""
    return (col(ReceivedMail.received_at) < at - KEPT_FOR) & (col(ReceivedMail.outcome) != Outcome.HELD.value)


def _outcome(reply: Reply, account: Account) -> tuple[Outcome, str]:
    if reply.bounce:
        return Outcome.BOUNCED, reply.bounce.reason
    if reply.is_automatic:
        return Outcome.AUTOMATIC, ""
    return (Outcome.POSTED, "") if reply.sender == account.email else (Outcome.HELD, "")


def _demand_content(reply: Reply) -> None:
    if not reply.draft.body and not reply.draft.files:
        raise NoText("no text was found in this mail")


def _post(session: Session, writer: Writer, reply: Reply, *, at: datetime) -> None:
    threads.post(session, writer.thread, writer.side, writer.account.id, writer.role, reply.draft, at=at)
    bounces.forget(session, writer.account)


def _count_since(session: Session, writer: Writer, since: datetime) -> int:
    statement = select(func.count()).where(
        col(ReceivedMail.thread_id) == writer.thread.id,
        col(ReceivedMail.account_id) == writer.account.id,
        col(ReceivedMail.received_at) > since,
    )
    return session.execute(statement).scalar_one()


def _ask_owner(session: Session, writer: Writer, reply: Reply, *, at: datetime) -> None:
    """Mail the owner once a day at most: strangers may write as often as they like."""
    account = writer.account
    values = {"name": account.name, "sender": reply.sender, "thread_id": writer.thread.id}
    mail = Mail(account.email or "", i18n.known(account.language), "reply_held", values)
    mails.write(session, mail, key=f"reply_held {writer.thread.id} {account.id} {at:%Y-%m-%d}", at=at)


def _take_held(session: Session, who: SignedIn, mail_id: str) -> ReceivedMail:
    statement = select(ReceivedMail).where(
        col(ReceivedMail.id) == mail_id,
        col(ReceivedMail.account_id) == who.account_id,
        col(ReceivedMail.outcome) == Outcome.HELD.value,
    )
    statement = statement.with_for_update().execution_options(populate_existing=True)
    mail = None if "\0" in mail_id else session.execute(statement).scalar_one_or_none()
    if mail is None:
        raise NotFound("there is no such mail, or it was decided about")
    return mail


def _settle(session: Session, mail: ReceivedMail, outcome: Outcome) -> None:
    file_id, mail.outcome, mail.file_id, mail.sender = mail.file_id, outcome.value, None, ""
    session.add(mail)
    session.flush()
    if file_id:
        files.forget(session, file_id)
