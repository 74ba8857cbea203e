"""Redis slow, silent, away or cut off under a scaled-out site: one process serves, a worker delivers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import builders, proxies
from tests.builders import eventually, record
from tests.faults.installations import OUTAGES, Installation, installation, running, serving

PEOPLE = 10
ROUNDS = 10
PER_SECOND = 5


@pytest.fixture(scope="module")
def scaled(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_address: str,
    opensearch_address: str,
    redis_address: str,
    toxiproxy_address: str,
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("scaled")
    with (
        installation(folder, postgres_address, opensearch_address, toxiproxy_address, redis_address) as found,
        serving(found),
        running(found, "worker"),
    ):
        found.fill(PEOPLE)
        yield found


@pytest.mark.parametrize("fault", ["slow", "black-holed", pytest.param("down", marks=pytest.mark.long)])
def test_searching_and_indexing_go_on(scaled: Installation, fault: str) -> None:
    way = scaled.ways["PORTULAN_REDIS_URL"]
    word = f"panne{list(OUTAGES).index(fault)}xyz"
    with OUTAGES[fault](way):
        for _ in range(ROUNDS):
            assert scaled.total("apiculture") == PEOPLE
            assert scaled.get("/experts", q="apiculture").status_code == 200
        state = scaled.get("/readyz").json()
        assert (state["ready"], state["degraded"]) == (True, True)
        assert state["checks"]["redis"].startswith("away")
        scaled.load([record(word, headline=word)])
        eventually(lambda: scaled.total(word) == 1)
    eventually(lambda: scaled.get("/readyz").json()["checks"]["redis"] == "ok")
    scaled.see_index_equal_database()


def test_connections_that_are_cut_lose_nothing(scaled: Installation) -> None:
    for _ in range(ROUNDS):
        scaled.ways["PORTULAN_REDIS_URL"].cut()
        assert scaled.total("apiculture") == PEOPLE
    scaled.load([record("cut", headline="Coupure")])
    eventually(lambda: scaled.total("coupure") == 1)
    scaled.see_index_equal_database()


@pytest.mark.parametrize("fault", OUTAGES)
def test_a_process_limits_searches_by_itself(
    tmp_path: Path, redis_address: str, toxiproxy_address: str, fault: str
) -> None:
    with (
        proxies.to(toxiproxy_address, redis_address) as way,
        builders.site(tmp_path, [record("A")], redis_url=way.address, search_per_second=PER_SECOND) as client,
        OUTAGES[fault](way),
    ):
        client.get("/readyz")  # the one that waits for Redis
        statuses = [client.get("/api/v1/suggest?q=dou").status_code for _ in range(10 * PER_SECOND)]
    assert set(statuses[:PER_SECOND]) == {200}
    assert 429 in statuses
