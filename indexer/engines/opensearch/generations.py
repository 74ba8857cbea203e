"""Generations on OpenSearch: an index each, and aliases that name the live, the previous and the one being built.

Every writer looks the aliases up before it writes and writes the live generation and the one being built. The
builder sets its alias first and reads the database afterwards: a change is in what it reads, or its writer sees the
alias. External versions put the two in order.
"""

import hashlib
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from uuid import uuid4

import orjson

from foundation.errors import NotFound, Unavailable
from indexer.engines.embedded.vectors import Centre
from indexer.engines.generations import Built, Progress, Sample
from indexer.engines.opensearch import calibrations, mapping
from indexer.engines.opensearch.engine import Generation, OpenSearchEngine
from indexer.engines.opensearch.nodes import Json, Node

LOOK_AGAIN_SECONDS = 1.0
"""For how long a search may go on reading a generation that was replaced."""
LIVE, PREVIOUS, BUILDING = "live", "previous", "building"
NO_VECTOR_DIMENSION = 1


class OpenSearchGenerations:
    """The indices of a cluster whose name begins with `prefix`; `encoder` is who makes the query's vectors."""

    engine_name = "opensearch"
    keeps_vectors = True

    def __init__(
        self,
        node: Node,
        prefix: str,
        encoder: str | None,
        *,
        refresh_ms: int,
        replicas: int,
        look_again_seconds: float = LOOK_AGAIN_SECONDS,
    ) -> None:
        self.node = node
        self.prefix = prefix
        self._encoder = encoder
        self._refresh_ms, self._replicas = refresh_ms, replicas
        self._look_again_seconds = look_again_seconds
        self._known: dict[str, Generation] = {}
        self._looked: tuple[float, Generation] | None = None
        self.shape = _shape()

    def live(self) -> str | None:
        """Return the name of the live generation."""
        return self._named(LIVE)

    @contextmanager
    def held(self) -> Generator[OpenSearchEngine | None]:
        """Give the live generation, if there is one."""
        name = self.live()
        if name is None:
            yield None
            return
        engine = self._only(name)
        engine.refresh()
        yield engine

    def open(self, prior: Centre, progress: Progress) -> OpenSearchEngine:
        """Return an engine that follows the aliases."""
        del prior
        self._looked = None
        engine = self._following()
        progress(engine.count())
        return engine

    def begin(self, prior: Centre, properties: Mapping[str, str], sample: Sample) -> Built:
        """Make an empty index, and have every writer write it from now on."""
        name = f"{self.prefix}-{uuid4().hex[:12]}"
        calibration = calibrations.calibrate(prior, sample())
        dimension = int(properties.get("dimension", NO_VECTOR_DIMENSION))
        body: Json = {
            "settings": mapping.settings(self._replicas),
            "mappings": mapping.mappings(
                dimension, {"calibration": calibration.dump(), "properties": dict(properties)}
            ),
            # Writes name this alias and require it: an index that was removed is not made again by a late one.
            "aliases": {mapping.written_as(name): {}},
        }
        self.node.call("PUT", f"/{name}", body)
        self._move([_add(name, self._alias(BUILDING))], away_from={BUILDING: self._named(BUILDING)})
        return Built(name, self._only(name))

    def resume(self) -> Built:
        """Take the previous generation up again, to be brought up to date and switched to."""
        name = self._named(PREVIOUS)
        if name is None:
            raise NotFound("no previous generation is kept: run `portulan index rebuild`")
        self._move([_add(name, self._alias(BUILDING))], away_from={BUILDING: self._named(BUILDING)})
        return Built(name, self._only(name))

    def switch(self, built: Built) -> OpenSearchEngine:
        """Move all aliases in one step; what was live is kept as the previous one.

        Raises Unavailable if somebody began another build meanwhile: writes went there, and not here.
        """
        self.node.call("PUT", f"/{built.name}/_settings", mapping.refreshing(self._refresh_ms))
        live = self.live()
        taken = {"remove": {"index": built.name, "alias": self._alias(BUILDING), "must_exist": True}}
        actions = [taken, _add(built.name, self._alias(LIVE))]
        if live is not None:
            actions.append(_add(live, self._alias(PREVIOUS)))
        self._move(actions, away_from={LIVE: live, PREVIOUS: self._named(PREVIOUS)})
        self._looked = None
        self._merge(built.name)
        return self._following()

    def discard(self, built: Built) -> None:
        """Have nobody write the index any more; the next sweep removes it, unless it is the previous one."""
        self._move([], away_from={BUILDING: built.name})

    def sweep(self) -> None:
        """Remove all indices of ours that no alias names."""
        found: Json = self.node.find("GET", f"/{self.prefix}-*/_alias") or {}
        kept = {self._alias(role) for role in (LIVE, PREVIOUS, BUILDING)}
        for name, held in found.items():
            if not kept & held["aliases"].keys():
                self.node.find("DELETE", f"/{name}")

    def purge(self) -> None:
        """Have segments written anew that hold what was deleted, in the background."""
        for name in filter(None, (self.live(), self._named(PREVIOUS))):
            # Deleted documents are kept by whatever is not flushed, and by segments of which they are a small share.
            self.node.call("POST", f"/{name}/_flush")
            self.node.call("PUT", f"/{name}/_settings", {"index.merge.policy.expunge_deletes_allowed": 0})
            self.node.call("POST", f"/{name}/_forcemerge", only_expunge_deletes="true", wait_for_completion="false")

    def close(self) -> None:
        """Close the connections."""
        self.node.close()

    def _merge(self, name: str) -> None:
        """Have the many small segments of a rebuild made one in the background: each costs every search its share."""
        # An index that could not be merged is slower, no more.
        with suppress(Unavailable):
            self.node.call("POST", f"/{name}/_forcemerge", max_num_segments=1, wait_for_completion="false")

    def _read(self) -> Generation:
        """Return the generation to search."""
        if self._looked is None or time.monotonic() >= self._looked[0]:
            name = self.live()
            if name is None:
                raise Unavailable("there is no index: run `portulan index rebuild`")
            self._looked = (time.monotonic() + self._look_again_seconds, self._described(name))
        return self._looked[1]

    def _written(self) -> list[Generation]:
        """Return the generations to write: looked up each time."""
        names = dict.fromkeys(filter(None, (self.live(), self._named(BUILDING))))
        return [self._described(name) for name in names]

    def _replaced(self) -> list[Generation]:
        """Return the generation that is kept beside the live one, which must not outlive whoever is erased."""
        name = self._named(PREVIOUS)
        return [self._described(name)] if name is not None else []

    def _following(self) -> OpenSearchEngine:
        return OpenSearchEngine(self.node, self._read, self._written, self._encoder, self._look_again, self._replaced)

    def _look_again(self) -> None:
        self._looked = None

    def _only(self, name: str) -> OpenSearchEngine:
        generation = self._described(name)
        return OpenSearchEngine(self.node, lambda: generation, lambda: [generation], self._encoder)

    def _described(self, name: str) -> Generation:
        if name not in self._known:
            meta = self.node.call("GET", f"/{name}/_mapping")[name]["mappings"]["_meta"]
            self._known[name] = Generation(name, calibrations.load(meta["calibration"]), meta["properties"])
        return self._known[name]

    def _named(self, role: str) -> str | None:
        found = self.node.find("GET", f"/_alias/{self._alias(role)}")
        return next(iter(found), None) if found else None

    def _alias(self, role: str) -> str:
        return f"{self.prefix}_{role}"

    def _move(self, actions: list[Json], away_from: Mapping[str, str | None]) -> None:
        gone = [
            {"remove": {"index": name, "alias": self._alias(role), "must_exist": False}}
            for role, name in away_from.items()
            if name is not None
        ]
        if gone or actions:
            self.node.call("POST", "/_aliases", {"actions": [*gone, *actions]})


def _shape() -> str:
    """Return a hash of what an index is made with, without what an installation chooses and may change meanwhile."""
    made_with = [mapping.settings(0), mapping.mappings(NO_VECTOR_DIMENSION, {})]
    return hashlib.sha256(orjson.dumps(made_with, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def _add(index: str, alias: str) -> Json:
    return {"add": {"index": index, "alias": alias}}
