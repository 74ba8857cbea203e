"""Two processes that would build the same index of OpenSearch: one does, the other says who."""

import subprocess

from foundation import leases, outbox
from indexer.events import REBUILD_REQUESTED
from indexer.indexes import BUILDING
from tests.builders import eventually, record
from tests.faults.installations import Installation
from tests.live import PORTULAN


def _generation(found: Installation) -> str:
    return next(line for line in found.run("index", "status").splitlines() if line.startswith("generation "))


def _rebuilds(found: Installation) -> list[tuple[int, bool]]:
    with found.database.reading() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT attempts, is_dead FROM outbox WHERE topic = %(topic)s", {"topic": REBUILD_REQUESTED}
        )
        return [(row[0], row[1]) for row in rows]


def test_the_second_builder_says_who_is_at_it_and_ends(site: Installation) -> None:
    before = _generation(site)
    with leases.held(site.database, BUILDING):
        for command in ("rebuild", "rollback"):
            done = subprocess.run(
                [PORTULAN, "index", command], env=site.straight, capture_output=True, text=True, check=False, timeout=60
            )
            assert done.returncode == 1
            assert "building the index: process " in done.stderr
            assert " is at it, since 20" in done.stderr
            assert "Traceback" not in done.stderr
    assert (_generation(site), _rebuilds(site)) == (before, [])
    site.run("index", "rebuild")
    assert _generation(site) != before


def test_a_rebuild_that_is_owed_meanwhile_is_put_off_and_done_afterwards(site: Installation) -> None:
    before = _generation(site)
    with leases.held(site.database, BUILDING):
        with site.database.writing() as session:
            outbox.record(session, REBUILD_REQUESTED, ["again"])
        eventually(lambda: "is put off" in (site.folder / "log").read_text())
        site.load([record("meanwhile", headline="Entretemps")])
        eventually(lambda: site.total("entretemps") == 1, seconds=30)
        assert _rebuilds(site) == [(0, False)]
        assert _generation(site) == before
    eventually(lambda: _rebuilds(site) == [], seconds=30)
    assert _generation(site) != before
    site.see_index_equal_database()


def test_processes_that_start_at_once_on_nothing_build_one_index(empty: Installation) -> None:
    empty.load(record(f"A{number}", headline="Apiculture") for number in range(20))
    processes = [empty.start("worker") for _ in range(2)]
    try:
        log = empty.folder / "log"
        eventually(lambda: log.read_text().count("delivering") == len(processes), seconds=60)
        assert log.read_text().count("index rebuilt") == 1
        empty.see_index_equal_database()
    finally:
        for process in processes:
            process.kill()
            process.wait()
