"""What was issued is kept for ten years (French commercial code, article L. 123-22): whether it is still all there.

Nothing is mended here: what is damaged comes back out of a backup.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.documents import contents, deliveries
from billing.documents.deliveries import Line, Standing
from billing.models.deliveries import DocumentDelivery, State, Way
from billing.models.documents import AccountingDocument, DocumentFile, DocumentSeries
from foundation.database import Database

RENDERED_WITHIN = timedelta(hours=1)
"""A file is there after seconds; after this long, making it has failed."""
AT_ONCE = 100
log = structlog.get_logger(__name__)


class Problem(StrEnum):
    """What may be wrong."""

    CONTENT = "content"
    """What it says is not what was issued."""
    COLUMNS = "columns"
    """The row says another number, day or amount than the content."""
    FILE = "file"
    """The bytes are not those that were made."""
    NO_FILE = "no_file"
    """It was issued a while ago, and its file was not made."""
    GAP = "gap"
    """A number of a series is missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a document, or a number that no document has."""

    problem: Problem
    number: str
    document_id: str | None
    """None where there is no document."""


def verify(session: Session, *, at: datetime, number: str = "") -> Iterator[Finding]:
    """Yield what is wrong with all documents and series, or with the one of a number."""
    seen = ""
    while rows := _page(session, seen, number):
        for document, file in rows:
            for problem in judge(document, file, at=at):
                yield Finding(problem, document.number, document.id)
            seen = document.id
        session.expunge_all()
    if not number:
        yield from gaps(session)


def look_after(database: Database, at: datetime) -> None:
    """Check everything that is kept, and note in the log what is damaged and what is whole again."""
    seen = ""
    while True:
        with database.reading() as session:
            rows = _page(session, seen, "")
            found = {document.id: next(judge(document, file, at=at), None) for document, file in rows}
        if not found:
            return
        _note(database, found, at)
        seen = max(found)


def look_for_files(database: Database, at: datetime) -> None:
    """Note which files were not made in time: without reading those that were, so that this may be done often."""
    has_file = select(col(DocumentFile.document_id)).where(col(DocumentFile.document_id) == col(AccountingDocument.id))
    late = select(col(AccountingDocument.id)).where(
        col(AccountingDocument.issued_at) < at - RENDERED_WITHIN, ~has_file.exists()
    )
    missed = select(col(DocumentDelivery.document_id)).where(
        col(DocumentDelivery.state) == State.UNMADE.value,
        col(DocumentDelivery.document_id).in_(select(col(DocumentFile.document_id))),
    )
    with database.reading() as session:
        found: dict[str, Problem | None] = dict.fromkeys(session.execute(missed).scalars())
        # One that was missed once and is damaged now is the nightly check's.
        standings = deliveries.standings(session, found)
        found = {one: None for one in found if any(stands.state is State.UNMADE for stands in standings[one])}
        found |= dict.fromkeys(session.execute(late).scalars(), Problem.NO_FILE)
    _note(database, found, at)


def judge(document: AccountingDocument, file: DocumentFile | None, *, at: datetime) -> Iterator[Problem]:
    """Yield what is wrong with one document. Pure."""
    if contents.hash_of(document.content) != document.content_hash:
        yield Problem.CONTENT
    elif not _agrees(document):
        yield Problem.COLUMNS
    if file is None:
        if at - document.issued_at > RENDERED_WITHIN:
            yield Problem.NO_FILE
    elif hashlib.sha256(file.pdf).hexdigest() != file.sha256:
        yield Problem.FILE


def next_state(problem: Problem | None, stands: Standing | None) -> State | None:
    """Return what is to be noted of a document; None where that is known. Pure.

    What is still wrong though an operator has seen to it is told again.
    """
    if problem is None:
        return State.WHOLE if stands and stands.state is not State.WHOLE else None
    state = State.UNMADE if problem is Problem.NO_FILE else State.DAMAGED
    return None if stands and stands.state is state and stands.waits else state


def gaps(session: Session) -> Iterator[Finding]:
    """Yield the numbers that were allocated and that no document has."""
    for name, latest in broken_series(session):
        positions = select(col(AccountingDocument.position)).where(col(AccountingDocument.series) == name)
        for position in missing(session.execute(positions).scalars().all(), latest):
            yield Finding(Problem.GAP, f"{name}-{position}", None)


def broken_series(session: Session) -> Sequence[tuple[str, int]]:
    """Return the series that lack numbers, with the latest that was allocated: one question for all of them."""
    count, highest = func.count(col(AccountingDocument.id)), func.max(col(AccountingDocument.position))
    latest = col(DocumentSeries.latest)
    statement = (
        select(col(DocumentSeries.name), latest)
        .outerjoin(AccountingDocument, col(AccountingDocument.series) == col(DocumentSeries.name))
        .group_by(col(DocumentSeries.name), latest)
        .having((count != latest) | (highest != latest))
        .order_by(col(DocumentSeries.name))
    )
    return [(row.name, row.latest) for row in session.execute(statement)]


def missing(positions: Iterable[int], latest: int) -> Sequence[int]:
    """Return which positions from 1 to the highest of all are not there. Pure."""
    there = set(positions)
    return [position for position in range(1, max(there | {latest}) + 1) if position not in there]


def _page(session: Session, after: str, number: str) -> Sequence[tuple[AccountingDocument, DocumentFile | None]]:
    """Return some documents with their files, in the order of their ids."""
    statement = select(AccountingDocument, DocumentFile).outerjoin(
        DocumentFile, col(DocumentFile.document_id) == col(AccountingDocument.id)
    )
    if number:
        statement = statement.where(col(AccountingDocument.number) == number)
    beyond = statement.where(col(AccountingDocument.id) > after).order_by(col(AccountingDocument.id)).limit(AT_ONCE)
    return [(row[0], row[1]) for row in session.execute(beyond)]


def _note(database: Database, found: Mapping[str, Problem | None], at: datetime) -> None:
    """Note what changed."""
    with database.reading() as session:
        standings = deliveries.standings(session, found)
    lines: list[Line] = []
    for document_id, problem in found.items():
        stands = next((one for one in standings[document_id] if one.way is Way.ARCHIVE), None)
        state = next_state(problem, stands)
        if state is None:
            continue
        detail = problem.value if problem and problem is not Problem.NO_FILE else ""
        lines.append(Line(document_id, deliveries.new_sending(), Way.ARCHIVE, state, detail=detail))
        if problem:
            log.error("a document is not as it was issued", document_id=document_id, problem=problem.value)
    if lines:
        with database.writing() as session:
            for line in lines:
                deliveries.note(session, line, at=at)


def _agrees(document: AccountingDocument) -> bool:
    content = contents.thawed(document.content)
    names = ("number", "kind", "issued_on", "currency", "net_cents", "tax_cents", "gross_cents")
    return document.number == f"{document.series}-{document.position}" and all(
        getattr(document, name) == getattr(content, name) for name in names
    )
