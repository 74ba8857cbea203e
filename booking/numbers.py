"""Numbers for people, one after the other within a year: Q-2026-00001."""

from datetime import date

from sqlalchemy.orm import Session
from sqlmodel import col

from booking.models.quotes import Counter
from foundation.database import insert

QUOTE, MISSION = "Q", "M"


def take(session: Session, letter: str, on: date) -> str:
    """Return the next number of a year; who rolls back leaves no gap, who waits gets the one after."""
    name = f"{letter}-{on.year}"
    counted = insert(session, Counter).values(name=name, last=1)
    counted = counted.on_conflict_do_update(index_elements=["name"], set_={"last": Counter.last + 1})
    return f"{name}-{session.execute(counted.returning(col(Counter.last))).scalar_one():05d}"
