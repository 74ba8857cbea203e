"""Experts: reading them, and the changes that decide whether they are found."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import audiences, merges, shortlist_rows, slugs
from accounts.events import EXPERT_CHANGED
from accounts.merges import COLUMNS, Row
from accounts.models.experts import Expert, Review
from accounts.models.notices import HiddenReview
from accounts.models.profiles import PortraitFile, ReferenceLetter
from foundation import files, outbox
from foundation.errors import Invalid, NotFound

READ_CHUNK = 500
# Made once: every search asks it.
_FINDABLE_AMONG = select(col(Expert.id)).where(
    col(Expert.id).in_(bindparam("ids", expanding=True)),
    col(Expert.is_visible).is_(True),
    col(Expert.is_available).is_(True),
    col(Expert.is_withheld).is_(False),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """An expert with the reviews of the public profile, latest first."""

    expert: Expert
    reviews: tuple[Review, ...]
    hidden: tuple[Review, ...] = ()
    """Reviews that an operator took out: they don't count, and the page says how many they are."""
    muted: frozenset[str] = frozenset()
    """The ids of reviews that count, but whose comments an operator took out."""


def is_findable(expert: Expert) -> bool:
    """Tell whether the expert may appear in results: wishes to, is not unavailable, and no operator keeps them back."""
    return expert.is_shown and expert.is_available


def get_shown(session: Session, slug: str) -> Profile:
    """Return a profile that may be looked at; raise NotFound for hidden and unknown ones alike.

    Somebody who is only unavailable keeps a page, so that links sent to colleagues go on working.
    """
    is_shown = (col(Expert.is_visible).is_(True), col(Expert.is_withheld).is_(False))
    statement = select(Expert).where(col(Expert.slug) == slug, *is_shown)
    # PostgreSQL takes no NUL in a text, not even to say that there is none like it.
    expert = None if "\0" in slug else session.execute(statement).scalar_one_or_none()
    if expert is None:
        raise NotFound("this profile does not exist or is not shown")
    return load(session, [expert.id])[0]


def shown_among(session: Session, slugs: Collection[str]) -> Sequence[Expert]:
    """Return those of some experts, by their addresses, whose profiles may be looked at, in no particular order."""
    statement = select(Expert).where(col(Expert.slug).in_(list(slugs)), col(Expert.is_visible).is_(True))
    return session.execute(statement).scalars().all()


def get(session: Session, ref: str) -> Expert:
    """Return an expert by ref, hidden ones too; raise NotFound."""
    expert = find(session, ref)
    if expert is None:
        raise NotFound(f"there is no expert {ref!r}")
    return expert


def find(session: Session, ref: str) -> Expert | None:
    """Return an expert by ref, hidden ones too."""
    return session.execute(select(Expert).where(col(Expert.ref) == ref)).scalar_one_or_none()


def load(session: Session, ids: Collection[str]) -> list[Profile]:
    """Return the profiles of `ids` that exist, hidden ones too, in no particular order."""
    profiles: list[Profile] = []
    wanted = list(ids)
    for start in range(0, len(wanted), READ_CHUNK):
        chunk = wanted[start : start + READ_CHUNK]
        found = session.execute(select(Expert).where(col(Expert.id).in_(chunk))).scalars().all()
        reviews = _reviews(session, [expert.id for expert in found])
        hidden = _hidden(session, chunk)
        profiles.extend(_profile(expert, reviews.get(expert.id, []), hidden) for expert in found)
    return profiles


def findable_among(connection: Session | Connection, ids: Sequence[str]) -> set[str]:
    """Return those of `ids` who may be shown in results at this moment."""
    return set(connection.execute(_FINDABLE_AMONG, {"ids": ids}).scalars())


def count(session: Session) -> int:
    """Count all experts, hidden ones too."""
    return session.execute(select(func.count()).select_from(Expert)).scalar_one()


def count_findable(session: Session) -> int:
    """Count who may appear in results."""
    findable = (
        col(Expert.is_visible).is_(True),
        col(Expert.is_available).is_(True),
        col(Expert.is_withheld).is_(False),
    )
    return session.execute(select(func.count()).select_from(Expert).where(*findable)).scalar_one()


def ids_after(session: Session, after: str, limit: int) -> list[str]:
    """Return the next ids in their order, for walking through everybody in pieces."""
    statement = select(col(Expert.id)).where(col(Expert.id) > after).order_by(col(Expert.id)).limit(limit)
    return list(session.execute(statement).scalars())


def draft(session: Session, *, name: str, at: datetime) -> Expert:
    """Return a new expert who has signed up: hidden until the profile says enough and its owner ticks the preference.

    The ref can be guessed by nobody: whoever knows one could otherwise ask for the profiles around it.
    """
    ref = f"E-{secrets.token_hex(10)}"
    expert = Expert(
        ref=ref,
        slug=slugs.of(name, ref),
        name=name,
        headline="",
        is_visible=False,
        created_at=at,
        updated_at=at,
        availability_confirmed_on=at.date(),
    )
    session.add(expert)
    session.flush()
    return expert


def take(session: Session, expert_id: str) -> Expert:
    """Return an expert whom nobody else changes before this transaction ends; raise NotFound."""
    statement = select(Expert).where(col(Expert.id) == expert_id).with_for_update()
    expert = session.execute(statement).scalar_one_or_none()
    if expert is None:
        raise NotFound("this expert is gone")
    return expert


def change(session: Session, ref: str, values: dict[str, Any], *, at: datetime) -> None:
    """Change columns of one expert, and say so; raise NotFound."""
    expert = session.execute(select(Expert).where(col(Expert.ref) == ref).with_for_update()).scalar_one_or_none()
    if expert is None:
        raise NotFound(f"there is no expert {ref!r}")
    apply(session, expert, values, at=at)


def apply(session: Session, expert: Expert, values: dict[str, Any], *, at: datetime) -> None:
    """Change columns of an expert who was taken, and say so; raise Invalid for who would be shown with too little."""
    for name, value in values.items():
        setattr(expert, name, value)
    if expert.is_visible and (faults := merges.missing(columns(expert))):
        raise Invalid(faults)
    expert.version += 1
    expert.updated_at = at
    session.add(expert)
    outbox.record(session, EXPERT_CHANGED, [expert.id])


def set_paid_boost(session: Session, expert_id: str, until: date | None) -> None:
    """Say until when a boost is paid, and tell the index. It is no edit of the profile; one that is gone stays so."""
    taken = select(Expert).where(col(Expert.id) == expert_id).with_for_update()
    expert = session.execute(taken.execution_options(populate_existing=True)).scalar_one_or_none()
    if expert is None or expert.boost_paid_until == until:
        return
    expert.boost_paid_until = until
    expert.version += 1
    session.add(expert)
    outbox.record(session, EXPERT_CHANGED, [expert.id])


def columns(expert: Expert) -> Row:
    """Return the columns of an expert as a value."""
    return {name: getattr(expert, name) for name in COLUMNS}


def show(session: Session, ref: str, *, at: datetime) -> None:
    """Tick the display preference (mission row S2)."""
    change(session, ref, {"is_visible": True}, at=at)


def hide(session: Session, ref: str, *, at: datetime) -> None:
    """Untick the display preference: out of results at once (mission row S2)."""
    change(session, ref, {"is_visible": False}, at=at)


def declare_available(session: Session, ref: str, *, since: date | None, at: datetime) -> None:
    """Say that the expert takes missions, now or from a day on."""
    change(session, ref, {"is_available": True, "available_from": since}, at=at)


def declare_unavailable(session: Session, ref: str, *, at: datetime) -> None:
    """Say that the expert takes no mission: out of results at once."""
    change(session, ref, {"is_available": False}, at=at)


def remove(session: Session, refs: Iterable[str]) -> int:
    """Delete experts with all that hangs on them; return how many there were."""
    taken = select(col(Expert.id)).where(col(Expert.ref).in_(list(refs))).order_by(col(Expert.id)).with_for_update()
    ids = list(session.execute(taken).scalars())
    theirs = select(col(Review.id)).where(col(Review.expert_id).in_(ids))
    session.execute(delete(HiddenReview).where(col(HiddenReview.review_id).in_(theirs)))
    session.execute(delete(Review).where(col(Review.expert_id).in_(ids)))
    _forget_files(session, ids)
    audiences.forget(session, ids)
    shortlist_rows.forget_experts(session, ids)
    session.execute(delete(Expert).where(col(Expert.id).in_(ids)))
    outbox.record(session, EXPERT_CHANGED, ids)
    return len(ids)


def _forget_files(session: Session, ids: Sequence[str]) -> None:
    file_ids: list[str] = []
    for table in (PortraitFile, ReferenceLetter):
        of_theirs = col(table.expert_id).in_(ids)
        file_ids += session.execute(select(col(table.file_id)).where(of_theirs)).scalars()
        session.execute(delete(table).where(of_theirs))
    files.forget(session, *file_ids)


def _profile(expert: Expert, reviews: Sequence[Review], hidden: Mapping[str, bool]) -> Profile:
    return Profile(
        expert,
        tuple(review for review in reviews if not hidden.get(review.id)),
        tuple(review for review in reviews if hidden.get(review.id)),
        frozenset(review.id for review in reviews if hidden.get(review.id) is False),
    )


def _hidden(session: Session, expert_ids: Sequence[str]) -> dict[str, bool]:
    """Return which reviews operators took out: True for whole ones, False for their comments."""
    statement = (
        select(col(HiddenReview.review_id), col(HiddenReview.is_whole))
        .join(Review, col(Review.id) == col(HiddenReview.review_id))
        .where(col(Review.expert_id).in_(expert_ids))
    )
    found: dict[str, bool] = {}
    for review_id, is_whole in session.execute(statement):
        found[review_id] = found.get(review_id, False) or is_whole
    return found


def _reviews(session: Session, expert_ids: Sequence[str]) -> dict[str, list[Review]]:
    statement = (
        select(Review)
        .where(col(Review.expert_id).in_(expert_ids))
        .order_by(col(Review.experienced_on).desc(), col(Review.id))
    )
    found: dict[str, list[Review]] = {}
    for review in session.execute(statement).scalars():
        found.setdefault(review.expert_id, []).append(review)
    return found
