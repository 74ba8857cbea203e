"""Threads: a client and an expert write to each other, before any mission sheet and along missions (row S13).

Whoever adds a message takes the thread's row first, so that messages are numbered in one order. What leaves, a mail to
the other side, is owed in the same transaction (`booking.message_mails`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import approaches
from accounts.models.accounts import Account, AccountKind, Membership, Role
from accounts.models.experts import Expert
from accounts.models.findings import Finding
from accounts.sign_ins import SignedIn
from booking import reply_tokens, thread_rules
from booking.attachments import Attachment
from booking.events import MESSAGE_WRITTEN
from booking.models.threads import Message, MessageFile, Side, Thread, ThreadMark, Via
from booking.thread_lines import Line
from booking.thread_rules import Closed, Standing
from foundation import files, outbox
from foundation.database import hold, insert
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.files import StoredFile
from taxonomy import texts

LONGEST_BODY = 20_000
_KEPT_CONTROLS = "\n\t"


class ThreadClosed(Conflict):
    """Nobody, or not this reader, can write in a thread; `reason` says why."""

    def __init__(self, reason: Closed) -> None:
        self.reason = reason
        super().__init__(f"nothing can be written here: {reason}")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said, checked."""

    body: str
    files: tuple[Attachment, ...] = ()
    left_out: tuple[str, ...] = ()
    """Names of files that can't be taken."""
    via: Via = Via.SITE


def check_body(given: str, *, has_files: bool = False) -> str:
    """Return a text as it is kept; raise Invalid for none, unless files come with it, and for a very long one."""
    lines = given.replace("\r\n", "\n").replace("\r", "\n").encode(errors="ignore").decode()
    body = "".join(sign for sign in lines if sign in _KEPT_CONTROLS or sign >= " ").replace("\x7f", "").strip()
    if not body and not has_files:
        raise Invalid([Fault("body", "missing", "")])
    if len(body) > LONGEST_BODY:
        raise Invalid([Fault("body", "string_too_long", "")])
    return body


def open(  # noqa: A001 - field's word
    session: Session, who: SignedIn, expert_id: str, *, at: datetime, found: Finding | None = None
) -> Thread:
    """Return a client's thread with an expert whose profile is shown, a new one if there was none.

    A new one is an approach, if a search led there: `found`, or one that the shortlist knows. Raises NotFound, and
    ThreadClosed for colleagues who only read along.
    """
    expert = session.get(Expert, expert_id)
    if expert is None or who.client_id is None:
        raise NotFound("this profile does not exist, or none may be written to")
    if who.role not in thread_rules.MAY_WRITE:
        raise ThreadClosed(Closed.READS_ALONG)
    thread = find(session, who.client_id, expert_id)
    if thread:
        return thread
    if not expert.is_shown:
        raise NotFound("this profile is not shown")
    approaches.note(session, who.client_id, expert_id, found)
    return between(session, who.client_id, expert_id, at=at)


def find(session: Session, client_id: str, expert_id: str, *, mission_id: str | None = None) -> Thread | None:
    """Return the thread of a pair, or that of a mission."""
    statement = select(Thread).where(col(Thread.client_id) == client_id, col(Thread.expert_id) == expert_id)
    is_about = col(Thread.mission_id).is_(None) if mission_id is None else col(Thread.mission_id) == mission_id
    return session.execute(statement.where(is_about)).scalar_one_or_none()


def between(session: Session, client_id: str, expert_id: str, *, mission_id: str | None = None, at: datetime) -> Thread:
    """Return the thread of a pair, or of a mission, a new one if there was none. Whether it may be is not asked."""
    hold(session, f"thread {client_id} {expert_id}")
    thread = find(session, client_id, expert_id, mission_id=mission_id)
    if thread is None:
        thread = Thread(client_id=client_id, expert_id=expert_id, mission_id=mission_id, started_at=at, last_at=at)
        session.add(thread)
        session.flush()
    return thread


def read(session: Session, who: SignedIn, thread_id: str) -> tuple[Thread, Side]:
    """Return a thread and the side that somebody reads it from; raise NotFound where it is others'."""
    thread = None if "\0" in thread_id else session.get(Thread, thread_id)
    side = side_of(session, who, thread) if thread else None
    if thread is None or side is None:
        raise NotFound("there is no such thread")
    return thread, side


def side_of(session: Session, who: SignedIn, thread: Thread) -> Side | None:
    """Return the side that somebody is on; operators stand in for experts whose profile nobody has claimed."""
    if who.kind is AccountKind.OPERATOR:
        return None if has_owner(session, thread.expert_id) else Side.OPERATOR
    if who.client_id is not None and who.client_id == thread.client_id:
        return Side.CLIENT
    return Side.EXPERT if who.expert_id is not None and who.expert_id == thread.expert_id else None


def write(session: Session, who: SignedIn, thread_id: str, draft: Draft, *, at: datetime) -> Message:
    """Say something in a thread; raise NotFound or ThreadClosed."""
    thread, side = read(session, who, thread_id)
    return post(session, thread, side, who.account_id, who.role, draft, at=at)


def post(
    session: Session, thread: Thread, side: Side, account_id: str, role: Role | None, draft: Draft, *, at: datetime
) -> Message:
    """Say something as an account that is on a side; raise ThreadClosed."""
    thread = take(session, thread.id)
    reason = thread_rules.why_closed(standing(session, thread), side, role)
    if reason:
        raise ThreadClosed(reason)
    message = _add(session, thread, Message(
        thread_id=thread.id,
        position=0,
        side=side.value,
        author_account_id=account_id,
        body=draft.body,
        folded=texts.fold(" ".join([draft.body, *(file.name for file in draft.files)])),
        left_out=list(draft.left_out),
        via=draft.via.value,
        sent_at=at,
    ))  # fmt: skip
    for place, file in enumerate(draft.files, 1):
        session.add(
            MessageFile(
                message_id=message.id,
                place=place,
                name=file.name,
                size_bytes=len(file.content),
                file_id=files.put(session, file.content, file.media_type, at=at),
            )
        )
    thread.last_side = side.value
    # Whoever put the thread away finds it again once something new stands in it.
    if side is Side.CLIENT:
        thread.expert_archived_at = None
    else:
        thread.client_archived_at = None
    mark_read(session, thread, account_id, at=at)
    outbox.record(session, MESSAGE_WRITTEN, [thread.id])
    return message


def say(session: Session, thread_id: str, line: Line, *, title: str = "", path: str = "", at: datetime) -> None:
    """Have the system say what happened, to both sides. Nobody is mailed: whoever did it sees to that.

    `title` names the thing as its owner does, `path` is the address of its page.
    """
    thread = take(session, thread_id)
    values = {name: value for name, value in (("title", title), ("path", path)) if value}
    _add(
        session,
        thread,
        Message(
            thread_id=thread.id, position=0, side=Side.SYSTEM.value, line=line.value, line_values=values, sent_at=at
        ),
    )


def take(session: Session, thread_id: str) -> Thread:
    """Return a thread that nobody else adds to before this transaction ends; raise NotFound."""
    statement = select(Thread).where(col(Thread.id) == thread_id).with_for_update()
    found = session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NotFound("there is no such thread")
    return found


def mark_read(session: Session, thread: Thread, account_id: str, *, at: datetime) -> None:
    """Note that somebody has seen all that stands in a thread."""
    mark = mark_of(session, thread.id, account_id)
    if mark.read_position < thread.last_position:
        mark.read_position, mark.read_at = thread.last_position, at
        session.add(mark)


def mark_of(session: Session, thread_id: str, account_id: str) -> ThreadMark:
    """Return somebody's place in a thread, a new one if there was none; nobody else changes it meanwhile."""
    row = insert(session, ThreadMark).values(
        thread_id=thread_id,
        account_id=account_id,
        read_position=0,
        told_position=0,
        reply_key=reply_tokens.new_key(),
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["thread_id", "account_id"]))
    wanted = select(ThreadMark).where(col(ThreadMark.thread_id) == thread_id, col(ThreadMark.account_id) == account_id)
    return session.execute(wanted.with_for_update().execution_options(populate_existing=True)).scalar_one()


def archive(session: Session, who: SignedIn, thread_id: str, *, is_archived: bool, at: datetime) -> None:
    """Put a thread away for one's side, or take it out again; the other side does not learn of it."""
    thread, side = read(session, who, thread_id)
    column = "client_archived_at" if side is Side.CLIENT else "expert_archived_at"
    session.execute(update(Thread).where(col(Thread.id) == thread.id).values({column: at if is_archived else None}))


def read_file(session: Session, who: SignedIn, file_id: str) -> tuple[MessageFile, StoredFile]:
    """Return a file for one of the two sides; raise NotFound for everybody else."""
    row = (
        None
        if "\0" in file_id
        else session.execute(
            select(MessageFile, Message).join(Message).where(col(MessageFile.id) == file_id)
        ).one_or_none()
    )
    if row is None:
        raise NotFound("there is no such file")
    file, message = row
    read(session, who, message.thread_id)
    return file, files.get(session, file.file_id)


def standing(session: Session, thread: Thread) -> Standing:
    """Return how a thread's two sides stand."""
    expert = session.get(Expert, thread.expert_id)
    return Standing(
        has_expert=expert is not None,
        is_withheld=expert is not None and expert.is_withheld,
        has_client=bool(members(session, thread.client_id)),
    )


def members(session: Session, client_id: str) -> Sequence[tuple[Account, Membership]]:
    """Return a client's people who can read and be written to, in the order in which they came."""
    statement = (
        select(Account, Membership)
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(col(Membership.client_id) == client_id, col(Account.erased_at).is_(None))
        .where(col(Account.suspended_at).is_(None), col(Account.email_confirmed_at).is_not(None))
        .order_by(col(Membership.joined_at), col(Account.id))
    )
    return [(account, membership) for account, membership in session.execute(statement)]


def has_owner(session: Session, expert_id: str) -> bool:
    """Tell whether a profile was made or claimed by its expert; if not, operators answer for it."""
    return bool(session.execute(select(exists().where(col(Account.expert_id) == expert_id))).scalar_one())


def _add(session: Session, thread: Thread, message: Message) -> Message:
    thread.last_position += 1
    thread.last_at = max(message.sent_at, thread.last_at)
    message.position = thread.last_position
    session.add_all([thread, message])
    session.flush()
    return message
