"""What was issued is kept for ten years (French commercial code, article L. 123-22): whether it is still all there.

Nothing is mended here: what is damaged comes back out of a backup.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.documents import contents
from billing.models.documents import AccountingDocument, DocumentFile, DocumentSeries

RENDERED_WITHIN = timedelta(hours=1)
"""A file is there after seconds; after this long, making it has failed."""
_AT_ONCE = 100


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
    statement = select(AccountingDocument, DocumentFile).outerjoin(
        DocumentFile, col(DocumentFile.document_id) == col(AccountingDocument.id)
    )
    if number:
        statement = statement.where(col(AccountingDocument.number) == number)
    seen = ""
    while True:
        after = statement.where(col(AccountingDocument.id) > seen).order_by(col(AccountingDocument.id)).limit(_AT_ONCE)
        rows = session.execute(after).all()
        if not rows:
            break
        for document, file in rows:
            for problem in judge(document, file, at=at):
                yield Finding(problem, document.number, document.id)
            seen = document.id
        session.expunge_all()
    if not number:
        yield from gaps(session)


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


def _agrees(document: AccountingDocument) -> bool:
    content = contents.thawed(document.content)
    names = ("number", "kind", "issued_on", "currency", "net_cents", "tax_cents", "gross_cents")
    return document.number == f"{document.series}-{document.position}" and all(
        getattr(document, name) == getattr(content, name) for name in names
    )
