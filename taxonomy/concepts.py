"""Concepts with labels in both languages, and the phrase book that finds them in running text."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
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
    said: dict[Language, tuple[str, ...]] = field(default_factory=dict)
    """Which of the other names are of which language."""

    def label(self, language: Language) -> str:
        """Return the label in a language."""
        return self.labels[language]

    def wording(self, name: str, language: Language) -> str:
        """Return a name of this concept as it is where it is of the language, else the label in that language."""
        own = {texts.key(other) for other in (self.labels[language], *self.said.get(language, ()))}
        return name if texts.key(name) in own else self.labels[language]


IMPORTED_MARK = ":"
"""Ids of imported concepts have it, and no other ones."""


def is_reviewed(key: str) -> bool:
    """Tell whether what identifies a skill is a concept that somebody reviewed: no free skill, and no imported one."""
    return not key.startswith("~") and IMPORTED_MARK not in key


@dataclass(frozen=True)
class Vocabulary:
    """All concepts of one kind, found by any of their names, accents and case folded."""

    concepts: tuple[Concept, ...]
    """Those that somebody reviewed."""
    imported: tuple[Concept, ...] = ()
    """Concepts of other classifications: profiles may list them, and nobody has looked at each."""
    widened: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Imported names of reviewed concepts, by their id."""

    @cached_property
    def by_id(self) -> dict[str, Concept]:
        """Return the concepts by their id, imported ones among them."""
        return {concept.id: concept for concept in (*self.imported, *self.concepts)}

    @cached_property
    def by_name(self) -> dict[str, Concept]:
        """Return the concepts by every folded name, label and id."""
        found: dict[str, Concept] = {}
        for concept in self.concepts:
            for name in (*concept.labels.values(), *concept.names, concept.id.replace("-", " ")):
                found.setdefault(texts.key(name), concept)
        return self._imported_names(found) | found

    def _imported_names(self, reviewed: Mapping[str, Concept]) -> dict[str, Concept]:
        """Return imported concepts by those names that no reviewed one bears, nor two imported ones."""
        labels: dict[str, Concept] = {}
        for concept in self.imported:
            for label in concept.labels.values():
                labels.setdefault(texts.key(label), concept)
        others: dict[str, set[str]] = defaultdict(set)
        ours = ((self.by_id[key], names) for key, names in self.widened.items() if key in self.by_id)
        for concept, names in (*ours, *((concept, concept.names) for concept in self.imported)):
            for name in names:
                others[texts.key(name)].add(concept.id)
        alone = {key: self.by_id[next(iter(ids))] for key, ids in others.items() if len(ids) == 1}
        return {key: concept for key, concept in (alone | labels).items() if key and key not in reviewed}

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
class _Entries:
    """Phrases by their terms."""

    meanings: dict[tuple[str, ...], Meanings] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)
    """How long the longest phrase is that begins with a term."""
    pairs: set[tuple[str, str]] = field(default_factory=set)
    """The first two terms of phrases that have several."""

    def add(self, terms: tuple[str, ...], meaning: tuple[str, str]) -> None:
        known = self.meanings.get(terms, ())
        if meaning not in known:
            self.meanings[terms] = (*known, meaning)
        self.longest[terms[0]] = max(len(terms), self.longest.get(terms[0], 0))
        if len(terms) > 1:
            self.pairs.add((terms[0], terms[1]))

    def find(self, terms: Sequence[str], at: int) -> tuple[int, Meanings]:
        """Return how many terms the longest phrase that begins at one has, and what it means; none is 0."""
        most = min(self.longest.get(terms[at], 0), len(terms) - at)
        if most > 1 and (terms[at], terms[at + 1]) not in self.pairs:
            most = 1
        for size in range(most, 0, -1):
            meanings = self.meanings.get(tuple(terms[at : at + size]))
            if meanings:
                return size, meanings
        return 0, ()


@dataclass
class PhraseBook:
    """Finds known phrases in a text, longest first.

    By stems, so that any inflection is found and stop words inside a phrase don't count. A phrase with one telling
    word only is found by its words themselves, in the singular or plural, since a lone stem says too little:
    "payer" is no payroll, "important" no import, "parts" no car parts. A book of places is `exact` throughout:
    "réunions" is not La Réunion, nor "francs" France.
    """

    exact: bool = False
    _by_stems: _Entries = field(default_factory=_Entries)
    _by_words: _Entries = field(default_factory=_Entries)

    def add(self, phrase: str, kind: str, meaning: str) -> None:
        """Teach one phrase; the first meaning taught comes first."""
        words = texts.words(phrase)
        entry = phrase_key(words)
        entries = self._by_stems
        if self.exact or len(entry) == 1:
            entry, entries = self._literal(words), self._by_words
        if entry and len(entry) <= LONGEST_PHRASE:
            entries.add(entry, (kind, meaning))

    def phrases(self) -> Iterator[str]:
        """Yield every phrase, as it is recognised."""
        return (" ".join(entry) for entries in (self._by_stems, self._by_words) for entry in entries.meanings)

    def mentions(self, words: Sequence[str]) -> Iterator[Mention]:
        """Yield the phrases found in folded words, longest match first, without overlap."""
        literal = self._literal(words)
        stemmed = [] if self.exact else list(map(texts.stems, words))
        places = [at for at, stems in enumerate(stemmed) if stems]
        stems = [stemmed[at][0] for at in places]
        # Phrases known by their stems have two at least.
        begun = zip(places, pairwise(stems), strict=False)
        nth = {at: n for n, (at, pair) in enumerate(begun) if pair in self._by_stems.pairs}
        free = 0
        for at, word in enumerate(literal):
            # Most words begin no phrase.
            if at < free or (at not in nth and word not in self._by_words.longest):
                continue
            size, meanings = self._by_words.find(literal, at)
            stop = at + size
            if at in nth:
                size, by_stems = self._by_stems.find(stems, nth[at])
                if size and places[nth[at] + size - 1] >= stop:
                    stop, meanings = places[nth[at] + size - 1] + 1, by_stems
            if meanings:
                yield Mention(at, stop, meanings)
                free = stop

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
                said={language: split(row[f"alt_{language}"]) for language in LANGUAGES},
            )
            for row in read_rows(path)
        )
    )
