"""Workers killed in the midst of a batch, events delivered twice and in the wrong order: the index is the database."""

import random
import time

import pytest

from accounts.events import EXPERT_CHANGED
from foundation import outbox
from tests.builders import eventually, record
from tests.faults.installations import Installation, running, serving

SOME = 400
LONGEST_BATCH_SECONDS = 0.3
WITH_LONG = [5, pytest.param(50, marks=(pytest.mark.long, pytest.mark.timeout(1_800)))]


@pytest.mark.parametrize("kills", WITH_LONG)
def test_workers_that_are_killed_in_the_midst_of_a_batch_lose_nothing(empty: Installation, kills: int) -> None:
    interrupted = 0
    with running(empty, "worker"):
        eventually(lambda: "delivering" in (empty.folder / "log").read_text(), seconds=60)
    for attempt in range(kills):
        last = _last(empty)
        empty.load(record(f"E{number}", headline=f"Apiculture {attempt}") for number in range(SOME))
        with running(empty, "worker") as worker:
            eventually(lambda: _is_begun(empty) or worker.poll() is not None, seconds=60)
            time.sleep(random.uniform(0, LONGEST_BATCH_SECONDS))  # noqa: S311 - any moment will do
        interrupted += _count(empty, f"id > {last}") > 0
    assert interrupted > kills // 3, "too few workers were killed in the midst of a batch"
    with serving(empty):
        empty.see_index_equal_database()
        eventually(lambda: empty.total("apiculture") == SOME)


def _is_begun(found: Installation) -> bool:
    """Tell whether somebody took what was just changed: rows that killed workers had taken say nothing."""
    return _count(found, "due_at <= now()") == 0


def _count(found: Installation, which: str) -> int:
    with found.database.reading() as session:
        return session.connection().exec_driver_sql(f"SELECT count(*) FROM outbox WHERE {which}").scalar_one()


def _last(found: Installation) -> int:
    with found.database.reading() as session:
        return session.connection().exec_driver_sql("SELECT coalesce(max(id), 0) FROM outbox").scalar_one()


def test_events_that_come_twice_and_in_the_wrong_order_change_nothing(site: Installation) -> None:
    """Each expert is owed many times over, the newest change first; two more processes deliver at the same time."""
    words = [f"Étape {number}" for number in range(4)]
    with running(site, "worker"), running(site, "worker"):
        for number, word in enumerate(words):
            site.load(record(f"D{expert}", headline=word) for expert in range(20))
            if number == 2:
                site.run("experts", "hide", "D0")
                site.run("experts", "delete", "D1", "--yes")
            ids = _ids(site)
            for _ in range(2):
                random.shuffle(ids)
                with site.database.writing() as session:
                    outbox.record(session, EXPERT_CHANGED, [*ids, *reversed(ids)])
        site.see_index_equal_database()
    assert site.get("/api/v1/experts", q="étape 3").status_code == 200


def _ids(found: Installation) -> list[str]:
    with found.database.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT id FROM experts WHERE ref LIKE 'D%%'")
        return [row[0] for row in rows]
