"""OpenSearch away, slow, silent or cut off under a served site."""

import pytest

from tests.builders import eventually, record
from tests.faults.installations import OUTAGES, Installation, see_refused

ROUNDS = 5


@pytest.mark.parametrize("fault", OUTAGES)
def test_an_outage_is_said_in_time_and_leaves_nothing_behind(site: Installation, fault: str) -> None:
    way = site.ways["PORTULAN_OPENSEARCH_URL"]
    word = f"outage{list(OUTAGES).index(fault)}xyz"
    with OUTAGES[fault](way):
        for _ in range(ROUNDS):
            see_refused(site.get("/experts", q="apiculture", lang="en"), "Not available just now")
            see_refused(site.get("/api/v1/experts", q="apiculture", lang="fr"), "Indisponible pour l’instant")
        probe = site.get("/readyz")
        assert probe.status_code == 503
        assert probe.json()["checks"]["index"].startswith("away: ")
        assert site.get("/ranking").status_code == 200
        site.load([record(word, headline=word), record("gone", headline=word)])
        site.run("experts", "hide", "gone")
        assert site.owed() > 0
    eventually(lambda: site.get("/readyz").status_code == 200)
    eventually(lambda: site.total(word) == 1, seconds=30)
    assert site.total("apiculture")
    site.see_index_equal_database()


def test_connections_that_are_cut_are_made_again(site: Installation) -> None:
    for number in range(ROUNDS):
        site.ways["PORTULAN_OPENSEARCH_URL"].cut()
        assert site.total("apiculture"), number
    site.see_index_equal_database()
