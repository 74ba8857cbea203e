"""Judgments as lines of a file: CSV or JSONL in, every fault of it by its line, and out again."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from accounts.records import LineFault, Ref
from foundation.errors import Fault

BEST_GRADE = 3
COLUMNS = ("query", "kind", "expert", "grade", "author", "source")
LONGEST_QUERY = 5_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Source(StrEnum):
    """Where a grade comes from."""

    GRADED = "graded"
    TRAFFIC = "traffic"


def _clean(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not hold control characters or line breaks")
    return value


def _grade(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]\s*", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= BEST_GRADE:
        raise ValueError(f"must be a whole number from 0 to {BEST_GRADE}")
    return value


def _source(value: object) -> object:
    if value not in list(Source):
        raise ValueError(f"{value!r} is neither graded nor traffic")
    return value


Query = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_QUERY), AfterValidator(_clean)
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_clean)]
Grade = Annotated[int, BeforeValidator(_grade)]


class QueryRecord(BaseModel):
    """A query to be judged, and its kind."""

    model_config = ConfigDict(extra="forbid")

    query: Query
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class _Given(QueryRecord):
    """What every line says, in either form."""

    author: Name
    source: Annotated[Source, BeforeValidator(_source)] = Source.GRADED


class Record(_Given):
    """One judgment."""

    expert: Ref
    grade: Grade


class _Query(_Given):
    """All judgments of one author for one query, as collections are kept: `{"grades": {"H001": 3}}`."""

    grades: dict[Ref, Grade]

    def records(self) -> list[Record]:
        """Return them one by one."""
        shared = {name: getattr(self, name) for name in _Given.model_fields}
        return [Record(**shared, expert=ref, grade=grade) for ref, grade in self.grades.items()]


@dataclass
class Parsed:
    """What a file says, and every fault of it."""

    records: list[Record] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)


def parse(text: bytes, *, author: str) -> Parsed:
    """Read JSONL or, where it does not begin with a brace, CSV; `author` graded what names nobody."""
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + text.count(b"\n", 0, error.start)
        return Parsed(faults=[LineFault(line, Fault("line", "encoding", "is not UTF-8"))])
    parsed = Parsed()
    read = _json_lines if decoded.lstrip().startswith("{") else _csv_lines
    kinds: dict[str, tuple[str, int]] = {}
    seen: dict[tuple[str, str, str, str], int] = {}
    for number, values in read(decoded, parsed.faults):
        for record in _checked(number, {"author": author, **values}, parsed.faults):
            kind, line = kinds.setdefault(record.query, (record.kind, number))
            key = (record.query, record.expert, record.source, record.author)
            if kind != record.kind:
                _fault(parsed.faults, number, "kind", f"was {kind!r} for the same query on line {line}")
            elif key in seen:
                _fault(parsed.faults, number, "expert", f"{record.expert!r} is on line {seen[key]} already")
            else:
                seen[key] = number
                parsed.records.append(record)
    return parsed


def json_lines(found: Iterable[Record]) -> Iterator[bytes]:
    """Yield judgments as JSONL; importing them again changes nothing."""
    return (orjson.dumps({name: getattr(record, name) for name in COLUMNS}) + b"\n" for record in found)


def csv_lines(found: Iterable[Record]) -> Iterator[bytes]:
    """Yield judgments as CSV with a header; importing them again changes nothing."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    for row in (COLUMNS, *([getattr(record, name) for name in COLUMNS] for record in found)):
        writer.writerow(row)
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def _json_lines(text: str, faults: list[LineFault]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            loaded = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            _fault(faults, number, "line", f"is not JSON: {error}")
            continue
        if isinstance(loaded, dict):
            yield number, loaded
        else:
            _fault(faults, number, "line", "must be a JSON object")


def _csv_lines(text: str, faults: list[LineFault]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read CSV with commas, or with semicolons as French spreadsheets write it; an empty cell says nothing."""
    first = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    header: list[str] | None = None
    number = 1
    try:
        for row in rows:
            if header is None:
                header = [name.strip().lower() for name in row]
                if not _is_header(header, faults):
                    return
            elif len(row) > len(header):
                _fault(faults, number, "line", f"has {len(row)} cells, the first line has {len(header)}")
            elif any(cell.strip() for cell in row):
                yield number, {name: cell for name, cell in zip(header, row, strict=False) if cell.strip()}
            number = rows.line_num + 1
    except csv.Error as error:
        _fault(faults, number, "line", f"is not CSV: {error}")


def _is_header(header: Sequence[str], faults: list[LineFault]) -> bool:
    """Check a first line; a wrong one is all that is said of a file."""
    known = len(faults)
    for name in header:
        if name not in COLUMNS:
            _fault(faults, 1, name or "line", f"is no column: the first line names some of {', '.join(COLUMNS)}")
    for name in COLUMNS[:4]:
        if name not in header:
            _fault(faults, 1, name, "is missing from the first line, which names the columns")
    if len(set(header)) < len(header):
        _fault(faults, 1, "line", "names a column twice")
    return len(faults) == known


def _checked(number: int, values: dict[str, Any], faults: list[LineFault]) -> list[Record]:
    try:
        if "grades" in values:
            return _Query.model_validate(values).records()
        return [Record.model_validate(values)]
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path = ".".join(str(part) for part in detail["loc"] if part != "[key]")
            _fault(faults, number, path, _reason(detail))
        return []


def _reason(detail: Any) -> str:
    if detail["type"] == "missing":
        return "is required"
    if detail["type"] == "extra_forbidden":
        return f"is no column: {', '.join(COLUMNS)}"
    if detail["loc"] == ("kind",) and detail["type"] == "string_pattern_mismatch":
        return "must be one word of small letters, digits, - and _, such as brief"
    return str(detail["msg"]).removeprefix("Value error, ")


def _fault(faults: list[LineFault], number: int, name: str, message: str) -> None:
    faults.append(LineFault(number, Fault(name, "invalid", message)))
