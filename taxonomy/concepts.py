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
Meanings = tuple[tuple[str, str], ...]
"""Kind and id of everything that a phrase may mean, the likeliest first."""


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
    meanings: Meanings


@dataclass
class PhraseBook:
    """Finds known phrases in a text, longest first.

    By stems, so that any inflection is found and stop words inside a phrase don't count. A phrase with one telling
    word only is found by its words themselves, in the singular or plural, since a lone stem says too little:
    "payer" is no payroll, "important" no import, "parts" no car parts. A book of places is `exact` throughout:
    "réunions" is not La Réunion, nor "francs" France.
    """

    exact: bool = False
    _by_stems: dict[tuple[str, ...], Meanings] = field(default_factory=dict)
    _by_words: dict[tuple[str, ...], Meanings] = field(default_factory=dict)

    def add(self, phrase: str, kind: str, meaning: str) -> None:
        """Teach one phrase; the first meaning taught comes first."""
        words = texts.words(phrase)
        entry = phrase_key(words)
        entries = self._by_stems
        if self.exact or len(entry) == 1:
            entry, entries = self._literal(words), self._by_words
        if not entry or len(entry) > LONGEST_PHRASE:
            return
        known = entries.get(entry, ())
        if (kind, meaning) not in known:
            entries[entry] = (*known, (kind, meaning))

    def phrases(self) -> Iterator[str]:
        """Yield every phrase, as it is recognised."""
        return (" ".join(entry) for entries in (self._by_stems, self._by_words) for entry in entries)

    def mentions(self, words: Sequence[str]) -> Iterator[Mention]:
        """Yield the phrases found in folded words, longest match first, without overlap."""
        literal = self._literal(words)
        telling = (
            [] if self.exact else [(at, texts.stems(word)[0]) for at, word in enumerate(words) if texts.stems(word)]
        )
        at = 0
        while at < len(words):
            while telling and telling[0][0] < at:
                telling.pop(0)
            found = self._literally(literal, at)
            if telling and telling[0][0] == at:
                found = max(found, self._by_stem(telling), key=lambda mention: mention.stop)
            if found.meanings:
                yield found
                at = found.stop
            else:
                at += 1

    def _literally(self, words: tuple[str, ...], at: int) -> Mention:
        for size in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            meanings = self._by_words.get(words[at : at + size])
            if meanings:
                return Mention(at, at + size, meanings)
        return Mention(at, at, ())

    def _by_stem(self, telling: Sequence[tuple[int, str]]) -> Mention:
        at = telling[0][0]
        for size in range(min(LONGEST_PHRASE, len(telling)), 1, -1):
            meanings = self._by_stems.get(tuple(stem for _, stem in telling[:size]))
            if meanings:
                return Mention(at, telling[size - 1][0] + 1, meanings)
        return Mention(at, at, ())

    def _literal(self, words: Sequence[str]) -> tuple[str, ...]:
        return tuple(words) if self.exact else tuple(map(texts.singular, words))


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
