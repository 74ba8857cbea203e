import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlmodel import col

from foundation import clock, outbox
from foundation.database import Database
from foundation.errors import Unreachable
from foundation.outbox import OutboxRow
from foundation.settings import ROOT


class Died(BaseException):
    """The process ends in the middle of a delivery."""


class Listener:
    """A reaction that remembers what it got, and fails for some keys."""

    def __init__(self, *failing: str) -> None:
        self.failing = set(failing)
        self.keys: list[str] = []

    def __call__(self, keys: Sequence[str]) -> None:
        for key in keys:
            if key in self.failing:
                raise RuntimeError(f"{key} is bad")
        self.keys.extend(keys)


def owe(database: Database, *keys: str, topic: str = "topic") -> None:
    with database.writing() as session:
        outbox.record(session, topic, keys)


def owed(database: Database, topic: str = "topic") -> int:
    with database.reading() as session:
        return outbox.count(session, topic)


def row(database: Database) -> OutboxRow:
    with database.reading() as session:
        return session.execute(select(OutboxRow)).scalar_one()


def let_time_pass(database: Database) -> None:
    """Make everything due, as waiting would."""
    with database.writing() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now()))


def die(_keys: Sequence[str]) -> None:
    raise Died


def test_a_delivery_is_not_owed_when_the_change_is_undone(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            outbox.record(session, "topic", ["a"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert owed(database) == 0


def test_a_delivery_waits_for_the_commit_of_its_change(database: Database) -> None:
    listener = Listener()
    with database.writing() as session:
        outbox.record(session, "topic", ["a"])
        session.flush()
        assert outbox.drain(database, "topic", listener) == 0
    assert outbox.drain(database, "topic", listener) == 1


def test_what_is_delivered_is_owed_no_more(database: Database) -> None:
    listener = Listener()
    owe(database, "a", "b")
    assert outbox.drain(database, "topic", listener) == 2
    assert (listener.keys, owed(database)) == (["a", "b"], 0)


def test_a_topic_is_delivered_to_its_own_reaction_only(database: Database) -> None:
    listener = Listener()
    owe(database, "a", topic="other")
    assert outbox.drain(database, "topic", listener) == 0
    assert owed(database, "other") == 1


def test_a_key_that_is_owed_twice_is_delivered_once_a_batch(database: Database) -> None:
    listener = Listener()
    owe(database, "a", "a")
    assert outbox.drain(database, "topic", listener) == 2
    assert listener.keys == ["a"]


def test_a_batch_takes_the_oldest_and_no_more_than_asked(database: Database) -> None:
    listener = Listener()
    owe(database, "a", "b", "c")
    outbox.drain(database, "topic", listener, batch=2)
    assert (listener.keys, owed(database)) == (["a", "b"], 1)


def test_a_change_that_comes_during_its_delivery_is_delivered_again(database: Database) -> None:
    owe(database, "a")
    outbox.drain(database, "topic", lambda keys: owe(database, *keys))
    assert owed(database) == 1


def test_nobody_else_delivers_what_is_being_delivered(database: Database) -> None:
    listener = Listener()
    owe(database, "a")
    outbox.drain(database, "topic", lambda _: [outbox.drain(database, "topic", listener)])
    assert listener.keys == []


def test_what_a_process_that_died_had_claimed_is_delivered_after_reclaim(database: Database) -> None:
    listener = Listener()
    owe(database, "a")
    with pytest.raises(Died):
        outbox.drain(database, "topic", die)
    assert outbox.drain(database, "topic", listener) == 0
    outbox.reclaim(database)
    outbox.drain(database, "topic", listener)
    assert listener.keys == ["a"]


def test_what_a_process_that_died_had_claimed_is_due_again_when_its_lease_ends(database: Database) -> None:
    owe(database, "a")
    with pytest.raises(Died):
        outbox.drain(database, "topic", die)
    assert clock.now() < row(database).due_at <= clock.now() + outbox.LEASE


def test_reclaim_does_not_hurry_a_failure_that_waits(database: Database) -> None:
    owe(database, "bad")
    outbox.drain(database, "topic", Listener("bad"))
    outbox.reclaim(database)
    assert row(database).due_at > clock.now()


def test_a_key_that_fails_does_not_hold_up_its_batch(database: Database) -> None:
    listener = Listener("bad")
    owe(database, "a", "bad", "b")
    outbox.drain(database, "topic", listener)
    assert (listener.keys, owed(database)) == (["a", "b"], 1)


def test_a_key_that_fails_does_not_hold_up_what_comes_later(database: Database) -> None:
    listener = Listener("bad")
    owe(database, "bad")
    outbox.drain(database, "topic", listener)
    owe(database, "later")
    outbox.drain(database, "topic", listener)
    assert listener.keys == ["later"]


def test_a_failure_waits_and_is_delivered_when_it_works_again(database: Database) -> None:
    listener = Listener("bad")
    owe(database, "bad")
    outbox.drain(database, "topic", listener)
    assert outbox.drain(database, "topic", listener) == 0
    listener.failing.clear()
    let_time_pass(database)
    outbox.drain(database, "topic", listener)
    assert (listener.keys, owed(database)) == (["bad"], 0)


def waits(database: Database, failures: int) -> list[float]:
    """Return how long a key waits after each of some failures, in seconds."""
    found: list[float] = []
    owe(database, "bad")
    for _ in range(failures):
        let_time_pass(database)
        outbox.drain(database, "topic", Listener("bad"))
        found.append((row(database).due_at - clock.now()).total_seconds())
    return found


def test_each_failure_waits_longer_than_the_one_before(database: Database) -> None:
    found = waits(database, 6)
    assert found == sorted(found)
    assert found[-1] > 4 * found[0]


def test_no_failure_waits_longer_than_an_hour(database: Database) -> None:
    found = waits(database, outbox.MAX_ATTEMPTS)
    assert timedelta(minutes=59) < timedelta(seconds=max(found)) <= timedelta(hours=1)


def give_up(database: Database) -> None:
    waits(database, outbox.MAX_ATTEMPTS)
    let_time_pass(database)


def test_a_key_that_always_fails_becomes_a_dead_letter(database: Database) -> None:
    give_up(database)
    with database.reading() as session:
        assert (outbox.count_dead(session), outbox.count(session, "topic")) == (1, 0)


def test_a_key_that_fails_is_no_dead_letter_before_its_last_attempt(database: Database) -> None:
    waits(database, outbox.MAX_ATTEMPTS - 1)
    with database.reading() as session:
        assert (outbox.count_dead(session), outbox.count(session, "topic")) == (0, 1)


def test_a_dead_letter_says_why(database: Database) -> None:
    give_up(database)
    assert row(database).last_error == "RuntimeError: bad is bad"


def test_a_dead_letter_is_not_delivered_any_more(database: Database) -> None:
    give_up(database)
    listener = Listener()
    assert outbox.drain(database, "topic", listener) == 0


def test_the_oldest_delivery_still_owed_is_known(database: Database) -> None:
    before = clock.now()
    owe(database, "a")
    after = clock.now()
    owe(database, "b")
    with database.reading() as session:
        oldest = outbox.oldest(session, "topic")
    assert oldest is not None
    assert before <= oldest <= after


def test_a_long_delivery_keeps_its_lease(database: Database) -> None:
    other = Listener()
    owe(database, "a")

    def take_long(_keys: Sequence[str]) -> None:
        time.sleep(3.0)
        outbox.drain(database, "topic", other)

    outbox.drain(database, "topic", take_long, lease_for=timedelta(seconds=1.5))
    assert (other.keys, owed(database)) == ([], 0)


class Mishap(Exception):
    """Something fails now and then."""


@given(
    batches=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    failing=st.sets(st.integers(0, 99), max_size=4),
)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_deliverers_that_work_side_by_side_never_deliver_a_row_twice(
    database: Database, batches: list[int], failing: set[int]
) -> None:
    keys = [f"k{number:03}" for number in range(100)]
    bad = {keys[number] for number in failing}
    delivered: list[str] = []
    owe(database, *keys)

    def react(got: Sequence[str]) -> None:
        if bad.intersection(got):
            raise Mishap
        delivered.extend(got)

    def deliver(batch: int) -> None:
        while outbox.drain(database, "topic", react, batch=batch):
            pass

    with ThreadPoolExecutor(len(batches)) as pool:
        for done in [pool.submit(deliver, batch) for batch in batches]:
            done.result()
    with database.writing() as session:
        left = set(session.execute(delete(OutboxRow).returning(col(OutboxRow.key))).scalars())
    assert sorted(delivered) == sorted(set(keys) - bad)
    assert left == bad


def test_processes_that_deliver_side_by_side_share_the_rows(database: Database) -> None:
    keys = [f"k{number:03}" for number in range(300)]
    owe(database, *keys)
    code = (
        "import sys; from foundation import outbox; from foundation.database import Database\n"
        "database = Database(sys.argv[1])\n"
        "def note(keys): sys.stdout.write(''.join(f'{key}\\n' for key in keys))\n"
        "while outbox.drain(database, 'topic', note, batch=5): pass\n"
    )
    address = database.engine.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen([sys.executable, "-c", code, address], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    found = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(key for keys_of_one in found for key in keys_of_one if key) == keys


def test_an_outage_counts_against_nobody_and_delivery_goes_on_soon_after_it(database: Database) -> None:
    calls: list[Sequence[str]] = []

    def cut_off(keys: Sequence[str]) -> None:
        calls.append(keys)
        raise Unreachable("away")

    owe(database, "a", "b")
    for _ in range(outbox.MAX_ATTEMPTS + 1):
        let_time_pass(database)
        assert outbox.drain(database, "topic", cut_off) == 2
    assert calls == [["a", "b"]] * (outbox.MAX_ATTEMPTS + 1), "nobody waits in vain for each key"
    with database.reading() as session:
        rows = session.execute(select(OutboxRow)).scalars().all()
    assert [(row.attempts, row.is_dead) for row in rows] == [(0, False)] * 2
    assert all(row.due_at <= clock.now() + outbox.OUTAGE_DELAY for row in rows)


def test_an_outage_in_the_midst_of_single_deliveries_puts_the_rest_back(database: Database) -> None:
    delivered: list[str] = []

    def fail_then_cut_off(keys: Sequence[str]) -> None:
        if len(keys) > 1:
            raise RuntimeError("one of them is bad")
        if keys == ["b"]:
            raise Unreachable("away")
        delivered.extend(keys)

    owe(database, "a", "b", "c")
    outbox.drain(database, "topic", fail_then_cut_off)
    assert (delivered, owed(database)) == (["a"], 2)
    listener = Listener()
    let_time_pass(database)
    outbox.drain(database, "topic", listener)
    assert listener.keys == ["b", "c"]


def test_topics_with_something_due_are_named_in_the_order_asked(database: Database) -> None:
    owe(database, "a", topic="one")
    owe(database, "a", "b", topic="three")
    owe(database, "a", topic="not asked for")
    assert outbox.due(database, ["three", "two", "one"]) == ["three", "one"]


def test_what_waits_is_delivered_or_given_up_is_not_due(database: Database) -> None:
    give_up(database)
    owe(database, "a", topic="under way")
    with pytest.raises(Died):
        outbox.drain(database, "under way", die)
    owe(database, "a", topic="failed")
    outbox.drain(database, "failed", Listener("a"))
    assert outbox.due(database, ["under way", "failed", "topic"]) == []


def test_what_is_owed_for_later_is_not_delivered_before(database: Database) -> None:
    at = clock.now()
    with database.writing() as session:
        outbox.record(session, "topic", ["later"], due_at=at + timedelta(hours=1))
        outbox.record(session, "topic", ["due"], due_at=at - timedelta(hours=1))
    seen: list[str] = []
    outbox.drain(database, "topic", seen.extend)
    assert seen == ["due"]
