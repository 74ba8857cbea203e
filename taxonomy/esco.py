"""The files of ESCO (the European Commission's classification): its skills, as the site gives them out as CSV."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from taxonomy.concepts import LANGUAGES, Language

SOURCE = "esco"
COLUMNS = ("conceptUri", "preferredLabel", "altLabels")
URI_PREFIX = "http://data.europa.eu/esco/"
LONGEST_LABEL = 500
_CONTROLS = {chr(code) for code in range(32)}


@dataclass(frozen=True, slots=True)
class EscoFault:
    """What is wrong with a file, and where; the line is where the row begins, 0 for the file as a whole."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.column}: {self.reason}"


@dataclass
class EscoConcept:
    """A skill with its label and other names in the languages that were read."""

    uri: str
    labels: dict[Language, str] = field(default_factory=dict)
    names: dict[Language, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Esco:
    """What some files say; `digest` is the SHA-256 of their content."""

    concepts: tuple[EscoConcept, ...]
    faults: tuple[EscoFault, ...]
    digest: str


def read(folder: Path, languages: Sequence[Language] = LANGUAGES) -> Esco:
    """Read `skills_fr*.csv`, `skills_en*.csv`; every fault is told, and none stops the reading."""
    concepts: dict[str, EscoConcept] = {}
    faults: list[EscoFault] = []
    digest = hashlib.sha256()
    for language in languages:
        paths = sorted(folder.glob(f"skills_{language}*.csv"))
        if len(paths) != 1:
            reason = "there is no such file" if not paths else f"{len(paths)} files could be meant"
            faults.append(EscoFault(f"skills_{language}*.csv", 0, "file", reason))
            continue
        digest.update(language.encode() + paths[0].read_bytes())
        for item in _rows(paths[0]):
            if isinstance(item, EscoFault):
                faults.append(item)
                continue
            line, uri, label, names = item
            concept = concepts.setdefault(uri, EscoConcept(uri))
            if language in concept.labels:
                faults.append(EscoFault(paths[0].name, line, "conceptUri", f"{uri} comes twice"))
            concept.labels[language], concept.names[language] = label, names
    return Esco(tuple(concepts[uri] for uri in sorted(concepts)), tuple(faults), digest.hexdigest())


def _rows(path: Path) -> Iterator[tuple[int, str, str, tuple[str, ...]] | EscoFault]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        yield EscoFault(path.name, line, "file", "is not UTF-8")
        return
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    line = 1
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        yield from (EscoFault(path.name, 1, name, "is missing from the header") for name in missing)
        if missing:
            return
        line = reader.line_num + 1
        for row in reader:
            yield from _row(path.name, line, row)
            line = reader.line_num + 1
    except csv.Error as error:
        yield EscoFault(path.name, line, "row", f"is no CSV: {error}")


def _row(
    file: str, line: int, row: dict[str, str | None]
) -> Iterator[tuple[int, str, str, tuple[str, ...]] | EscoFault]:
    uri, label = ((row[name] or "").strip() for name in ("conceptUri", "preferredLabel"))
    names = tuple(dict.fromkeys(filter(None, map(str.strip, (row["altLabels"] or "").splitlines()))))
    if not label and not names:
        return  # not said in this language
    faults: list[EscoFault] = []
    if not uri.startswith(URI_PREFIX):
        faults.append(EscoFault(file, line, "conceptUri", f"{uri!r} does not begin with {URI_PREFIX}"))
    if not label:
        faults.append(EscoFault(file, line, "preferredLabel", "is empty"))
    for column, values in (("preferredLabel", (label,)), ("altLabels", names)):
        faults.extend(EscoFault(file, line, column, reason) for reason in _wrong(values))
    if faults:
        yield from faults
    else:
        yield line, uri, label, names


def _wrong(labels: Iterable[str]) -> Iterator[str]:
    for label in labels:
        if _CONTROLS & set(label):
            yield f"{label!r} holds control characters"
        if len(label) > LONGEST_LABEL:
            yield f"is longer than {LONGEST_LABEL} characters"
