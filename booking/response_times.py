"""How soon an expert usually answers who writes to them, said in words and never of few conversations."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from booking.models.threads import Message, Side, Thread

FEWEST = 3
"""Conversations below which nothing is said: no single one is to be read off."""
LATEST = 50
"""Conversations that count: the latest ones."""
UNANSWERED_AFTER = timedelta(days=7)
"""After this, who did not answer counts as one who takes at least as long."""


class Usual(StrEnum):
    """Within which time somebody usually answers."""

    HOUR = "hour"
    HOURS = "hours"
    DAY = "day"
    DAYS = "days"
    WEEK = "week"


_WITHIN_H = {Usual.HOUR: 1.0, Usual.HOURS: 4.0, Usual.DAY: 24.0, Usual.DAYS: 72.0, Usual.WEEK: 168.0}


def usual(waits_h: Collection[float]) -> Usual | None:
    """Return in which time half of those who wrote had an answer; None for few, and for more than a week."""
    if len(waits_h) < FEWEST:
        return None
    middle_h = median(waits_h)
    return next((name for name, most_h in _WITHIN_H.items() if middle_h <= most_h), None)


def of(session: Session, expert_id: str, *, at: datetime) -> Usual | None:
    """Return within which time an expert usually answers a client's first message."""
    latest = (
        select(col(Thread.id))
        .where(col(Thread.expert_id) == expert_id)
        .order_by(col(Thread.last_at).desc())
        .limit(LATEST)
    )
    statement = (
        select(col(Message.thread_id), col(Message.side), func.min(Message.sent_at, type_=Message.sent_at.type))  # pyright: ignore[reportAttributeAccessIssue]
        .where(col(Message.thread_id).in_(latest), col(Message.side).in_([Side.CLIENT.value, Side.EXPERT.value]))
        .group_by(col(Message.thread_id), col(Message.side))
    )
    firsts: dict[str, dict[str, datetime]] = {}
    for thread_id, side, sent_at in session.execute(statement):
        firsts.setdefault(thread_id, {})[side] = sent_at
    waits = [wait_h(first.get(Side.CLIENT), first.get(Side.EXPERT), at) for first in firsts.values()]
    return usual([wait for wait in waits if wait is not None])


def wait_h(asked_at: datetime | None, answered_at: datetime | None, at: datetime) -> float | None:
    """Return for how many hours a client waited; None where none did, or the answer may still come in good time."""
    if asked_at is None or (answered_at is not None and answered_at < asked_at):
        return None
    if answered_at is None:
        return (at - asked_at) / timedelta(hours=1) if at - asked_at > UNANSWERED_AFTER else None
    return (answered_at - asked_at) / timedelta(hours=1)
