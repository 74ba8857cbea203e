"""Concepts with labels in both languages, and the phrase book that finds them in running text."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from taxonomy import texts

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")
LONGEST_PHRASE = 7


@dataclass(frozen=True, slots=True)
class Concept:
    """One idea with its label and other names in French and English; `id` never changes."""

    id: str
    kind: str
    labels: dict[Language, str]
    names: tuple[str, ...]
    needs: dict[Language, tuple[str, ...]] = field(default_factory=dict)
    """How somebody who doesn't know the term puts the need that it answers."""

    def label(self, language: Language) -> str:
        """Return the label in a language."""
        return self.labels[language]


@dataclass(frozen=True)
class Vocabulary:
    """All concepts of one kind, found by any of their names, accents and case folded."""

    concepts: tuple[Concept, ...]

    @cached_property
    def by_id(self) -> dict[str, Concept]:
        """Return the concepts by their id."""
        return {concept.id: concept for concept in self.concepts}

    @cached_property
    def by_name(self) -> dict[str, Concept]:
        """Return the concepts by every folded name, label and id."""
        found: dict[str, Concept] = {}
        for concept in self.concepts:
            for name in (*concept.labels.values(), *concept.names, concept.id.replace("-", " ")):
                found.setdefault(texts.key(name), concept)
        return found

    def find(self, name: str) -> Concept | None:
        """Return the concept that bears this name in either language, if there is one."""
        return self.by_id.get(name) or self.by_name.get(texts.key(name))


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase that was recognised in a text: which words it covers, and everything that it may mean."""

    start: int
    stop: int
    meanings: tuple[tuple[str, str], ...]


@dataclass
class PhraseBook:
    """Finds known phrases in a text, longest first.

    By stems, so that any inflection is found and stop words inside a phrase don't count; or `exact`, by whole
    words, for names of places: "réunions" is not La Réunion, nor "francs" France.
    """

    exact: bool = False
    _entries: dict[tuple[str, ...], list[tuple[str, str]]] = field(default_factory=dict)
    _longest: dict[str, int] = field(default_factory=dict)
    """How long the longest phrase is that begins with a term."""

    def add(self, phrase: str, kind: str, meaning: str) -> None:
        """Teach one phrase; the first meaning taught comes first."""
        words = texts.words(phrase)
        entry = tuple(words) if self.exact else phrase_key(words)
        if not entry or len(entry) > LONGEST_PHRASE:
            return
        meanings = self._entries.setdefault(entry, [])
        self._longest[entry[0]] = max(len(entry), self._longest.get(entry[0], 0))
        if (kind, meaning) not in meanings:
            meanings.append((kind, meaning))

    def phrases(self) -> Iterator[str]:
        """Yield every phrase, as it is recognised."""
        return (" ".join(entry) for entry in self._entries)

    def mentions(self, words: Sequence[str]) -> Iterator[Mention]:
        """Yield the phrases found in folded words, longest match first, without overlap."""
        if self.exact:
            kept = list(enumerate(words))
        else:
            kept = [(position, texts.stems(word)[0]) for position, word in enumerate(words) if texts.stems(word)]
        at = 0
        while at < len(kept):
            for size in range(min(self._longest.get(kept[at][1], 0), len(kept) - at), 0, -1):
                meanings = self._entries.get(tuple(term for _, term in kept[at : at + size]))
                if meanings:
                    yield Mention(kept[at][0], kept[at + size - 1][0] + 1, tuple(meanings))
                    at += size
                    break
            else:
                at += 1


def phrase_key(words: Iterable[str]) -> tuple[str, ...]:
    """Return the stems by which a phrase is known."""
    return tuple(texts.stems(word)[0] for word in words if texts.stems(word))


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a reviewed word list (CSV with a header)."""
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def split(cell: str | None) -> tuple[str, ...]:
    """Split a cell that holds several values."""
    return tuple(part.strip() for part in (cell or "").split("|") if part.strip())


def read_concepts(path: Path, kind: str) -> Vocabulary:
    """Read a list with the columns `id, fr, en, alt_fr, alt_en`."""
    return Vocabulary(
        tuple(
            Concept(
                id=row["id"],
                kind=kind,
                labels={"fr": row["fr"], "en": row["en"]},
                names=(*split(row["alt_fr"]), *split(row["alt_en"])),
            )
            for row in read_rows(path)
        )
    )
