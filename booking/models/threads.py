"""Tables of threads: what a client and an expert write to each other, and which mails came in (mission row S13)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.findings import Found
from accounts.models.identities import new_id
from foundation.types import Instant


class Side(StrEnum):
    """Who says something in a thread."""

    CLIENT = "client"
    EXPERT = "expert"
    OPERATOR = "operator"
    """In place of an expert whose profile nobody has claimed."""
    SYSTEM = "system"
    """A line that says what happened elsewhere, such as an offer that was sent."""


class Via(StrEnum):
    """By which way a message came."""

    SITE = "site"
    MAIL = "mail"


class Outcome(StrEnum):
    """What became of a mail that came in."""

    POSTED = "posted"
    AUTOMATIC = "automatic"
    BOUNCED = "bounced"
    HELD = "held"
    """It came from an address that is not its account's: the owner is asked."""
    DISCARDED = "discarded"


class Thread(SQLModel, table=True):
    """What a client and an expert write to each other, apart from missions or about one of them."""

    __tablename__ = "threads"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ux_threads_pair",
            "client_id",
            "expert_id",
            unique=True,
            sqlite_where=text("mission_id IS NULL"),
            postgresql_where=text("mission_id IS NULL"),
        ),
        Index("ux_threads_mission", "mission_id", unique=True),
        Index("ix_threads_client", "client_id", "last_at"),
        Index("ix_threads_expert", "expert_id", "last_at"),
        CheckConstraint("last_position >= 0", name="positions_are_counted"),
        CheckConstraint(f"last_side IS NULL OR {one_of('last_side', Side)}", name="last_side_is_known"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    client_id: str = Field(foreign_key="clients.id")
    expert_id: str
    """No foreign key: an expert who is erased leaves the client what was said."""
    mission_id: str | None = Field(default=None, foreign_key="missions.id")
    started_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant)
    last_position: int = 0
    """Messages are numbered from 1 within their thread; whoever adds one takes the thread."""
    last_side: str | None = None
    """Who of the people wrote last."""
    client_archived_at: datetime | None = Field(default=None, sa_type=Instant)
    expert_archived_at: datetime | None = Field(default=None, sa_type=Instant)


class Message(SQLModel, table=True):
    """Something said in a thread. It never changes."""

    __tablename__ = "messages"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_messages_position", "thread_id", "position", unique=True),
        Index("ix_messages_author", "author_account_id"),
        CheckConstraint(one_of("side", Side), name="side_is_known"),
        CheckConstraint(one_of("via", Via), name="via_is_known"),
        CheckConstraint("(side = 'system') = (line IS NOT NULL)", name="the_system_says_lines"),
        CheckConstraint("(side = 'system') = (author_account_id IS NULL)", name="people_are_authors"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    thread_id: str = Field(foreign_key="threads.id", ondelete="CASCADE")
    position: int
    side: str
    author_account_id: str | None = Field(default=None, foreign_key="accounts.id")
    body: str = ""
    folded: str = ""
    """The body in small letters without accents, for searching."""
    line: str | None = None
    """What the system says, as a code of `booking.thread_lines`: readers get it in their language."""
    line_values: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))  # pyright: ignore[reportArgumentType, reportCallIssue]
    left_out: list[str] = Field(default_factory=list, sa_type=JSON)
    """Names of files that came by mail and could not be taken."""
    via: str = Via.SITE.value
    sent_at: datetime = Field(sa_type=Instant)


class MessageFile(SQLModel, table=True):
    """A file that was sent with a message."""

    __tablename__ = "message_files"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ux_message_files_place", "message_id", "place", unique=True),)

    id: str = Field(primary_key=True, default_factory=new_id)
    message_id: str = Field(foreign_key="messages.id", ondelete="CASCADE")
    place: int
    name: str
    size_bytes: int
    file_id: str = Field(foreign_key="stored_files.id")


class ThreadMark(SQLModel, table=True):
    """How far somebody has read a thread, and how far they were told of it by mail."""

    __tablename__ = "thread_marks"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ux_thread_marks_reply", "reply_key", unique=True),)

    thread_id: str = Field(primary_key=True, foreign_key="threads.id", ondelete="CASCADE")
    account_id: str = Field(primary_key=True, foreign_key="accounts.id", ondelete="CASCADE")
    read_position: int = 0
    read_at: datetime | None = Field(default=None, sa_type=Instant)
    told_position: int = 0
    told_at: datetime | None = Field(default=None, sa_type=Instant)
    reply_key: str
    """What the token of a reply address names: this thread, and this account."""


class MessageDraft(Found, table=True):
    """What somebody wrote to an expert before signing up; it waits for them."""

    __tablename__ = "message_drafts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_message_drafts_account", "account_id"),
        Index("ix_message_drafts_expert", "expert_id"),
    )

    token_hash: str = Field(primary_key=True)
    """SHA-256 of what the browser's cookie holds."""
    account_id: str | None = Field(default=None, foreign_key="accounts.id", ondelete="CASCADE")
    """Whose it is once they have signed up."""
    expert_id: str
    body: str
    written_at: datetime = Field(sa_type=Instant)


class ReceivedMail(SQLModel, table=True):
    """A mail to a reply address, and what became of it."""

    __tablename__ = "received_mails"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_received_mails_key", "key", unique=True),
        Index("ix_received_mails_received", "received_at"),
        Index("ix_received_mails_thread", "thread_id"),
        Index("ix_received_mails_account", "account_id"),
        CheckConstraint(one_of("outcome", Outcome), name="outcome_is_known"),
        CheckConstraint("(outcome = 'held') = (file_id IS NOT NULL)", name="held_ones_are_kept"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    key: str
    """SHA-256 of Message-ID and reply address: the same mail is taken once, however often it comes."""
    thread_id: str = Field(foreign_key="threads.id", ondelete="CASCADE")
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE")
    outcome: str
    reason: str = ""
    sender: str = ""
    """Who the mail says that it is from, where that is not its account's address."""
    file_id: str | None = Field(default=None, foreign_key="stored_files.id")
    """The mail as it came, while it is held."""
    received_at: datetime = Field(sa_type=Instant)
