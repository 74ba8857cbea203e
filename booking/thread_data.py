"""What threads hold of people, for exports and erasure; part of `booking.personal_data`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import findings
from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.personal_data import ACCOUNT, CLIENT, EXPERT
from booking.models.threads import Message, MessageDraft, MessageFile, ReceivedMail, Thread, ThreadMark
from foundation import files
from foundation.files import StoredFile
from foundation.personal_data import Erasure, Holding, Subject

_SAID = "what was said is the other side's too, which keeps it; its author's name is gone with the account"
_OPENS = "how far one has read; what it holds would let a reader write in one's name"


def _threads(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    """Return conversations with all that stands in them."""
    return [
        thread.model_dump() | {"messages": _messages(session, thread)}
        for thread in session.execute(select(Thread).where(_is_theirs(subject))).scalars()
    ]


def _messages(session: Session, thread: Thread) -> list[dict[str, Any]]:
    statement = select(Message).where(col(Message.thread_id) == thread.id).order_by(col(Message.position))
    return [
        message.model_dump(exclude={"folded", "thread_id", "author_account_id"})
        | {"files": [file.name for file in _files(session, message)]}
        for message in session.execute(statement).scalars()
    ]


def _files(session: Session, message: Message) -> Sequence[MessageFile]:
    statement = select(MessageFile).where(col(MessageFile.message_id) == message.id)
    return session.execute(statement.order_by(col(MessageFile.place))).scalars().all()


HOLDINGS = (
    Holding(ThreadMark, "account_id", ACCOUNT, Erasure.DELETED, why=_OPENS),
    Holding(MessageDraft, "account_id", ACCOUNT, Erasure.DELETED, "message-drafts", secret=frozenset({"token_hash"})),
    Holding(MessageDraft, "expert_id", EXPERT, Erasure.DELETED, why="what a client means to write is the client's"),
    Holding(
        ReceivedMail, "account_id", ACCOUNT, Erasure.BY_USE_CASE, "received-mails", secret=frozenset({"key", "file_id"})
    ),
    Holding(Message, "author_account_id", ACCOUNT, Erasure.KEPT, why=f"{_SAID}; it is exported with its conversation"),
    Holding(Thread, "client_id", CLIENT, Erasure.BY_USE_CASE, "messages", _SAID, read=_threads),
    Holding(Thread, "expert_id", EXPERT, Erasure.BY_USE_CASE, why="in the same part"),
)
NOT_PERSONAL = {"message_files": "names of files; they are taken along, and go, with the messages that they are of"}


def files_of(session: Session, subject: Subject) -> Iterator[tuple[str, bytes]]:
    """Yield the files of somebody's conversations, under names that tell which are whose."""
    statement = (
        select(MessageFile, Message)
        .join(Message)
        .join(Thread)
        .where(_is_theirs(subject))
        .order_by(col(Thread.id), col(Message.position), col(MessageFile.place))
    )
    for file, message in session.execute(statement).all():
        stored = session.get_one(StoredFile, file.file_id)
        yield f"messages/{message.thread_id}-{message.position}-{file.place}-{file.name}", stored.content
        session.expunge(stored)


def forget(session: Session, subject: Subject) -> None:
    """Take somebody out of conversations: the other side keeps what was said, and what nobody is left to read goes.

    To be called while accounts and profiles are still there; `subject` has the clients that go.
    """
    held = select(ReceivedMail).where(col(ReceivedMail.account_id).in_(subject.of(ACCOUNT)))
    file_ids = [mail.file_id for mail in session.execute(held).scalars() if mail.file_id]
    session.execute(delete(ReceivedMail).where(col(ReceivedMail.account_id).in_(subject.of(ACCOUNT))))
    for thread in session.execute(select(Thread).where(_is_theirs(subject))).scalars().all():
        if _is_left(session, thread, subject):
            file_ids += [
                file.file_id
                for message in session.execute(select(Message).where(col(Message.thread_id) == thread.id)).scalars()
                for file in _files(session, message)
            ]
            session.delete(thread)
    session.flush()
    files.forget(session, *file_ids)


def forget_mentions(session: Session, names: Collection[str]) -> None:
    """Have drafts forget queries that name somebody."""
    findings.forget_mentions(session, MessageDraft, names)


def _is_theirs(subject: Subject) -> Any:
    return or_(col(Thread.client_id).in_(subject.of(CLIENT)), col(Thread.expert_id).in_(subject.of(EXPERT)))


def _is_left(session: Session, thread: Thread, subject: Subject) -> bool:
    """Tell whether nobody is on either side of a conversation any more."""
    client = session.get(Client, thread.client_id)
    has_client = client is not None and client.erased_at is None and client.id not in subject.of(CLIENT)
    has_expert = thread.expert_id not in subject.of(EXPERT) and session.get(Expert, thread.expert_id) is not None
    return not has_client and not has_expert
