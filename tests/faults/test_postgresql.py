"""The database's connections cut, and the database away, under a served site."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from foundation import outbox
from foundation.database import LONGEST_WAIT_S
from tests.builders import eventually, record
from tests.faults.installations import LONGEST_ANSWER_SECONDS, OUTAGES, Installation, see_refused

ROUNDS = 5
PEOPLE = 10
CROWD = 10


def test_connections_that_are_cut_are_made_again(site: Installation) -> None:
    for number in range(ROUNDS):
        assert site.total("apiculture"), number
        site.ways["PORTULAN_DATABASE_URL"].cut()
        assert site.total("apiculture"), number
    way = site.ways["PORTULAN_DATABASE_URL"]
    site.load(record(f"cut{number}", headline="Coupure") for number in range(PEOPLE))
    # Cut in the midst of the indexing, but not for ever: who is cut off holds what it had claimed until its lease ends.
    for number in range(ROUNDS):
        way.cut()
        assert site.total("apiculture"), number
    eventually(lambda: site.total("coupure") == PEOPLE, seconds=outbox.LEASE.total_seconds() + 30)
    site.see_index_equal_database()


@pytest.mark.parametrize("fault", OUTAGES)
def test_an_outage_is_said_in_time_and_leaves_nothing_behind(site: Installation, fault: str) -> None:
    word = f"absence{list(OUTAGES).index(fault)}xyz"
    assert site.total("apiculture")
    with OUTAGES[fault](site.ways["PORTULAN_DATABASE_URL"]):
        for _ in range(ROUNDS):
            see_refused(site.get("/experts", q="apiculture", lang="fr"), "Indisponible pour l’instant")
            see_refused(site.get("/experts/expert-a1", lang="en"), "Not available just now")
            see_refused(site.get("/api/v1/experts", q="apiculture", lang="en"), "Not available just now")
        probe = site.get("/readyz")
        assert (probe.status_code, probe.json()["ready"]) == (503, False)
        assert probe.json()["checks"]["database"] != "ok"
        site.load([record(word, headline=word)])
    eventually(lambda: site.get("/readyz").status_code == 200)
    eventually(lambda: site.total(word) == 1, seconds=LONGEST_WAIT_S + 30)
    site.see_index_equal_database()


def test_not_everybody_waits_for_a_database_that_does_not_answer(site: Installation) -> None:
    with site.ways["PORTULAN_DATABASE_URL"].black_hole(), ThreadPoolExecutor(CROWD) as crowd:
        started_at = time.monotonic()
        for found in [crowd.submit(site.get, "/experts/expert-a1", lang="en") for _ in range(4 * CROWD)]:
            see_refused(found.result(), "Not available just now")
        assert time.monotonic() - started_at < 2 * LONGEST_ANSWER_SECONDS
    eventually(lambda: site.get("/readyz").status_code == 200)
