"""State machines as tables: {(state, event): move}. Decided by values, written by compare-and-set, each move logged.

A lifecycle says what may happen; whoever moves a row gives who asks. When two move the same row at once, the second
one's compare-and-set finds another state, and is refused like anybody who comes too late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Index, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from foundation.audits import Actor
from foundation.errors import Conflict
from foundation.types import Instant


@dataclass(frozen=True, slots=True)
class Move:
    """Where an event leads, and who may bring it about."""

    to: StrEnum
    by: frozenset[StrEnum]
    is_offered: bool = True
    """False for what depends on more than state and party: whoever knows the rest offers it."""


class Refused(Conflict):
    """What was asked for can't be done in this state, or not by this party; `possible` can be done instead."""

    def __init__(self, kind: str, state: StrEnum, event: StrEnum, possible: Sequence[StrEnum]) -> None:
        self.kind, self.state, self.event, self.possible = kind, state, event, tuple(possible)
        super().__init__(f"{kind}: no {event} while {state}; possible: {', '.join(possible) or 'nothing'}")


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """All that may happen to objects of a kind."""

    kind: str
    first: StrEnum
    moves: Mapping[tuple[StrEnum, StrEnum], Move]

    def after(self, state: StrEnum, event: StrEnum, party: StrEnum) -> StrEnum:
        """Return the state that an event leads to; raise Refused."""
        move = self.moves.get((state, event))
        if move is None or party not in move.by:
            raise Refused(self.kind, state, event, self.possible(state, party))
        return move.to

    def possible(self, state: StrEnum, party: StrEnum) -> tuple[StrEnum, ...]:
        """Return the events that are offered to a party in a state, in the table's order."""
        return tuple(
            event for (at, event), move in self.moves.items() if at == state and party in move.by and move.is_offered
        )

    def allows(self, state: StrEnum, event: StrEnum, party: StrEnum) -> bool:
        """Tell whether a party may bring about an event in a state."""
        move = self.moves.get((state, event))
        return move is not None and party in move.by

    def is_final(self, state: StrEnum) -> bool:
        """Tell whether nothing leads out of a state."""
        return all(at != state for at, _ in self.moves)

    def state(self, value: str) -> StrEnum:
        """Return a state by its value as a row holds it."""
        return type(self.first)(value)


class Moving(Protocol):
    """A row of a table whose objects have a state."""

    id: str
    state: str


class StateChange(SQLModel, table=True):
    """A move that was made: the timeline of an object, never changed."""

    __tablename__ = "state_changes"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_state_changes_object", "kind", "object_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    object_id: str
    before: str
    event: str
    after: str
    party: str
    actor_account_id: str | None = None
    actor_name: str
    reason: str | None = None
    moved_at: datetime = Field(sa_type=Instant)


def move(
    session: Session,
    lifecycle: Lifecycle,
    row: Moving,
    event: StrEnum,
    party: StrEnum,
    *,
    actor: Actor,
    at: datetime,
    reason: str | None = None,
    **values: Any,
) -> StateChange:
    """Move a row that was read in this transaction, with other columns if need be; raise Refused.

    The columns are written with the state, or not at all.
    """
    before = lifecycle.state(row.state)
    after = lifecycle.after(before, event, party)
    table: Any = type(row)
    session.flush()
    moved = session.execute(
        update(table)
        .where(table.id == row.id, table.state == before.value)
        .values(state=after.value, **values)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    session.refresh(row)
    if moved is None:
        now = lifecycle.state(row.state)
        raise Refused(lifecycle.kind, now, event, lifecycle.possible(now, party))
    change = StateChange(
        kind=lifecycle.kind,
        object_id=row.id,
        before=before.value,
        event=event.value,
        after=after.value,
        party=party.value,
        actor_account_id=actor.account_id,
        actor_name=actor.name,
        reason=reason,
        moved_at=at,
    )
    session.add(change)
    session.flush()
    return change


def changes(session: Session, kind: str, object_ids: Sequence[str]) -> Sequence[StateChange]:
    """Return the moves of objects, oldest first."""
    statement = (
        select(StateChange)
        .where(col(StateChange.kind) == kind, col(StateChange.object_id).in_(object_ids))
        .order_by(col(StateChange.id))
    )
    return session.execute(statement).scalars().all()


def as_table(lifecycle: Lifecycle) -> str:
    """Return a lifecycle as a Markdown table, for the documentation."""
    rows = [
        f"| {state} | {event} | {', '.join(sorted(move.by))} | {move.to} |"
        for (state, event), move in lifecycle.moves.items()
    ]
    return "\n".join(["| state | event | by | then |", "|---|---|---|---|", *rows])


def as_diagram(lifecycle: Lifecycle) -> str:
    """Return a lifecycle as a Mermaid state diagram."""
    states = list(dict.fromkeys([lifecycle.first, *(state for state, _ in lifecycle.moves)]))
    ends = [move.to for move in lifecycle.moves.values() if lifecycle.is_final(move.to)]
    return "\n".join(
        [
            "stateDiagram-v2",
            f"    [*] --> {lifecycle.first}",
            *(f"    {state} --> {move.to}: {event}" for (state, event), move in lifecycle.moves.items()),
            *(f"    {end} --> [*]" for end in dict.fromkeys(ends) if end not in states),
        ]
    )
