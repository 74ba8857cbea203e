"""Shortlists that are shared by a link: whoever has it sees the experts, and may comment under a name.

The token is made of the row's `share_id` and the installation's key: its owner can be shown the link at any time, and
a copy of the database gives none.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import shortlist_rows
from accounts.models.identities import new_id
from accounts.models.shortlists import Shortlist, ShortlistComment
from accounts.shortlist_rows import Owner
from foundation.errors import Conflict, NotFound

LASTS = timedelta(days=90)
LONGEST_NAME = 80
LONGEST_AUTHOR = 60
LONGEST_TEXT = 1_000
MOST_COMMENTS = 100
OPINIONS = ("for", "against")


class TooManyComments(Conflict):
    """A list holds as many comments as it can."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody says, checked; `expert_id` is None where it is about the whole list."""

    author: str
    text: str
    expert_id: str | None = None
    opinion: str | None = None


def token_of(share_id: str, key: bytes) -> str:
    """Return the 256 bits that open a shared list."""
    signature = hmac.new(key, f"shortlist {share_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")


def share(session: Session, owner: Owner, name: str, *, key: bytes, at: datetime) -> None:
    """Make a link to somebody's list; one that was there before opens nothing any more."""
    shortlist = _held(session, owner)
    shortlist.name = name
    shortlist.share_id = new_id()
    shortlist.share_hash = shortlist_rows.hashed(token_of(shortlist.share_id, key))
    shortlist.share_ends_at = at + LASTS
    shortlist.used_at = at


def end(session: Session, owner: Owner) -> None:
    """Take the link back; comments stay for the list's owner."""
    shortlist = _held(session, owner)
    shortlist.share_id = shortlist.share_hash = shortlist.share_ends_at = None


def is_shared(shortlist: Shortlist, at: datetime) -> bool:
    """Tell whether a link opens a list."""
    return shortlist.share_ends_at is not None and at < shortlist.share_ends_at


def find(session: Session, token: str, *, at: datetime, to_change: bool = False) -> Shortlist:
    """Return the list that a link opens; raise NotFound for links that never did or no longer do."""
    statement = select(Shortlist).where(col(Shortlist.share_hash) == shortlist_rows.hashed(token))
    shortlist = session.execute(statement.with_for_update() if to_change else statement).scalar_one_or_none()
    if shortlist is None or not is_shared(shortlist, at):
        raise NotFound("this link opens nothing")
    return shortlist


def write(session: Session, token: str, comment: Comment, *, at: datetime) -> None:
    """Keep a comment of somebody who has the link; raise NotFound or TooManyComments."""
    shortlist = find(session, token, at=at, to_change=True)
    on_list = {pick.expert_id for pick in shortlist_rows.read(session, shortlist.id)}
    if comment.expert_id is not None and comment.expert_id not in on_list:
        raise NotFound("this expert is not on the list")
    counted = select(func.count()).where(col(ShortlistComment.shortlist_id) == shortlist.id)
    if session.execute(counted).scalar_one() >= MOST_COMMENTS:
        raise TooManyComments(f"a list holds at most {MOST_COMMENTS} comments")
    session.add(
        ShortlistComment(
            shortlist_id=shortlist.id,
            expert_id=comment.expert_id,
            author=comment.author,
            text=comment.text,
            opinion=comment.opinion,
            written_at=at,
        )
    )


def comments(session: Session, shortlist_id: str) -> Sequence[ShortlistComment]:
    """Return the comments on a list, first come first."""
    statement = (
        select(ShortlistComment)
        .where(col(ShortlistComment.shortlist_id) == shortlist_id)
        .order_by(col(ShortlistComment.written_at), col(ShortlistComment.id))
    )
    return session.execute(statement).scalars().all()


def remove_comment(session: Session, owner: Owner, comment_id: str) -> None:
    """Delete a comment on one's own list; raise NotFound for any other."""
    shortlist = _held(session, owner)
    statement = delete(ShortlistComment).where(
        col(ShortlistComment.id) == comment_id, col(ShortlistComment.shortlist_id) == shortlist.id
    )
    if session.execute(statement.returning(col(ShortlistComment.id))).first() is None:
        raise NotFound("there is no such comment")


def _held(session: Session, owner: Owner) -> Shortlist:
    shortlist = shortlist_rows.find(session, owner, to_change=True)
    if shortlist is None:
        raise NotFound("there is no such list")
    return shortlist
