"""Leases: what one process of an installation does at a time, wherever it runs, as rows of the database.

A holder renews its lease in a thread of its own, so that a process that died loses it soon.
"""

import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import delete, update
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from foundation import clock, renewals
from foundation.database import Database, hold
from foundation.errors import Busy
from foundation.types import Instant

LASTS = timedelta(seconds=30)
log = structlog.get_logger(__name__)


class LeaseRow(SQLModel, table=True):
    """Who does something, since when, and until when others leave it alone."""

    __tablename__ = "leases"  # pyright: ignore[reportAssignmentType]

    name: str = Field(primary_key=True)
    token: str
    holder: str
    taken_at: datetime = Field(sa_type=Instant)
    until: datetime = Field(sa_type=Instant)


def check(database: Database, name: str) -> None:
    """Raise Busy if somebody holds a lease, with who it is and since when."""
    with database.reading() as session:
        _refuse_held(session, name, clock.now())


@contextmanager
def held(database: Database, name: str, *, lasts: timedelta = LASTS) -> Generator[None]:
    """Hold a lease while the block runs; raise Busy, with who it is and since when, if somebody else does."""
    token = uuid4().hex
    database.write(lambda session: _take(session, name, token, lasts))
    try:
        with renewals.renewing(
            f"lease {name}", lasts, lambda: database.write(lambda session: _lengthen(session, token, lasts))
        ):
            yield
    finally:
        try:
            database.write(lambda session: session.execute(delete(LeaseRow).where(col(LeaseRow.token) == token)))
        except Exception:
            # It ends by itself; what went wrong in the block is what matters.
            log.exception("a lease could not be given back", name=name)


def _take(session: Session, name: str, token: str, lasts: timedelta) -> None:
    hold(session, f"lease {name}")
    at = clock.now()
    _refuse_held(session, name, at)
    session.execute(delete(LeaseRow).where(col(LeaseRow.name) == name))
    holder = f"process {os.getpid()} on {socket.gethostname()}"
    session.add(LeaseRow(name=name, token=token, holder=holder, taken_at=at, until=at + lasts))


def _refuse_held(session: Session, name: str, at: datetime) -> None:
    row = session.get(LeaseRow, name)
    if row is not None and row.until > at:
        raise Busy(f"{name}: {row.holder} is at it, since {row.taken_at:%Y-%m-%d %H:%M:%S} UTC")


def _lengthen(session: Session, token: str, lasts: timedelta) -> None:
    session.execute(update(LeaseRow).where(col(LeaseRow.token) == token).values(until=clock.now() + lasts))
