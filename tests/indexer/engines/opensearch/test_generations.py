import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from accounts import experts
from foundation import clock
from foundation.errors import NotFound, Unavailable
from indexer import verifications
from indexer.engines.opensearch.generations import OpenSearchGenerations
from indexer.engines.opensearch.nodes import Node
from indexer.indexes import Index
from tests.builders import Directory, directory, eventually, import_all, record
from tests.indexer.engines.conftest import origin
from tests.indexer.engines.embedded.test_engine import DIMENSION, document, plan

PEOPLE = 60


@pytest.fixture
def loaded(tmp_path: Path, opensearch_address: str) -> Iterator[Directory]:
    """Return a directory on OpenSearch."""
    prefix = f"test-{uuid4().hex[:12]}"
    records = [record(f"R{number}") for number in range(PEOPLE)]
    with directory(tmp_path, records, opensearch_url=opensearch_address, opensearch_prefix=prefix) as found:
        found.deliver()
        found.index.engine.refresh()
        yield found
    node = Node(opensearch_address)
    node.find("DELETE", f"/{prefix}-*")
    node.close()


def verify(found: Directory) -> list[str]:
    return verifications.run(found.index.generations, found.database, found.wordlists.current())


def indices(found: OpenSearchGenerations) -> set[str]:
    return set(found.node.find("GET", f"/{found.prefix}-*/_alias") or {})


def ours(found: Directory) -> OpenSearchGenerations:
    assert isinstance(found.index.generations, OpenSearchGenerations)
    return found.index.generations


class Traffic:
    """Searches and changes, until told to stop."""

    def __init__(self, found: Directory) -> None:
        self.found = found
        self.totals: list[int] = []
        self.changes = 0
        self.failures: list[BaseException] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=(work,)) for work in (self._search, self._change)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, work: Callable[[], None]) -> None:
        try:
            while not self._stop.is_set():
                work()
        except BaseException as error:  # noqa: BLE001 - the test shows it
            self.failures.append(error)

    def _search(self) -> None:
        self.totals.append(self.found.find(q="consultant").total)

    def _change(self) -> None:
        number = self.changes % PEOPLE
        import_all(self.found.database, [{"ref": f"R{number}", "city": f"Ville {self.changes}"}])
        if number % 7 == 0:
            with self.found.database.writing() as session:
                (experts.hide if self.changes % 2 else experts.show)(session, f"R{number}", at=clock.now())
        self.found.deliver()
        self.changes += 1


def test_changes_and_searches_go_on_during_rebuilds_and_nothing_is_lost(loaded: Directory) -> None:
    traffic = Traffic(loaded)
    names = {loaded.index.generations.live()}
    for _ in range(3):
        before = traffic.changes
        loaded.index.rebuild()
        names.add(loaded.index.generations.live())
        eventually(lambda before=before: traffic.changes > before or traffic.failures)
    loaded.index.roll_back()
    traffic.stop()
    assert traffic.failures == []
    assert len(names) == 4
    assert min(traffic.totals) >= PEOPLE - PEOPLE // 7 - 1
    loaded.deliver()
    assert verify(loaded) == []
    assert len(indices(ours(loaded))) == 2


def test_a_change_during_a_build_reaches_both_generations(loaded: Directory) -> None:
    """Another process builds: this one learns of it by the alias alone."""
    built = ours(loaded).begin(origin(1), {}, list)
    import_all(loaded.database, [{"ref": "R1", "headline": "Apiculture"}])
    loaded.deliver()
    loaded.index.engine.refresh()
    assert loaded.refs(q="apiculture") == ["R1"]
    assert built.engine.count() == 1


def test_rolling_back_brings_the_previous_generation_up_to_date(loaded: Directory) -> None:
    first = loaded.index.generations.live()
    loaded.index.rebuild()
    import_all(loaded.database, [{"ref": "R1", "headline": "Apiculture"}, record("NEW")])
    with loaded.database.writing() as session:
        experts.remove(session, ["R2"])
        experts.hide(session, "R3", at=clock.now())
    loaded.deliver()
    loaded.index.roll_back()
    assert loaded.index.generations.live() == first
    assert loaded.refs(q="apiculture") == ["R1"]
    assert verify(loaded) == []


def test_without_a_previous_generation_there_is_nothing_to_roll_back_to(generations: OpenSearchGenerations) -> None:
    with pytest.raises(NotFound, match="no previous generation"):
        generations.resume()


def test_a_half_built_generation_is_swept_by_the_next_build(loaded: Directory) -> None:
    left = ours(loaded).begin(origin(1), {}, list)
    loaded.index.rebuild()
    assert left.name not in indices(ours(loaded))
    assert verify(loaded) == []


def test_a_late_write_does_not_make_a_removed_index_again(generations: OpenSearchGenerations) -> None:
    built = generations.begin(origin(DIMENSION), {}, list)
    generations.discard(built)
    generations.sweep()
    with pytest.raises(Unavailable, match="refused"):
        built.engine.put([document()], {}, {})
    assert indices(generations) == set()


def test_who_was_overtaken_by_another_build_does_not_switch(generations: OpenSearchGenerations) -> None:
    first = generations.begin(origin(DIMENSION), {}, list)
    second = generations.begin(origin(DIMENSION), {}, list)
    with pytest.raises(Unavailable):
        generations.switch(first)
    generations.switch(second)
    assert generations.live() == second.name


def test_the_segments_of_a_build_are_made_one_once_it_is_live(generations: OpenSearchGenerations) -> None:
    built = generations.begin(origin(DIMENSION), {}, list)
    for expert_id in "abcde":
        built.engine.put([document(expert_id)], {}, {})
        built.engine.refresh()

    def segments() -> int:
        found = generations.node.call("GET", f"/{built.name}/_segments")
        return found["indices"][built.name]["shards"]["0"][0]["num_search_segments"]

    assert segments() > 1
    engine = generations.switch(built)
    eventually(lambda: segments() == 1)
    assert engine.count() == 5
    assert engine.documents([*"abcde", "nobody"]).keys() == set("abcde")
    assert [found.id for found in engine.names_like(document("a").name[:2], 1)] == ["a"]


def test_a_document_is_found_as_its_new_version_though_the_old_one_was_met(generations: OpenSearchGenerations) -> None:
    built = generations.begin(origin(DIMENSION), {}, list)
    engine = built.engine
    asked = plan("douane")
    for version, count in ((1, 3), (2, 7)):
        engine.put([document("a", version, rating_count=count, rating_sum=4 * count)], {}, {})
        engine.refresh()
        assert engine.retrieve(asked).candidates.raw["review_count"].tolist() == [count]
        assert engine.documents(["a"])["a"].version == version
    engine.put([], {"a": 3}, {})
    assert engine.documents(["a"]) == {}


def test_documents_that_are_refused_are_counted_and_told(generations: OpenSearchGenerations) -> None:
    engine = generations.begin(origin(DIMENSION), {}, list).engine
    wrong = [document(expert_id, rating_count="many") for expert_id in ("a", "b")]
    with pytest.raises(Unavailable, match=r"refused 2 of 3 documents.*rating_count"):
        engine.put([*wrong, document("c")], {}, {})
    engine.refresh()
    assert engine.versions() == {"c": 1}


def test_an_index_takes_no_field_that_the_mapping_does_not_know(generations: OpenSearchGenerations) -> None:
    built = generations.begin(origin(DIMENSION), {}, list)
    with pytest.raises(Unavailable, match="strict_dynamic_mapping"):
        generations.node.call("PUT", f"/{built.name}/_doc/x", {"surprise": 1})


def test_a_node_that_is_not_there_is_told_as_unavailable() -> None:
    node = Node("http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="does not answer"):
        node.ask("/any/_search", {})
    node.close()


def test_a_node_that_says_nothing_is_not_waited_for() -> None:
    """It takes connections and requests, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        node = Node(f"http://127.0.0.1:{silent.getsockname()[1]}")
        generations = OpenSearchGenerations(node, "test", None, refresh_ms=250, replicas=0)
        for ask in (generations.live, partial(node.ask, "/any/_search", {})):
            started = time.monotonic()
            with pytest.raises(Unavailable, match="does not answer"):
                ask()
            assert time.monotonic() - started < 3.0
        generations.close()


def test_an_index_that_outgrew_its_averages_is_built_anew(loaded: Directory) -> None:
    """It was made before anybody was in it, so lengths and vectors were compared with what was assumed."""
    first = loaded.index.generations.live()
    loaded.load([record("S")])
    assert loaded.index.generations.live() == first
    loaded.load(record(f"S{number}") for number in range(PEOPLE * 5))
    assert loaded.index.generations.live() != first
    assert verify(loaded) == []


def test_a_search_finds_the_live_generation_though_the_one_it_remembers_is_gone(loaded: Directory) -> None:
    """Another process replaces it twice while this one remembers its name."""
    follower = OpenSearchGenerations(
        Node(ours(loaded).node.address), ours(loaded).prefix, None, refresh_ms=250, replicas=0, look_again_seconds=60.0
    )
    engine = follower.open(origin(1), lambda _: None)
    everybody = engine.versions()
    for ask in (
        lambda: engine.retrieve(plan("consultant")).total,
        lambda: len(engine.documents(list(everybody))),
        lambda: len(engine.describe(plan("consultant"), list(everybody)).ids),
    ):
        assert ask() == PEOPLE
        remembered = loaded.index.generations.live()
        loaded.index.rebuild()
        loaded.index.rebuild()
        loaded.index.engine.refresh()
        assert remembered not in indices(ours(loaded))
        assert ask() == PEOPLE
    follower.close()


def test_an_index_that_was_made_with_another_mapping_is_made_again(loaded: Directory) -> None:
    node, name = ours(loaded).node, str(ours(loaded).live())
    meta = node.call("GET", f"/{name}/_mapping")[name]["mappings"]["_meta"]
    assert meta["properties"]["fingerprint"] == loaded.index.fingerprint()
    without, _, shape = loaded.index.fingerprint().rpartition("/")
    assert shape == ours(loaded).shape
    meta["properties"]["fingerprint"] = f"{without}/another"
    node.call("PUT", f"/{name}/_mapping", {"_meta": meta})
    later = Index(loaded.settings, loaded.database, loaded.wordlists, None)
    loaded.index.close()
    later.open()
    assert later.renew_if_outdated()
    later.rebuild()
    assert not later.is_outdated()
    later.close()
    loaded.index.open()


def test_the_embedded_index_knows_nothing_of_a_mapping(tmp_path: Path) -> None:
    with directory(tmp_path) as found:
        assert found.index.fingerprint().endswith(f"/{found.wordlists.current().fingerprint}")


@pytest.mark.long
def test_who_is_gone_goes_from_the_previous_generation_and_from_the_segments_too(loaded: Directory) -> None:
    loaded.index.rebuild()
    generations, previous = ours(loaded), f"/{loaded.settings.opensearch_prefix}_previous"
    with loaded.database.writing() as session:
        gone = experts.get(session, "R1").id
        assert generations.node.call("GET", f"{previous}/_doc/{gone}", stored_fields="body")["fields"]
        experts.remove(session, ["R1"])
    loaded.deliver()
    assert "fields" not in generations.node.call("GET", f"{previous}/_doc/{gone}", stored_fields="body")
    every = f"/{loaded.settings.opensearch_prefix}-*"

    def purge() -> bool:
        loaded.index.purge()
        generations.node.call("POST", f"{every}/_refresh")
        return generations.node.call("GET", f"{every}/_stats/docs")["_all"]["total"]["docs"]["deleted"] == 0

    # What a recovery might need is given up when leases are renewed, twice a minute.
    eventually(purge, seconds=90)
    assert verify(loaded) == []
