"""Lanes: whoever looks for all of them forgets none, none waits for another, and stopping leaves nothing half done."""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from foundation import outbox
from foundation.database import Database
from foundation.schedules import Schedule
from tests import builders
from tests.builders import eventually
from web import reactions
from web.deliveries import Deliveries, Lane, drain

HOURLY = Schedule("hourly", every=timedelta(hours=1), topic="hour.begun")


class Listener:
    """A reaction that remembers who called, and may be kept from ending."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self, keys: Sequence[str]) -> None:
        self.has_begun.set()
        assert self.may_end.wait(30)
        self.keys.extend(keys)


def owe(database: Database, *topics: str) -> None:
    with database.writing() as session:
        for topic in topics:
            outbox.record(session, topic, [f"of {topic}"])


def owed(database: Database, topic: str) -> int:
    with database.reading() as session:
        return outbox.count(session, topic)


def lanes_of(*topics: str) -> tuple[dict[str, Listener], list[Lane]]:
    listeners = {topic: Listener() for topic in topics}
    return listeners, [Lane(topic, listener, batch=10) for topic, listener in listeners.items()]


@contextmanager
def delivering(database: Database, lanes: Sequence[Lane], *schedules: Schedule) -> Generator[Deliveries]:
    found = Deliveries(database, lanes, schedules, idle_seconds=0.02)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def test_what_is_owed_to_any_lane_of_the_table_is_delivered(tmp_path: Path) -> None:
    with builders.directory(tmp_path) as directory:
        topics = [lane.topic for lane in reactions.whole_table(directory.settings, directory.index)]
        listeners, lanes = lanes_of(*topics)
        with delivering(directory.database, lanes) as deliveries:
            for count in (1, 2):
                owe(directory.database, *topics)
                eventually(lambda count=count: all(len(listener.keys) == count for listener in listeners.values()))
            assert deliveries.is_alive()
    assert not deliveries.is_alive()


def test_a_slow_lane_delays_no_other_and_is_delivered_what_came_meanwhile(database: Database) -> None:
    listeners, lanes = lanes_of("slow", "quick")
    slow, quick = listeners.values()
    slow.may_end.clear()
    with delivering(database, lanes):
        owe(database, "slow")
        assert slow.has_begun.wait(15)
        for count in (1, 2):
            owe(database, "quick", "slow")
            eventually(lambda count=count: len(quick.keys) == count)
        assert slow.keys == []
        slow.may_end.set()
        eventually(lambda: owed(database, "slow") == 0)
    # A key that is owed twice is delivered once a batch.
    assert slow.keys == ["of slow", "of slow"]


def test_stopping_finishes_the_batch_under_way_and_begins_no_other(database: Database) -> None:
    listeners, lanes = lanes_of("slow")
    slow = listeners["slow"]
    slow.may_end.clear()
    with delivering(database, lanes) as deliveries:
        owe(database, "slow")
        assert slow.has_begun.wait(15)
        owe(database, "slow")
        stopping = threading.Thread(target=deliveries.stop)
        stopping.start()
        assert stopping.is_alive()
        slow.may_end.set()
        stopping.join(15)
        assert not deliveries.is_alive()
    assert (slow.keys, owed(database, "slow")) == (["of slow"], 1)


def test_what_is_due_by_the_clock_is_owed_and_delivered(database: Database) -> None:
    listeners, lanes = lanes_of(HOURLY.topic)
    with delivering(database, lanes, HOURLY):
        eventually(lambda: len(listeners[HOURLY.topic].keys) == 1)


def test_a_sweep_owes_what_is_due_and_delivers_it_in_the_caller_s_thread(database: Database) -> None:
    listeners, lanes = lanes_of("one", HOURLY.topic)
    owe(database, "one")
    Deliveries(database, lanes, [HOURLY]).sweep()
    assert [len(listener.keys) for listener in listeners.values()] == [1, 1]


def test_draining_delivers_what_reactions_owe_as_well(database: Database) -> None:
    listeners, lanes = lanes_of("first")
    owe(database, "second")
    counts: dict[str, int] = {}
    drain(
        database,
        [*lanes, Lane("second", lambda _: owe(database, "first"), batch=10)],
        lambda topic, count: counts.update({topic: count}),
    )
    assert (listeners["first"].keys, counts) == (["of first"], {"second": 1, "first": 1})
