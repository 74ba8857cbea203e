"""Generations of an index: how they are made, opened, switched and swept, the same on both engines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from indexer.documents import Document
from indexer.engines.embedded.vectors import Centre
from indexer.engines.interface import Changes, Engine, Vector

Progress = Callable[[int], None]
Sample = Callable[[], Iterable[tuple[Document, Vector | None]]]
"""Gives documents with their vectors, to take averages of."""


class GenerationEngine(Engine, Protocol):
    """An engine over a generation, with what the index needs besides searching."""

    def put_all(self, several: Iterable[Changes]) -> None:
        """Put one lot of changes after another, each made while the one before it is stored."""
        ...

    def property(self, name: str) -> str | None:
        """Return a property of the generation."""
        ...

    def text_hashes(self) -> list[str]:
        """Return the hash of every text that stands for a document."""
        ...

    def refresh(self) -> None:
        """Let searches see at once what was written."""
        ...

    def is_outgrown(self, count: Callable[[], int]) -> bool:
        """Tell whether so many experts have outgrown the averages that the generation was made with."""
        ...

    def close(self) -> None:
        """Give back what the engine holds."""
        ...


class Held(Protocol):
    """What a generation holds, to compare with the database."""

    def versions(self) -> dict[str, int]:
        """Return every document's id and version."""
        ...

    def documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return the stored documents of `ids`."""
        ...

    def text_hashes(self) -> list[str]:
        """Return the hash of every text that stands for a document."""
        ...

    def property(self, name: str) -> str | None:
        """Return a property of the generation."""
        ...


@dataclass(frozen=True, slots=True)
class Built:
    """A generation that is being built, under its name."""

    name: str
    engine: GenerationEngine


class Generations(Protocol):
    """All generations of one installation's index; one of them is live, if any."""

    engine_name: str
    shape: str
    """What tells how the engine stores documents; empty where what it opens tells that itself."""
    keeps_vectors: bool
    """False where vectors are given anew whenever a generation is opened."""

    def live(self) -> str | None:
        """Return the name of the live generation."""
        ...

    def held(self) -> AbstractContextManager[Held | None]:
        """Give what the live generation holds, without opening it for searches; None where there is none."""
        ...

    def open(self, prior: Centre, progress: Progress) -> GenerationEngine:
        """Open the live generation."""
        ...

    def begin(self, prior: Centre, properties: Mapping[str, str], sample: Sample) -> Built:
        """Make an empty generation beside the live one; from here on it may take writes."""
        ...

    def resume(self) -> Built:
        """Take the previous generation up again; raise NotFound where none is kept."""
        ...

    def switch(self, built: Built) -> GenerationEngine:
        """Make a generation the live one, in one step, and return the engine to search it by."""
        ...

    def discard(self, built: Built) -> None:
        """Throw away a generation that did not come to be."""
        ...

    def purge(self) -> None:
        """Take what was deleted out of the files of generations, where it is not found but may still stand."""
        ...

    def sweep(self) -> None:
        """Remove generations that nobody needs: replaced ones, and those that a crash left half built."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...
