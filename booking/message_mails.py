"""Mails that tell somebody of messages: at most one about a thread in five minutes, none about what they have read.

What is written within the five minutes goes into the next mail together. A mail carries the text, the names of files,
and a reply address by which an answer lands in the thread (`booking.mail_replies`).
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, notifications
from accounts.models.accounts import Account, AccountKind, Client, Role
from accounts.models.experts import Expert
from accounts.notifications import Topic
from booking import reply_tokens, thread_rules, threads
from booking.events import MESSAGE_WRITTEN
from booking.models.threads import Message, MessageFile, Side, Thread
from booking.thread_rules import Known
from foundation import i18n, mails, outbox
from foundation.database import Database
from foundation.errors import NotFound
from foundation.mails import Mail

MOST_TOLD = 10
"""Messages in one mail, the latest ones; the others are on the site."""


def tell(database: Database, secret: bytes, thread_ids: Sequence[str], *, at: datetime) -> None:
    """Mail whoever has not read what others wrote; those who were told just before are told later."""
    for thread_id in thread_ids:
        database.write(partial(_tell, thread_id=thread_id, secret=secret, at=at))


def _tell(session: Session, *, thread_id: str, secret: bytes, at: datetime) -> None:
    try:
        thread = threads.take(session, thread_id)
    except NotFound:
        return
    later: list[datetime] = []
    for account, side in readers(session, thread):
        mark = threads.mark_of(session, thread.id, account.id)
        said = _said_to(session, thread, side, max(mark.read_position, mark.told_position))
        known = Known(mark.read_position, mark.told_position, mark.told_at)
        when = thread_rules.tell_when(known, said[-1].position if said else 0, at)
        if when is None:
            continue
        if when > at:
            later.append(when)
            continue
        token = reply_tokens.make(secret, mark.reply_key, at)
        mark.told_position, mark.told_at = said[-1].position, at
        session.add(mark)
        if _wants(account, at):
            key = f"message {thread.id} {account.id} {mark.told_position}"
            mails.write(session, _mail(session, thread, account, said, token), key=key, at=at)
    if later:
        outbox.record(session, MESSAGE_WRITTEN, [thread.id], due_at=min(later))


def readers(session: Session, thread: Thread) -> list[tuple[Account, Side]]:
    """Return whom messages of a thread are for: its expert, and who of the client's has written, else its owners."""
    found: list[tuple[Account, Side]] = []
    owner = accounts.owner_of(session, thread.expert_id)
    if owner and owner.suspended_at is None and owner.email_confirmed_at:
        found.append((owner, Side.EXPERT))
    wrote = select(col(Message.author_account_id)).where(
        col(Message.thread_id) == thread.id, col(Message.side) == Side.CLIENT.value
    )
    authors = set(session.execute(wrote.distinct()).scalars())
    people = threads.members(session, thread.client_id)
    speaking = [account for account, membership in people if membership.role in thread_rules.MAY_WRITE]
    owners = [account for account, membership in people if membership.role == Role.OWNER]
    told = [account for account in speaking if account.id in authors] or owners
    return [*found, *((account, Side.CLIENT) for account in told)]


def _said_to(session: Session, thread: Thread, side: Side, after: int) -> list[Message]:
    """Return what others wrote after a position."""
    statement = (
        select(Message)
        .where(col(Message.thread_id) == thread.id, col(Message.position) > after)
        .where(col(Message.side).in_(others_of(side)))
        .order_by(col(Message.position))
    )
    return list(session.execute(statement).scalars())


def others_of(side: Side) -> list[str]:
    """Return the sides that a side hears from."""
    return [Side.EXPERT.value, Side.OPERATOR.value] if side is Side.CLIENT else [Side.CLIENT.value]


def _wants(account: Account, at: datetime) -> bool:
    is_unreachable = thread_rules.is_unreachable(account.mail_failed_at, at)
    return notifications.wants(account, Topic.MESSAGES) and not is_unreachable


def _mail(session: Session, thread: Thread, account: Account, said: Sequence[Message], token: str) -> Mail:
    expert = session.get(Expert, thread.expert_id)
    client = session.get_one(Client, thread.client_id)
    is_expert = account.kind == AccountKind.EXPERT
    shown = said[-MOST_TOLD:]
    return Mail(
        account.email or "",
        i18n.known(account.language),
        "message",
        {
            "name": account.name,
            "counterpart": client.name if is_expert else (expert.name if expert else ""),
            "thread_id": thread.id,
            "messages": [
                {"author": _author(session, message), "text": message.body, "files": _files(session, message)}
                for message in shown
            ],
            "left_out": len(said) - len(shown),
            "reply_token": token,
        },
    )


def _author(session: Session, message: Message) -> str:
    author = session.get(Account, message.author_account_id)
    return "" if author is None or message.side == Side.OPERATOR else author.name


def _files(session: Session, message: Message) -> list[str]:
    names = select(col(MessageFile.name)).where(col(MessageFile.message_id) == message.id)
    return list(session.execute(names.order_by(col(MessageFile.place))).scalars())
