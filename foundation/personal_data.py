"""What tables hold of people, said once: the same lists are exported from, erased by, and held against all tables.

Each package lists its holdings in a module `personal_data` of its own. A test demands that every table is listed, and
every column that names somebody, so that none that comes later is forgotten.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

READ_MOST = 100_000
"""Rows of one holding in an export; more than anybody has."""


class Erasure(StrEnum):
    """What becomes of somebody's rows when they are erased."""

    DELETED = "deleted"
    """They go, by the list."""
    BY_USE_CASE = "by_use_case"
    """A use case sees to it: what points to them stays whole, or others hear of it."""
    KEPT = "kept"
    """They stay; `why` says why they may."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom data is about: by each kind of key, the values that mean them."""

    keys: Mapping[str, frozenset[str]]

    def of(self, kind: str) -> list[str]:
        """Return the values of a kind, in order; none where they have no such key."""
        return sorted(self.keys.get(kind, frozenset()))


Reader = Callable[[Session, Subject], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Holding:
    """Rows of a table that are about the one whose key of a kind `column` holds."""

    table: type[SQLModel]
    column: str
    kind: str
    erasure: Erasure
    part: str | None = None
    """The part of an export that they are in."""
    why: str = ""
    """Why they are not exported, or kept."""
    secret: frozenset[str] = frozenset()
    """Columns that are not exported: they open the account, or name somebody else."""
    holds_among_others: bool = False
    """The key is one word of the column, or the whole of it."""
    read: Reader | None = field(default=None, compare=False)
    """Reads the part where it is not simply the rows."""

    @property
    def name(self) -> str:
        """Return the table's name."""
        return str(self.table.__tablename__)


def read(session: Session, holding: Holding, subject: Subject) -> list[dict[str, Any]]:
    """Return what a holding gives to an export."""
    if holding.read is not None:
        return [dict(row) for row in holding.read(session, subject)]
    found = subject.of(holding.kind)
    if not found:
        return []
    statement = select(holding.table).where(_is_about(holding, found)).limit(READ_MOST)
    rows = [row.model_dump(exclude=set(holding.secret)) for row in session.execute(statement).scalars()]
    return sorted(rows, key=repr)


def erase(session: Session, holdings: Iterable[Holding], subject: Subject) -> None:
    """Delete somebody's rows, in the order of the list: what points to others comes before them."""
    for holding in holdings:
        found = subject.of(holding.kind)
        if holding.erasure is Erasure.DELETED and found:
            statement = delete(holding.table).where(_is_about(holding, found))
            session.execute(statement.execution_options(synchronize_session="fetch"))


def _is_about(holding: Holding, values: Sequence[str]) -> Any:
    column = col(getattr(holding.table, holding.column))
    if not holding.holds_among_others:
        return column.in_(values)
    return or_(
        column.in_(values),
        *(column.startswith(f"{value} ", autoescape=True) for value in values),
        *(column.endswith(f" {value}", autoescape=True) for value in values),
        *(column.contains(f" {value} ", autoescape=True) for value in values),
    )
