"""The database's connections cut, and the database away, under a served site."""

from tests.builders import eventually, record
from tests.faults.installations import Installation, see_refused

ROUNDS = 5
PEOPLE = 10


def test_connections_that_are_cut_are_made_again(site: Installation) -> None:
    for number in range(ROUNDS):
        assert site.total("apiculture"), number
        site.ways["PORTULAN_DATABASE_URL"].cut()
        assert site.total("apiculture"), number
    way = site.ways["PORTULAN_DATABASE_URL"]
    site.load(record(f"cut{number}", headline="Coupure") for number in range(PEOPLE))
    eventually(lambda: way.cut() or site.total("coupure") == PEOPLE, seconds=60)
    site.see_index_equal_database()


def test_a_database_that_is_away_is_said_in_time_and_taken_up_again(site: Installation) -> None:
    with site.ways["PORTULAN_DATABASE_URL"].down():
        for _ in range(ROUNDS):
            see_refused(site.get("/experts", q="apiculture", lang="fr"), "Indisponible pour l’instant")
            see_refused(site.get("/api/v1/experts", q="apiculture", lang="en"), "Not available just now")
        probe = site.get("/readyz")
        assert (probe.status_code, probe.json()["ready"]) == (503, False)
        assert probe.json()["checks"]["database"] != "ok"
        site.load([record("away", headline="Absence")])
    eventually(lambda: site.get("/readyz").status_code == 200)
    eventually(lambda: site.total("absence") == 1, seconds=60)
    site.see_index_equal_database()
