"""All word lists together, read from `data/` and read again when a file changes."""

import hashlib
import math
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import structlog
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from foundation.database import Database
from foundation.errors import Unavailable
from foundation.settings import ROOT
from taxonomy import additions, dictionaries, synonyms, texts, zones
from taxonomy.additions import Additions
from taxonomy.concepts import LANGUAGES, PhraseBook, Vocabulary, read_concepts, read_rows, split
from taxonomy.synonyms import Synonyms
from taxonomy.zones import Zones

CHECK_EVERY_SECONDS = 2.0
PARTS = ("taxonomy", "zones", "synonyms")
Stamp = tuple[tuple[str, int, int], ...]
"""The files of a folder, with when each was changed last and how long it is."""
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
    def imported_phrases(self) -> PhraseBook:
        """Return the phrase book of imported names: none is a single word that is ordinary French or English."""
        book = PhraseBook()
        reviewed = Vocabulary(self.skills.concepts).by_name
        for key, concept in self.skills.by_name.items():
            if key not in reviewed and _is_telling(key):
                book.add(key, concept.kind, concept.id)
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
    """Read all lists of a folder; the last reading is given again while no file has changed."""
    return _read_as_of(folder, _stamp(folder))


@lru_cache(maxsize=1)
def _read_as_of(folder: Path, _: Stamp) -> Wordlists:
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
    """The lists as they are now on disk, and in a database what operators add; a look every two seconds at most."""

    def __init__(self, folder: Path = ROOT / "data", database: Database | None = None) -> None:
        self.folder = folder
        self._database = database
        self._lock, self._looking = threading.Lock(), threading.Lock()
        self._stamp = _stamp(folder)
        self._listed = read(folder)
        self._added = ""
        self._current = self._listed
        # What is in a database is not known yet, and who starts may have to wait for it.
        self._checked_at = time.monotonic() if database is None else -math.inf

    def current(self) -> Wordlists:
        """Return the lists as they were read last; whether something has changed is looked at meanwhile.

        The last good ones stay while changed ones can't be read.
        """
        if time.monotonic() - self._checked_at >= CHECK_EVERY_SECONDS and self._looking.acquire(blocking=False):
            self._checked_at = time.monotonic()
            threading.Thread(target=self._look, name="word lists", daemon=True).start()
        return self._current

    def refresh(self) -> Wordlists:
        """Return the lists as they are at this moment; raise what is wrong with them."""
        with self._lock:
            self._read_again()
            self._checked_at = time.monotonic()
        return self._current

    def _look(self) -> None:
        try:
            with self._lock:
                self._read_again()
        except Unavailable:
            pass  # whoever needs the database says so
        except Exception as error:  # noqa: BLE001 - whatever is wrong with an edited list, searching goes on
            log.warning("a word list can't be read: the last good lists stay in use", reason=str(error))
        finally:
            self._looking.release()

    def _read_again(self) -> None:
        stamp = _stamp(self.folder)
        listed = read(self.folder) if stamp != self._stamp else self._listed
        added = self._added
        if self._database is not None:
            with self._database.reading() as session:
                added = additions.stamp(session)
                if added != self._added or listed is not self._listed:
                    self._current = _prepared(extended(listed, additions.read(session)))
        elif listed is not self._listed:
            self._current = _prepared(listed)
        self._listed, self._stamp, self._added = listed, stamp, added


def extended(listed: Wordlists, added: Additions) -> Wordlists:
    """Return lists with what an operator added to the skills."""
    if not added.revision:
        return listed
    skills = additions.extend(listed.skills, added)
    return replace(listed, skills=skills, fingerprint=f"{listed.fingerprint}+{added.revision}")


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


def _prepared(lists: Wordlists) -> Wordlists:
    """Make what is made of lists once, so that no search waits for it."""
    _ = lists.trade_phrases, lists.imported_phrases, lists.correctable_words, lists.sectors.by_name
    return lists


def _is_telling(key: str) -> bool:
    """Tell whether a folded name says enough to be looked for in a query."""
    telling = [word for word in key.split() if texts.stems(word)]
    if len(telling) > 1:
        return True
    return len(telling) == 1 and len(telling[0]) >= SHORTEST_CORRECTED and not dictionaries.has(telling[0])


def _key(vocabulary: Vocabulary, label: str) -> str:
    concept = vocabulary.find(label)
    return concept.id if concept else f"~{texts.key(label)}"


def _files(folder: Path) -> list[Path]:
    return [path for part in sorted(PARTS) for path in _files_of(folder, part)]


def _files_of(folder: Path, part: str) -> list[Path]:
    return sorted((folder / part).iterdir())


def _stamp(folder: Path) -> Stamp:
    found = ((path.name, path.stat()) for path in _files(folder))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)


def _fingerprint(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
