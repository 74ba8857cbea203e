"""Generations of the embedded engine: a file each, and a pointer to the live one."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import orjson

from foundation.errors import NotFound, Unavailable
from indexer.documents import Document
from indexer.engines.embedded.engine import EmbeddedEngine
from indexer.engines.embedded.storage import Storage
from indexer.engines.embedded.vectors import Centre
from indexer.engines.generations import Built, Progress, Sample


class EmbeddedGenerations:
    """The files of a folder."""

    engine_name = "embedded"
    shape = ""
    keeps_vectors = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._engine: EmbeddedEngine | None = None
        self._previous: EmbeddedEngine | None = None

    def live(self) -> str | None:
        """Return the name of the live generation."""
        path = live_path(self.folder)
        return path.stem if path else None

    @contextmanager
    def held(self) -> Generator["StoredGeneration | None"]:
        """Give what the live generation's file holds."""
        path = live_path(self.folder)
        if path is None:
            yield None
            return
        storage = Storage(path)
        try:
            yield StoredGeneration(storage)
        finally:
            storage.close()

    def open(self, prior: Centre, progress: Progress) -> EmbeddedEngine:
        """Load the live generation."""
        path = live_path(self.folder)
        if path is None:
            raise Unavailable("there is no index")
        self._engine = EmbeddedEngine(path, prior, progress)
        return self._engine

    def begin(self, prior: Centre, properties: Mapping[str, str], sample: Sample) -> Built:
        """Make an empty file; averages are taken as it fills."""
        del sample
        path = self._path(f"generation-{uuid4().hex[:12]}")
        engine = EmbeddedEngine(path, prior)
        for name, value in properties.items():
            engine.set_property(name, value)
        return Built(path.stem, engine)

    def resume(self) -> Built:
        """Raise NotFound: a file takes seconds to make anew, so replaced ones aren't kept."""
        raise NotFound("the embedded engine keeps no previous generation: run `portulan index rebuild`")

    def switch(self, built: Built) -> EmbeddedEngine:
        """Point to a generation; the one before it closes one switch later, for searches under way."""
        if not isinstance(built.engine, EmbeddedEngine):
            raise TypeError(built.name)
        if self._previous is not None:
            self._previous.close()
        self._previous, self._engine = self._engine, built.engine
        draft = self.folder / "live.json.new"
        draft.write_bytes(orjson.dumps({"generation": self._path(built.name).name}))
        draft.replace(self.folder / "live.json")
        return built.engine

    def discard(self, built: Built) -> None:
        """Close the file; the next sweep removes it."""
        built.engine.close()

    def sweep(self) -> None:
        """Remove all files but the live one's."""
        live = live_path(self.folder)
        for path in self.folder.glob("generation-*"):
            if live is None or not path.name.startswith(live.name):
                path.unlink(missing_ok=True)

    def purge(self) -> None:
        """Take what was deleted out of the live generation's files; others are removed once they are replaced."""
        if self._engine is not None:
            self._engine.purge()

    def close(self) -> None:
        """Close the open files."""
        for engine in (self._engine, self._previous):
            if engine is not None:
                engine.close()
        self._engine = self._previous = None

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.db"


class StoredGeneration:
    """What a file holds."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def versions(self) -> dict[str, int]:
        """Return every stored id with its version."""
        return self._storage.versions()

    def documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return stored documents."""
        return self._storage.read(ids)

    def text_hashes(self) -> list[str]:
        """Return the hash of every text that stands for a document."""
        return self._storage.text_hashes()

    def property(self, name: str) -> str | None:
        """Return a property of the generation."""
        return self._storage.property(name)


def live_path(folder: Path) -> Path | None:
    """Return the file of the live generation, if there is one."""
    pointer = folder / "live.json"
    if not pointer.exists():
        return None
    path = folder / orjson.loads(pointer.read_bytes())["generation"]
    return path if path.exists() else None
