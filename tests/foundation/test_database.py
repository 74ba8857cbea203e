import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from foundation import outbox
from foundation.database import Database


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


def test_writers_wait_for_each_other_and_none_works_on_a_stale_read(database: Database) -> None:
    with database.writing() as session:
        outbox.record(session, "topic", ["a"])
    failures: list[Exception] = []

    def count_up() -> None:
        try:
            for _ in range(25):
                with database.writing() as session:
                    attempts = session.execute(text("SELECT attempts FROM outbox")).scalar_one()
                    session.execute(text("UPDATE outbox SET attempts = :next"), {"next": attempts + 1})
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.execute(text("SELECT attempts FROM outbox")).scalar_one() == 75
    assert failures == []


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
