"""All word lists together, read from `data/` and read again when a file changes."""

import hashlib
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import structlog
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from foundation.settings import ROOT
from taxonomy import synonyms, texts, zones
from taxonomy.concepts import LANGUAGES, PhraseBook, Vocabulary, read_concepts, read_rows, split
from taxonomy.synonyms import Synonyms
from taxonomy.zones import Zones

CHECK_EVERY_SECONDS = 2.0
PARTS = ("taxonomy", "zones", "synonyms")
SHORTEST_CORRECTED = 4
LONG_WORD = 7

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wordlists:
    """One reading of the lists; `fingerprint` names it in index and ranking profile."""

    skills: Vocabulary
    sectors: Vocabulary
    zones: Zones
    synonyms: Synonyms
    translations: Synonyms
    everyday: Synonyms
    """What people say who don't know the professional term."""
    fingerprint: str
    hashes: Mapping[str, str]
    """What names each folder's content: `taxonomy`, `zones`, `synonyms`."""

    @cached_property
    def trade_phrases(self) -> PhraseBook:
        """Return the phrase book of skills and sectors."""
        book = PhraseBook()
        for vocabulary in (self.skills, self.sectors):
            for concept in vocabulary.concepts:
                for name in (*concept.labels.values(), *concept.names):
                    book.add(name, concept.kind, concept.id)
        return book

    @cached_property
    def known_words(self) -> frozenset[str]:
        """Return every word that some list holds: it is no misspelling."""
        names = [
            name
            for vocabulary in (self.skills, self.sectors, self.zones.zones)
            for concept in vocabulary.concepts
            for name in (*concept.labels.values(), *concept.names)
        ]
        names.extend(self.zones.phrases.phrases())
        return frozenset(word for name in names for word in texts.words(name))

    @cached_property
    def correctable_words(self) -> list[str]:
        """Return the words that a misspelling may stand for."""
        return sorted(word for word in self.known_words if len(word) >= SHORTEST_CORRECTED and word.isalpha())

    def correct(self, word: str) -> str | None:
        """Return the listed word that a misspelling most likely stands for: one edit, two in long words."""
        if len(word) < SHORTEST_CORRECTED or not word.isalpha():
            return None
        limit = 1 if len(word) < LONG_WORD else 2
        found = process.extractOne(word, self.correctable_words, scorer=DamerauLevenshtein.distance, score_cutoff=limit)
        return found[0] if found else None

    def skill_key(self, label: str) -> str:
        """Return what identifies a skill: its concept's id, or `~` and the folded label for a free one."""
        return _key(self.skills, label)

    def sector_key(self, label: str) -> str:
        """Return what identifies a sector, like `skill_key`."""
        return _key(self.sectors, label)


def read(folder: Path = ROOT / "data") -> Wordlists:
    """Read all lists of a folder."""
    return Wordlists(
        skills=_read_skills(folder / "taxonomy"),
        sectors=read_concepts(folder / "taxonomy" / "sectors.csv", "sector"),
        zones=zones.read(folder / "zones"),
        synonyms=synonyms.read([folder / "synonyms" / "fr.txt", folder / "synonyms" / "en.txt"]),
        translations=synonyms.read([folder / "synonyms" / "fr-en.txt"]),
        everyday=synonyms.read([folder / "synonyms" / "everyday-fr.txt", folder / "synonyms" / "everyday-en.txt"]),
        fingerprint=_fingerprint(_files(folder)),
        hashes={part: _fingerprint(_files_of(folder, part)) for part in PARTS},
    )


class LiveWordlists:
    """The lists as they are on disk now; a look at the files every two seconds at most."""

    def __init__(self, folder: Path = ROOT / "data") -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._stamp = _stamp(folder)
        self._current = read(folder)
        self._checked_at = time.monotonic()

    def current(self) -> Wordlists:
        """Return the lists, read again if a file changed; the last good ones while a changed file can't be read."""
        if time.monotonic() - self._checked_at < CHECK_EVERY_SECONDS:
            return self._current
        with self._lock:
            self._checked_at = time.monotonic()
            self._read_again()
        return self._current

    def _read_again(self) -> None:
        try:
            stamp = _stamp(self.folder)
            if stamp != self._stamp:
                self._current, self._stamp = read(self.folder), stamp
        except Exception as error:  # noqa: BLE001 - whatever is wrong with an edited list, searching goes on
            log.warning("a word list can't be read: the last good lists stay in use", reason=str(error))


def _read_skills(folder: Path) -> Vocabulary:
    needs = {row["skill"]: row for row in read_rows(folder / "needs.csv")}
    skills = read_concepts(folder / "skills.csv", "skill")
    return Vocabulary(
        tuple(
            replace(skill, needs={language: split(needs[skill.id][language]) for language in LANGUAGES})
            if skill.id in needs
            else skill
            for skill in skills.concepts
        )
    )


def _key(vocabulary: Vocabulary, label: str) -> str:
    concept = vocabulary.find(label)
    return concept.id if concept else f"~{texts.key(label)}"


def _files(folder: Path) -> list[Path]:
    return [path for part in sorted(PARTS) for path in _files_of(folder, part)]


def _files_of(folder: Path, part: str) -> list[Path]:
    return sorted((folder / part).iterdir())


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    return tuple((path.name, path.stat().st_mtime_ns) for path in _files(folder))


def _fingerprint(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
