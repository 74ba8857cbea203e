import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation import outbox
from foundation.database import Database, hold
from foundation.outbox import OutboxRow


def owed(database: Database) -> int:
    with database.reading() as session:
        return outbox.count(session, "topic")


def test_what_a_writing_block_did_is_kept_when_it_ends(database: Database) -> None:
    with database.writing() as session:
        outbox.record(session, "topic", ["a"])
    assert owed(database) == 1


def test_what_a_writing_block_did_is_undone_when_it_raises(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            outbox.record(session, "topic", ["a"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert owed(database) == 0


def test_nothing_that_a_reading_block_does_is_kept(database: Database) -> None:
    with database.reading() as session:
        outbox.record(session, "topic", ["a"])
        session.flush()
    assert owed(database) == 0


def test_readers_go_on_while_somebody_writes_and_see_the_state_before(database: Database) -> None:
    with database.writing() as session:
        outbox.record(session, "topic", ["a"])
        session.flush()
        assert owed(database) == 0


def count_up_in_threads(database: Database, times: int = 25, count: int = 3) -> int:
    """Count a number up in several threads, each time by what was read; return where it got."""
    with database.writing() as session:
        outbox.record(session, "topic", ["a"])
    attempts = select(col(OutboxRow.attempts)).with_for_update()

    def count_up() -> None:
        for _ in range(times):
            with database.writing() as session:
                read = session.execute(attempts).scalar_one()
                session.execute(update(OutboxRow).values(attempts=read + 1))

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(count_up) for _ in range(count)]:
            done.result()
    with database.reading() as session:
        return session.execute(attempts).scalar_one()


def test_writers_who_take_what_they_read_wait_for_each_other(database: Database) -> None:
    assert count_up_in_threads(database) == 75


def test_writers_wait_for_who_holds_the_same_name(database: Database) -> None:
    seen: list[str] = []
    is_held = threading.Event()

    def wait() -> None:
        is_held.wait()
        with database.writing() as session:
            hold(session, "name")
            seen.append("second")

    waiting = threading.Thread(target=wait)
    waiting.start()
    with database.writing() as session:
        hold(session, "name")
        is_held.set()
        time.sleep(0.3)
        seen.append("first")
    waiting.join()
    assert seen == ["first", "second"]


def test_writers_who_block_each_other_both_get_through(database: Database) -> None:
    with database.writing() as session:
        outbox.record(session, "topic", ["a", "b"])
    both = threading.Barrier(2)
    runs: list[str] = []

    def take(*keys: str) -> None:
        def work(session: Session) -> None:
            runs.append(keys[0])
            for key in keys:
                session.execute(
                    update(OutboxRow).where(col(OutboxRow.key) == key).values(attempts=OutboxRow.attempts + 1)
                )
                with suppress(threading.BrokenBarrierError):
                    both.wait(timeout=0.5)

        database.write(work)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(take, "a", "b"), pool.submit(take, "b", "a")]:
            done.result()
    with database.reading() as session:
        assert list(session.execute(select(col(OutboxRow.attempts))).scalars()) == [2, 2]
    assert len(runs) == (3 if database.engine.dialect.name == "postgresql" else 2)


def test_what_fails_for_another_reason_is_not_done_again(database: Database) -> None:
    runs: list[int] = []

    def work(session: Session) -> None:
        runs.append(1)
        session.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        database.write(work)
    assert runs == [1]


def test_what_was_owed_is_announced_after_the_commit_and_not_without_one(database: Database) -> None:
    heard: list[tuple[set[str], int]] = []
    database.announce = lambda topics: heard.append((topics, owed(database)))
    with database.writing() as session:
        outbox.record(session, "topic", ["a"])
    with suppress(RuntimeError), database.writing() as session:
        outbox.record(session, "topic", ["b"])
        raise RuntimeError
    with database.writing() as session:
        outbox.record(session, "topic", [])
    assert heard == [({"topic"}, 1)]


def test_foreign_keys_are_enforced(database: Database) -> None:
    orphan = text(
        "INSERT INTO reviews (id, expert_id, skill, rating, experienced_on, published_on, origin)"
        " VALUES ('r', 'nobody', 's', 5, '2026-01-01', '2026-01-01', 'imported')"
    )
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(orphan)


def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite+pysqlite:///{tmp_path / 'new' / 'folder' / 'portulan.db'}")
    with database.writing() as session:
        session.execute(text("CREATE TABLE things (id INTEGER)"))
    database.close()
    assert (tmp_path / "new" / "folder" / "portulan.db").exists()
