"""PostgreSQL and OpenSearch stopped and started again under a served site: processes of the tests' own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.backends import opensearch, runs
from scripts.backends.runs import Name
from tests.builders import eventually, record
from tests.faults.installations import Installation, installation, see_refused, serving

ROUNDS = 2
PEOPLE = 40
BACK_SECONDS = 90


@pytest.fixture(scope="module")
def own_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return where the tests' own backends are noted: nobody else's are stopped."""
    file = tmp_path_factory.mktemp("own") / "services.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(opensearch.HEAP_SETTING, "512m")
        try:
            runs.up([Name.POSTGRES, Name.OPENSEARCH], file=file)
            yield file
        finally:
            runs.down(file=file)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, own_file: Path, toxiproxy_address: str) -> Iterator[Installation]:
    """Return a served site that holds people whose headline is “Apiculture”."""
    run = runs.read(own_file)
    assert run
    postgres, node = (run.backends[name].address for name in (Name.POSTGRES, Name.OPENSEARCH))
    folder = tmp_path_factory.mktemp("site")
    with installation(folder, postgres, node, toxiproxy_address) as found, serving(found):
        found.fill(PEOPLE)
        yield found


def test_an_opensearch_that_is_started_again_is_searched_again_and_holds_every_change(
    site: Installation, own_file: Path
) -> None:
    profile = f"/experts/{site.get('/api/v1/experts', q='apiculture').json()['results'][0]['slug']}"
    for number in range(ROUNDS):
        word = f"panne{number}xyz"
        site.load([record(word, headline=word), record("gone", headline=word)])
        runs.stop(Name.OPENSEARCH, file=own_file)
        see_refused(site.get("/experts", q="apiculture", lang="en"), "Not available just now")
        see_refused(site.get("/api/v1/experts", q="apiculture", lang="fr"), "Indisponible pour l’instant")
        assert site.get(profile).status_code == 200
        probe = site.get("/readyz")
        assert (probe.status_code, probe.json()["checks"]["database"]) == (503, "ok")
        site.load([record(f"later{number}", headline=word)])
        site.run("experts", "hide", "gone")
        runs.start(Name.OPENSEARCH, file=own_file)
        eventually(lambda: site.get("/readyz").status_code == 200, seconds=BACK_SECONDS)
        eventually(lambda word=word: site.total(word) == 2, seconds=BACK_SECONDS)
        assert site.total("apiculture") == PEOPLE
        site.see_index_equal_database()


def test_a_postgresql_that_is_started_again_is_asked_again_and_has_lost_nothing(
    site: Installation, own_file: Path
) -> None:
    for number in range(ROUNDS):
        word = f"reprise{number}xyz"
        # Stopped at once, what was acknowledged may not be indexed yet.
        site.load(record(f"{word}{person}", headline=word) for person in range(PEOPLE))
        runs.stop(Name.POSTGRES, file=own_file)
        see_refused(site.get("/experts", q="apiculture", lang="fr"), "Indisponible pour l’instant")
        see_refused(site.get("/experts/expert-a1", lang="en"), "Not available just now")
        probe = site.get("/readyz")
        assert (probe.status_code, probe.json()["ready"]) == (503, False)
        runs.start(Name.POSTGRES, file=own_file)
        eventually(lambda: site.get("/readyz").status_code == 200, seconds=BACK_SECONDS)
        eventually(lambda word=word: site.total(word) == PEOPLE, seconds=BACK_SECONDS)
        site.see_index_equal_database()
