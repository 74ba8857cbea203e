import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

import pytest
from sqlmodel import Field, SQLModel

from foundation import lifecycles
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.lifecycles import Lifecycle, Move, Refused

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)


class State(StrEnum):
    OPEN = "open"
    SHUT = "shut"


class Event(StrEnum):
    SHUT = "shut"
    OPEN = "open"


class By(StrEnum):
    KEEPER = "keeper"
    GUEST = "guest"


DOORS = Lifecycle(
    "door",
    State.OPEN,
    {
        (State.OPEN, Event.SHUT): Move(State.SHUT, frozenset(By)),
        (State.SHUT, Event.OPEN): Move(State.OPEN, frozenset({By.KEEPER})),
    },
)


class Door(SQLModel, table=True):
    __tablename__ = "test_doors"  # pyright: ignore[reportAssignmentType]

    id: str = Field(primary_key=True)
    state: str = State.OPEN.value
    note: str = ""


TABLE = SQLModel.metadata.tables["test_doors"]
SQLModel.metadata.remove(TABLE)  # no table of ours: others compare those with the migrations


@pytest.fixture
def doors(database: Database) -> Iterator[Database]:
    """Return a database with one open door."""
    TABLE.create(database.engine)
    with database.writing() as session:
        session.add(Door(id="d"))
    yield database
    TABLE.drop(database.engine)


def test_a_move_writes_state_and_values_and_leaves_its_trace(doors: Database) -> None:
    with doors.writing() as session:
        door = session.get_one(Door, "d")
        lifecycles.move(session, DOORS, door, Event.SHUT, By.GUEST, actor=SYSTEM, at=AT, reason="cold", note="bang")
        assert (door.state, door.note) == ("shut", "bang")
    with doors.reading() as session:
        [change] = lifecycles.changes(session, "door", ["d"])
        assert (change.before, change.event, change.after, change.party) == ("open", "shut", "shut", "guest")
        assert (change.reason, change.moved_at) == ("cold", AT)


def test_what_the_table_does_not_know_is_refused_with_what_is_possible(doors: Database) -> None:
    with doors.writing() as session:
        door = session.get_one(Door, "d")
        with pytest.raises(Refused) as refused:
            lifecycles.move(session, DOORS, door, Event.OPEN, By.KEEPER, actor=SYSTEM, at=AT)
        assert (refused.value.state, refused.value.possible) == (State.OPEN, (Event.SHUT,))
    with pytest.raises(Refused) as refused:
        DOORS.after(State.SHUT, Event.OPEN, By.GUEST)
    assert refused.value.possible == ()


def test_of_two_at_once_one_moves_and_the_other_is_told(doors: Database) -> None:
    both_have_read = threading.Barrier(2, timeout=20)
    told: list[str] = []

    def shut() -> None:
        with doors.reading() as session:
            seen = session.get_one(Door, "d")
            session.expunge(seen)
        both_have_read.wait()
        try:
            with doors.writing() as session:
                door = session.merge(seen, load=False)
                lifecycles.move(session, DOORS, door, Event.SHUT, By.GUEST, actor=SYSTEM, at=AT)
            told.append("moved")
        except Refused as refused:
            told.append(f"too late: {refused.state}")

    threads = [threading.Thread(target=shut) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["moved", "too late: shut"]


def test_a_lifecycle_is_drawn_from_its_table() -> None:
    assert "| shut | open | keeper | open |" in lifecycles.as_table(DOORS)
    assert lifecycles.as_diagram(DOORS).splitlines() == [
        "stateDiagram-v2", "    [*] --> open", "    open --> shut: shut", "    shut --> open: open",
    ]  # fmt: skip
