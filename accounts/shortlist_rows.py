"""The rows of shortlists: whose list it is, and its picks, read and written whole."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import findings
from accounts.models.shortlists import Shortlist, ShortlistComment, ShortlistItem
from accounts.picks import Pick, Picks
from foundation.database import insert
from foundation.errors import NotFound


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose list it is: a client's, or that of a browser which knows a token. Never both."""

    client_id: str | None = None
    token: str | None = None
    may_change: bool = True
    """Whether who asks may change it, and not only look."""

    def __post_init__(self) -> None:
        if (self.client_id is None) == (not self.token):
            raise ValueError("a shortlist has one owner")

    @property
    def token_hash(self) -> str | None:
        """Return what is kept of the token."""
        return hashed(self.token) if self.token else None

    @property
    def is_owner(self) -> ColumnElement[bool]:
        """Return the condition that a list is theirs."""
        if self.client_id is not None:
            return col(Shortlist.client_id) == self.client_id
        return col(Shortlist.token_hash) == self.token_hash


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def find(session: Session, owner: Owner, *, to_change: bool = False) -> Shortlist | None:
    """Return somebody's list, held until the transaction ends if it is to be changed: NotFound for who only looks."""
    if to_change and not owner.may_change:
        raise NotFound("this is for colleagues who may change the list")
    statement = select(Shortlist).where(owner.is_owner)
    return session.execute(statement.with_for_update() if to_change else statement).scalar_one_or_none()


def take(session: Session, owner: Owner, *, at: datetime) -> Shortlist:
    """Return somebody's list to change, a new one where there was none. Of two who make one at once, both get it."""
    shortlist = find(session, owner, to_change=True)
    if shortlist is None:
        fresh = Shortlist(client_id=owner.client_id, token_hash=owner.token_hash, made_at=at, used_at=at)
        values = {name: getattr(fresh, name) for name in Shortlist.model_fields}
        session.execute(insert(session, Shortlist).values(values).on_conflict_do_nothing())
        shortlist = find(session, owner, to_change=True)
    if shortlist is None:
        raise LookupError("the list is gone again")
    shortlist.used_at = at
    return shortlist


def read(session: Session, shortlist_id: str) -> Picks:
    """Return the picks of a list in their order."""
    statement = (
        select(ShortlistItem)
        .where(col(ShortlistItem.shortlist_id) == shortlist_id)
        .order_by(col(ShortlistItem.position))
    )
    return tuple(
        Pick(row.expert_id, row.added_at, row.note, row.finding) for row in session.execute(statement).scalars()
    )


def keep(session: Session, shortlist_id: str, picks: Picks) -> None:
    """Write the picks of a list that is held. All anew: places are unique, so none could be swapped one by one."""
    session.execute(delete(ShortlistItem).where(col(ShortlistItem.shortlist_id) == shortlist_id))
    rows = [
        {
            "shortlist_id": shortlist_id,
            "expert_id": pick.expert_id,
            "position": position,
            "added_at": pick.added_at,
            "note": pick.note,
            **findings.columns(pick.found),
        }
        for position, pick in enumerate(picks, start=1)
    ]
    if rows:
        session.execute(insert(session, ShortlistItem).values(rows))


def forget_experts(session: Session, expert_ids: Collection[str]) -> None:
    """Drop whatever was written about experts who are erased; their places stay, empty."""
    wanted = list(expert_ids)
    session.execute(delete(ShortlistComment).where(col(ShortlistComment.expert_id).in_(wanted)))
    session.execute(
        update(ShortlistItem).where(col(ShortlistItem.expert_id).in_(wanted)).values(note="", **findings.NONE)
    )
    for shortlist in session.execute(select(Shortlist).where(col(Shortlist.removed).is_not(None))).scalars():
        if shortlist.removed and shortlist.removed["expert_id"] in wanted:
            shortlist.removed = None


def forget_client(session: Session, client_id: str) -> None:
    """Delete a client's list with all that hangs on it."""
    session.execute(delete(Shortlist).where(col(Shortlist.client_id) == client_id))
