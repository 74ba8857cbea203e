"""Shortlists: up to five experts, without an account at first, joined with the client's list on signing in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import experts, picks, shortlist_rows
from accounts.experts import Profile
from accounts.models.accounts import Role
from accounts.models.experts import Expert
from accounts.models.findings import Finding
from accounts.models.shortlists import Shortlist, ShortlistItem
from accounts.picks import Pick, Picks
from accounts.shortlist_rows import Owner
from foundation.errors import Conflict, NotFound

KEPT_UNUSED = timedelta(days=90)
"""For how long a browser's list waits for its owner to come back."""
SEEN_EVERY = timedelta(days=1)
MOST_LEFT_OUT = 20
MAY_CHANGE = frozenset(Role) - {Role.VIEWER}
"""Viewers look at their company's list, and comment where it is shared (mission row B10)."""


class ShortlistFull(Conflict):
    """There is no room for one more expert."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A pick with the profile as it is now; None where it is no longer shown."""

    pick: Pick
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of a browser's list: the picks of the joined one, and the experts who did not fit."""

    kept: Picks
    left_out: Picks


def find(session: Session, owner: Owner) -> Shortlist | None:
    """Return somebody's list."""
    return shortlist_rows.find(session, owner)


def shown_ids(session: Session, owner: Owner) -> list[str]:
    """Return who is on somebody's list and still shown, in order: every page counts them."""
    statement = (
        select(col(ShortlistItem.expert_id))
        .join(Shortlist, col(Shortlist.id) == col(ShortlistItem.shortlist_id))
        .join(Expert, col(Expert.id) == col(ShortlistItem.expert_id))
        .where(owner.is_owner, col(Expert.is_visible).is_(True), col(Expert.is_withheld).is_(False))
        .order_by(col(ShortlistItem.position))
    )
    return list(session.execute(statement).scalars())


def entries(session: Session, shortlist: Shortlist) -> list[Entry]:
    """Return a list's picks with their profiles."""
    found = shortlist_rows.read(session, shortlist.id)
    profiles = shown_profiles(session, [pick.expert_id for pick in found])
    return [Entry(pick, profiles.get(pick.expert_id)) for pick in found]


def shown_profiles(session: Session, expert_ids: list[str]) -> dict[str, Profile]:
    """Return those of some experts whose profiles may be looked at, by id."""
    loaded = experts.load(session, expert_ids)
    return {profile.expert.id: profile for profile in loaded if profile.expert.is_shown}


def add(session: Session, owner: Owner, expert_id: str, *, at: datetime, found: Finding | None = None) -> None:
    """Put an expert on somebody's list; raise NotFound or ShortlistFull. Who was just taken off gets the note back."""
    if expert_id not in shown_profiles(session, [expert_id]):
        raise NotFound("this profile does not exist or is not shown")
    shortlist = shortlist_rows.take(session, owner, at=at)
    before = shortlist.removed if shortlist.removed and shortlist.removed["expert_id"] == expert_id else None
    _put(session, shortlist, Pick(expert_id, at, before["note"] if before else "", found))
    if before:
        shortlist.removed = None


def remove(session: Session, owner: Owner, expert_id: str, *, at: datetime) -> None:
    """Take an expert off somebody's list, such that it can be taken back."""
    shortlist, found = _held(session, owner, at=at)
    place = picks.place(found, expert_id)
    if place is None:
        return
    shortlist_rows.keep(session, shortlist.id, picks.without(found, expert_id))
    shortlist.removed = _as_json(found[place], place)


def restore(session: Session, owner: Owner, *, at: datetime) -> None:
    """Put the expert who was taken off last back where they were, with their note; raise ShortlistFull."""
    shortlist, _ = _held(session, owner, at=at)
    if shortlist.removed is None:
        return
    removed, place = _from_json(shortlist.removed)
    _put(session, shortlist, removed, place)
    shortlist.removed = None


def move(session: Session, owner: Owner, expert_id: str, steps: int, *, at: datetime) -> None:
    """Move an expert down a list, or up where `steps` is negative."""
    shortlist, found = _held(session, owner, at=at)
    shortlist_rows.keep(session, shortlist.id, picks.moved(found, expert_id, steps))


def write_note(session: Session, owner: Owner, expert_id: str, note: str, *, at: datetime) -> None:
    """Keep what the list's owner notes about an expert."""
    shortlist, found = _held(session, owner, at=at)
    if picks.place(found, expert_id) is None:
        raise NotFound("this expert is not on the list")
    shortlist_rows.keep(session, shortlist.id, picks.noted(found, expert_id, note))


def mark_used(session: Session, owner: Owner, *, at: datetime) -> None:
    """Note that a list was looked at."""
    if shortlist := shortlist_rows.find(session, owner, to_change=True):
        shortlist.used_at = at


def adopt(session: Session, token: str, client: Owner, *, at: datetime) -> Adopted:
    """Join a browser's list with a client's, whose order comes first; the browser's is gone afterwards.

    Who does not fit is returned, and kept on the client's list as left out, so that its page can say so.
    """
    theirs = shortlist_rows.find(session, Owner(token=token), to_change=True)
    if theirs is None:
        return Adopted((), ())
    shortlist = shortlist_rows.take(session, client, at=at)
    kept, left_out = picks.merged(shortlist_rows.read(session, shortlist.id), shortlist_rows.read(session, theirs.id))
    shortlist_rows.keep(session, shortlist.id, kept)
    present = {pick.expert_id for pick in kept}
    told = [*shortlist.left_out, *theirs.left_out, *(pick.expert_id for pick in left_out)]
    shortlist.left_out = [expert_id for expert_id in dict.fromkeys(told) if expert_id not in present][-MOST_LEFT_OUT:]
    session.delete(theirs)
    session.flush()
    return Adopted(kept, left_out)


def dismiss_left_out(session: Session, owner: Owner, *, at: datetime) -> None:
    """Say no more who did not fit."""
    shortlist, _ = _held(session, owner, at=at)
    shortlist.left_out = []


def sweep(session: Session, *, at: datetime) -> None:
    """Delete browsers' lists that nobody used for long."""
    unused = col(Shortlist.client_id).is_(None) & (col(Shortlist.used_at) < at - KEPT_UNUSED)
    session.execute(delete(Shortlist).where(unused))


def _held(session: Session, owner: Owner, *, at: datetime) -> tuple[Shortlist, Picks]:
    shortlist = shortlist_rows.find(session, owner, to_change=True)
    if shortlist is None:
        raise NotFound("there is no such list")
    shortlist.used_at = at
    return shortlist, shortlist_rows.read(session, shortlist.id)


def _put(session: Session, shortlist: Shortlist, pick: Pick, place: int | None = None) -> None:
    changed = picks.added(shortlist_rows.read(session, shortlist.id), pick, place)
    if changed is None:
        raise ShortlistFull(f"a list holds at most {picks.MOST}")
    shortlist_rows.keep(session, shortlist.id, changed)
    shortlist.left_out = [expert_id for expert_id in shortlist.left_out if expert_id != pick.expert_id]


def _as_json(pick: Pick, place: int) -> dict[str, Any]:
    """Return a pick as it is put aside; by which search it was found is forgotten."""
    return {
        "expert_id": pick.expert_id,
        "added_at": pick.added_at.isoformat(),
        "note": pick.note,
        "place": place,
    }


def _from_json(removed: dict[str, Any]) -> tuple[Pick, int]:
    added_at = datetime.fromisoformat(removed["added_at"])
    return Pick(removed["expert_id"], added_at, removed["note"]), removed["place"]
