"""All that a document of a mission says: a value in one language, of which nothing but its pages is made."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from foundation.i18n import Language


class Kind(StrEnum):
    """What it is."""

    QUOTE = "quote"
    PURCHASE_ORDER = "purchase_order"
    REPORT = "report"
    RECEIPT = "receipt"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Party(_Value):
    """One of the two sides."""

    role: str
    name: str
    address: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


class Text(_Value):
    """Paragraphs, as they were written."""

    shape: Literal["text"] = "text"
    title: str = ""
    text: str


class Points(_Value):
    """A list."""

    shape: Literal["points"] = "points"
    title: str
    items: tuple[str, ...]


class Entry(_Value):
    """Something with a name, a word on it at the right, and what was written of it."""

    name: str
    mark: str = ""
    text: str = ""


class Entries(_Value):
    """Some of these."""

    shape: Literal["entries"] = "entries"
    title: str
    entries: tuple[Entry, ...]


class Table(_Value):
    """Rows under a head."""

    shape: Literal["table"] = "table"
    title: str
    heads: tuple[str, ...]
    numbers: tuple[int, ...] = ()
    """Which columns hold figures, from 0."""
    wide: int = 0
    """Which column takes what room the others leave."""
    rows: tuple[tuple[str, ...], ...]


class Sum(_Value):
    """An amount with its label."""

    label: str
    amount: str
    counts: bool = False
    """It is what all the others come to."""


class Sums(_Value):
    """What it comes to, with what has to be said of it."""

    shape: Literal["sums"] = "sums"
    sums: tuple[Sum, ...]
    mentions: tuple[str, ...] = ()


class Signed(_Value):
    """Who signed for a side, and when; or that nobody has."""

    role: str
    name: str
    said: str


class Signatures(_Value):
    """What both have signed."""

    shape: Literal["signatures"] = "signatures"
    title: str
    signed: tuple[Signed, ...]
    hash_label: str
    hash_pieces: tuple[str, ...]
    """What is signed, by its hash; in pieces, since long words are broken for the eye, and this one is copied."""


Part = Text | Points | Entries | Table | Sums | Signatures


class Print(_Value):
    """A whole document."""

    kind: Kind
    name: str
    """What the kind is called."""
    number: str
    """No other document has it; good for the name of a file."""
    language: Language
    title: str
    """What the work is called."""
    made_at: datetime
    """When what it says became true, whenever it is set."""
    parties: tuple[Party, Party]
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """Return what a downloaded file is called."""
        return f"{self.name} {self.number}.pdf"


def said(*parts: Part | None) -> tuple[Part, ...]:
    """Return the parts that say something."""
    return tuple(part for part in parts if part is not None and not _is_empty(part))


def _is_empty(part: Part) -> bool:
    match part:
        case Text():
            return not part.text.strip()
        case Points():
            return not part.items
        case Entries():
            return not part.entries
        case Table():
            return not part.rows
        case _:
            return False
