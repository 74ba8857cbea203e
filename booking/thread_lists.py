"""Threads as their readers find them: lists, counts of what is unread, and pages of messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from accounts.models.accounts import Account, Client, Membership
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from booking.message_mails import others_of
from booking.models.threads import Message, MessageFile, Side, Thread, ThreadMark
from taxonomy import texts

PAGE = 20
"""Threads of one page of the list."""
MESSAGES = 50
"""Messages of one page of a thread."""
LONGEST_QUERY = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A thread in a list: whom it is with, what was said last, and how much of it is new to the reader."""

    thread: Thread
    client: Client
    expert: Expert | None
    last: Message | None
    unread: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with its files, and the name of who wrote it; empty for accounts that are erased."""

    message: Message
    author: str
    files: Sequence[MessageFile]


def listed(
    session: Session, who: SignedIn, *, query: str = "", is_archived: bool = False, page: int = 1
) -> tuple[list[Entry], bool]:
    """Return a page of somebody's threads, the latest first, and whether there are more.

    With a query, those that say all its words somewhere, whatever accents and capitals; archived ones too.
    """
    side = side_of(who)
    conditions = [_is_mine(who)]
    if words := query.replace("\0", "")[:LONGEST_QUERY].split():
        conditions += [_says(word) for word in words]
    else:
        archived = Thread.client_archived_at if side is Side.CLIENT else Thread.expert_archived_at
        conditions.append(col(archived).is_not(None) if is_archived else col(archived).is_(None))
    return _entries(session, conditions, side, who.account_id, page)


def waiting_for_operator(session: Session, *, page: int = 1) -> tuple[list[Entry], bool]:
    """Return threads with experts whose profile nobody has claimed, those that wait for an answer first."""
    return _entries(session, [_has_no_owner()], Side.OPERATOR, "", page, waiting_first=True)


def count_waiting_for_operator(session: Session) -> int:
    """Count the threads in which an operator is to answer."""
    waits = (_has_no_owner(), col(Thread.last_side) == Side.CLIENT.value)
    return session.execute(select(func.count()).select_from(Thread).where(*waits)).scalar_one()


def count_unread(session: Session, who: SignedIn) -> int:
    """Count the messages that others wrote and somebody has not seen: every page shows it."""
    if who.client_id is None and who.expert_id is None:
        return 0
    statement = _unread(side_of(who), who.account_id).where(_is_mine(who))
    return session.execute(statement).scalar_one()


def messages(session: Session, thread_id: str, *, before: int | None = None) -> tuple[list[Shown], bool]:
    """Return a page of a thread's messages in their order, the latest ones, and whether there are earlier ones."""
    statement = select(Message).where(col(Message.thread_id) == thread_id)
    if before is not None:
        statement = statement.where(col(Message.position) < before)
    latest = statement.order_by(col(Message.position).desc()).limit(MESSAGES + 1)
    found = list(session.execute(latest).scalars())
    shown = found[:MESSAGES][::-1]
    authors = {message.author_account_id for message in shown} - {None}
    named = select(col(Account.id), col(Account.name)).where(col(Account.id).in_(authors))
    names = {row[0]: row[1] for row in session.execute(named)}
    kept = select(MessageFile).where(col(MessageFile.message_id).in_([message.id for message in shown]))
    files: dict[str, list[MessageFile]] = {}
    for file in session.execute(kept.order_by(col(MessageFile.place))).scalars():
        files.setdefault(file.message_id, []).append(file)
    return [
        Shown(message, names.get(message.author_account_id or "", ""), files.get(message.id, [])) for message in shown
    ], len(found) > MESSAGES


def first_unread(session: Session, thread: Thread, side: Side, account_id: str) -> int:
    """Return the position of the first message by others that somebody has not seen; 0 where they have seen all."""
    mark = session.get(ThreadMark, (thread.id, account_id))
    statement = select(func.min(Message.position)).where(
        col(Message.thread_id) == thread.id,
        col(Message.side).in_(others_of(side)),
        col(Message.position) > (mark.read_position if mark else 0),
    )
    return session.execute(statement).scalar_one() or 0


def read_by_others(session: Session, thread: Thread, side: Side) -> int:
    """Return up to which position somebody of the other side has read."""
    is_other = (
        col(Account.expert_id) == thread.expert_id
        if side is Side.CLIENT
        else exists().where(
            col(Membership.account_id) == col(Account.id), col(Membership.client_id) == thread.client_id
        )
    )
    statement = (
        select(func.max(ThreadMark.read_position))
        .join(Account, col(Account.id) == col(ThreadMark.account_id))
        .where(col(ThreadMark.thread_id) == thread.id, is_other)
    )
    return session.execute(statement).scalar_one() or 0


def threads_with(session: Session, who: SignedIn, thread: Thread) -> Sequence[Thread]:
    """Return the other threads of the same pair: the one apart from missions, and those about missions."""
    statement = select(Thread).where(
        _is_mine(who),
        col(Thread.client_id) == thread.client_id,
        col(Thread.expert_id) == thread.expert_id,
        col(Thread.id) != thread.id,
    )
    return session.execute(statement.order_by(col(Thread.last_at).desc()).limit(PAGE)).scalars().all()


def side_of(who: SignedIn) -> Side:
    """Return on which side somebody reads."""
    return Side.CLIENT if who.client_id is not None else Side.EXPERT


def _entries(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    side: Side,
    account_id: str,
    page: int,
    *,
    waiting_first: bool = False,
) -> tuple[list[Entry], bool]:
    last = aliased(Message)
    order: list[Any] = [(col(Thread.last_side) == Side.CLIENT.value).desc()] if waiting_first else []
    statement = (
        select(Thread, Client, Expert, last)
        .join(Client, col(Client.id) == col(Thread.client_id))
        .outerjoin(Expert, col(Expert.id) == col(Thread.expert_id))
        .outerjoin(last, and_(last.thread_id == col(Thread.id), last.position == col(Thread.last_position)))  # pyright: ignore[reportArgumentType]
        .where(*conditions)
        .order_by(*order, col(Thread.last_at).desc(), col(Thread.id))
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    rows = session.execute(statement).all()
    unread = _unread_by_thread(session, [row[0].id for row in rows], side, account_id)
    shown = rows[:PAGE]
    found = [Entry(row[0], row[1], row[2], row[3], unread.get(row[0].id, 0)) for row in shown]
    return found, len(rows) > PAGE


def _unread_by_thread(session: Session, thread_ids: Sequence[str], side: Side, account_id: str) -> Mapping[str, int]:
    statement = _unread(side, account_id).add_columns(col(Message.thread_id))
    statement = statement.where(col(Message.thread_id).in_(thread_ids)).group_by(col(Message.thread_id))
    rows: Sequence[Any] = session.execute(statement).all()
    return {thread_id: count for count, thread_id in rows}


def _unread(side: Side, account_id: str) -> Any:
    """Return the count of others' messages behind an account's mark; new colleagues begin with what is new."""
    is_marked = and_(col(ThreadMark.thread_id) == col(Message.thread_id), col(ThreadMark.account_id) == account_id)
    joined_at = select(col(Membership.joined_at)).where(col(Membership.account_id) == account_id).scalar_subquery()
    return (
        select(func.count(Message.id))  # pyright: ignore[reportArgumentType]
        .join(Thread, col(Thread.id) == col(Message.thread_id))
        .outerjoin(ThreadMark, is_marked)
        .where(col(Message.side).in_(others_of(side)))
        .where(col(Message.position) > func.coalesce(ThreadMark.read_position, 0))
        .where(or_(joined_at.is_(None), col(Message.sent_at) >= joined_at))
    )


def _is_mine(who: SignedIn) -> ColumnElement[bool]:
    if who.client_id is not None:
        return col(Thread.client_id) == who.client_id
    return col(Thread.expert_id) == (who.expert_id or "")


def _has_no_owner() -> ColumnElement[bool]:
    is_there = exists().where(col(Expert.id) == col(Thread.expert_id)).correlate(Thread)
    return is_there & ~exists().where(col(Account.expert_id) == col(Thread.expert_id)).correlate(Thread)


def _says(word: str) -> ColumnElement[bool]:
    """Return the condition that a thread holds a word: in a message or the name of a file, or of one of the sides.

    Names are not kept folded, so they are found with their accents, in whatever capitals.
    """
    is_said = exists().where(
        col(Message.thread_id) == col(Thread.id), col(Message.folded).contains(texts.fold(word), autoescape=True)
    )
    spellings = {word, word.lower(), word.capitalize(), word.upper()}
    names = (col(Client.name), col(Expert.name))
    return or_(is_said, *(name.icontains(spelling, autoescape=True) for name in names for spelling in spellings))
