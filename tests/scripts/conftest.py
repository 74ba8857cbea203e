import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from indexer.engines.opensearch.nodes import Node
from scripts import cli
from tests import databases
from tests.builders import settings_in


@dataclass(frozen=True)
class Outcome:
    """What a command did: its exit code and what it wrote."""

    code: int
    out: str
    err: str


Portulan = Callable[..., Outcome]


@pytest.fixture
def portulan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Portulan:
    """Return a way to run the command line in this process, on an installation of its own without encoder."""
    databases.bring_up(settings_in(tmp_path).database_address)
    monkeypatch.setenv("PORTULAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORTULAN_DATABASE_URL", databases.address_in(tmp_path))
    monkeypatch.setenv("PORTULAN_ENCODER", "none")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["portulan", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code: object = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code
        written = capsys.readouterr()
        assert isinstance(code, int | None)
        return Outcome(code or 0, written.out, written.err)

    return run


@pytest.fixture
def on_opensearch(opensearch_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the command line use OpenSearch, with indices of the test's own."""
    prefix = f"test-{uuid4().hex[:12]}"
    monkeypatch.setenv("PORTULAN_OPENSEARCH_URL", opensearch_address)
    monkeypatch.setenv("PORTULAN_OPENSEARCH_PREFIX", prefix)
    yield
    node = Node(opensearch_address)
    node.find("DELETE", f"/{prefix}-*")
    node.close()
