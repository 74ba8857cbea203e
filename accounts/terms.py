"""Terms of use and of sale: which version is in force when (mission row S30).

A published text never changes: a new version is a new file beside it (`web/texts/LANGUAGE/terms-KIND-VERSION.md`) and a
new entry here. The hashes say what was accepted; a test holds the files to them.

Law: Regulation (EU) 2019/1150, art. 3(2): a change takes effect 15 days after it was announced, at the earliest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from foundation.errors import NotFound
from foundation.i18n import Language


class Kind(StrEnum):
    """What terms are about: using the site, or buying and selling work on it."""

    USE = "use"
    SALE = "sale"


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one kind of terms, named by the day on which it was published."""

    kind: Kind
    version: date
    in_force_from: date
    sha256: Mapping[Language, str]
    """Of the bytes of each language's file, in hex."""

    @property
    def name(self) -> str:
        """Return the name of its files, without language and suffix."""
        return f"terms-{self.kind}-{self.version}"


DOCUMENTS = (
    Document(
        Kind.USE,
        version=date(2026, 11, 30),
        in_force_from=date(2026, 11, 30),
        sha256=MappingProxyType(
            {
                "fr": "bb22776b049edcc7e4a1fb5e0510b12ee72f34e565a6f3b9af932d53d4535159",
                "en": "ecbae857b77d6b5c7daf300719332e86904aa64d777bbc4954930398d2382894",
            }
        ),
    ),
    Document(
        Kind.SALE,
        version=date(2026, 11, 30),
        in_force_from=date(2026, 11, 30),
        sha256=MappingProxyType(
            {
                "fr": "b9480b526bf39d32743e1bba6d348c77413899d9661ca29b1c6f7d449d3e0a7f",
                "en": "7e7af766907162cc70f4e214477a944131113a39a2dd52d643a664613c5331c6",
            }
        ),
    ),
)


def versions(kind: Kind, documents: Sequence[Document] = DOCUMENTS) -> list[Document]:
    """Return all versions, the newest first."""
    found = [document for document in documents if document.kind == kind]
    return sorted(found, key=lambda document: document.in_force_from, reverse=True)


def current(kind: Kind, on: date, documents: Sequence[Document] = DOCUMENTS) -> Document:
    """Return the version in force on a day; before the first one, that is the first one."""
    ordered = versions(kind, documents)
    return next((document for document in ordered if document.in_force_from <= on), ordered[-1])


def find(kind: Kind, version: str, documents: Sequence[Document] = DOCUMENTS) -> Document:
    """Return the version that an address names, written like 2026-11-30; NotFound where there is none."""
    for document in versions(kind, documents):
        if document.version.isoformat() == version:
            return document
    raise NotFound(f"no version {version!r} of the terms of {kind}")


def ends_on(document: Document, documents: Sequence[Document] = DOCUMENTS) -> date | None:
    """Return the day from which a newer version is in force; None where none is announced."""
    later = [
        other.in_force_from
        for other in versions(document.kind, documents)
        if other.in_force_from > document.in_force_from
    ]
    return min(later, default=None)
