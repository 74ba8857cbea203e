"""Importing expert records: all of them or none, however many, and never half.

Lines are checked and merged outside any long transaction, and staged; one short flip then publishes the
batch. A process that dies before the flip has changed nothing, after it everything.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from accounts.events import EXPERT_CHANGED
from accounts.merges import COLUMNS, Row, merge_import, merge_reviews, missing
from accounts.models.experts import (
    Expert,
    Review,
    ReviewColumns,
    ReviewOrigin,
    StagedExpert,
    StagedReview,
)
from accounts.models.identities import new_id
from accounts.records import LineFault, Record, parse
from foundation import outbox
from foundation.database import Database, announced, hold
from foundation.errors import Conflict, Fault

CHUNK = 500
ABANDONED_AFTER = timedelta(days=1)

Progress = Callable[[int], None]
_REVIEW_COLUMNS = tuple(ReviewColumns.model_fields)


@dataclass
class Outcome:
    """What an import did: how many experts it created, updated, found unchanged, and every fault."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: list[LineFault] = field(default_factory=list)
    is_published: bool = False

    @property
    def skipped(self) -> int:
        """Count the lines that were left out."""
        return len({fault.line for fault in self.faults})


def run(
    database: Database,
    lines: Iterable[bytes],
    *,
    at: datetime,
    skip_invalid: bool = False,
    progress: Progress = lambda _: None,
) -> Outcome:
    """Import records; with faults and without `skip_invalid` nothing is published."""
    batch = f"{at.isoformat()}/{new_id()}"
    sweep(database, at)
    outcome = Outcome()
    try:
        for chunk in _chunks(_checked(lines, outcome, progress)):
            merged = _merge_chunk(database, batch, chunk, outcome, at)
            if not outcome.faults or skip_invalid:
                _stage(database, *merged)
        outcome.faults.sort(key=lambda fault: fault.line)
        if not outcome.faults or skip_invalid:
            _publish(database, batch, outcome, at)
            outcome.is_published = True
    finally:
        if not outcome.is_published:
            _discard(database, batch)
    return outcome


def sweep(database: Database, at: datetime) -> None:
    """Drop what imports that died a day ago or more have staged."""
    limit = (at - ABANDONED_AFTER).isoformat()
    with database.writing() as session:
        for table in (StagedExpert, StagedReview):
            session.execute(delete(table).where(col(table.batch) < limit))


def _checked(lines: Iterable[bytes], outcome: Outcome, progress: Progress) -> Iterator[tuple[int, bytes, Record]]:
    """Yield the good lines; collect the faults of the others."""
    first_seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        progress(len(line))
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")  # noqa: PLW2901 - a byte order mark is no content
        if not line.strip():
            continue
        record = parse(line)
        if isinstance(record, list):
            outcome.faults.extend(LineFault(number, fault) for fault in record)
        elif record.ref in first_seen:
            text = f"{record.ref!r} is on line {first_seen[record.ref]} already"
            outcome.faults.append(LineFault(number, Fault("ref", "duplicate", text)))
        else:
            first_seen[record.ref] = number
            yield number, line, record


def _chunks(
    checked: Iterator[tuple[int, bytes, Record]],
) -> Iterator[list[tuple[int, bytes, Record]]]:
    while chunk := list(islice(checked, CHUNK)):
        yield chunk


def _merge_chunk(
    database: Database, batch: str, chunk: list[tuple[int, bytes, Record]], outcome: Outcome, at: datetime
) -> tuple[list[Row], list[Row]]:
    """Return what to stage, experts and reviews; count it, and collect the faults that only merging shows."""
    with database.reading() as session:
        stored = _stored(session, [record.ref for _, _, record in chunk])
        reviews = _stored_reviews(session, [row["id"] for row in stored.values()])
    experts: list[Row] = []
    staged_reviews: list[Row] = []
    for number, line, record in chunk:
        old = stored.get(record.ref)
        row = merge_import(old, record, at=at)
        faults = missing(row)
        if faults:
            outcome.faults.extend(LineFault(number, fault) for fault in faults)
            continue
        new_reviews = merge_reviews(row["id"], reviews.get(row["id"], []), record, at)
        if old == row and new_reviews is None:
            outcome.unchanged += 1
            continue
        outcome.created += old is None
        outcome.updated += old is not None
        experts.append(_staged_row(batch, row, old, line, at, replaces_reviews=new_reviews is not None))
        staged_reviews.extend({**review, "batch": batch} for review in new_reviews or [])
    return experts, staged_reviews


def _stage(database: Database, experts: list[Row], reviews: list[Row]) -> None:
    with database.writing() as session:
        if experts:
            session.execute(insert(StagedExpert), experts)
        if reviews:
            session.execute(insert(StagedReview), reviews)


def _staged_row(batch: str, row: Row, old: Row | None, line: bytes, at: datetime, *, replaces_reviews: bool) -> Row:
    return {
        **row,
        "batch": batch,
        "base_version": old["version"] if old else 0,
        "version": row["version"] + 1,
        "updated_at": at,
        "replaces_reviews": replaces_reviews,
        "line": line.decode(),
    }


def _stored(session: Session, refs: list[str]) -> dict[str, Row]:
    rows = session.execute(select(*_columns_of(Expert, COLUMNS)).where(col(Expert.ref).in_(refs))).mappings()
    return {row["ref"]: dict(row) for row in rows}


def _stored_reviews(session: Session, expert_ids: list[str]) -> dict[str, list[Row]]:
    statement = select(*_columns_of(Review, _REVIEW_COLUMNS)).where(
        col(Review.expert_id).in_(expert_ids), col(Review.origin) == ReviewOrigin.IMPORTED.value
    )
    found: dict[str, list[Row]] = {}
    for row in session.execute(statement).mappings():
        found.setdefault(row["expert_id"], []).append(dict(row))
    return found


def _publish(database: Database, batch: str, outcome: Outcome, at: datetime) -> None:
    """Flip: make everything staged public in one transaction; raise Conflict if some of it is gone.

    Flips take turns, and nobody changes an expert between the last look and the flip.
    """
    with database.writing() as session:
        hold(session, "imports")
        ours = col(StagedExpert.batch) == batch
        _take(session, ours)
        staged = session.execute(select(func.count()).select_from(StagedExpert).where(ours)).scalar_one()
        if staged != outcome.created + outcome.updated:
            raise Conflict("the staged lines were swept by another import: nothing was published, import again")
        outcome.updated -= _merge_again(session, batch, at)
        session.execute(
            insert(Expert).from_select(
                COLUMNS,
                select(*_columns_of(StagedExpert, COLUMNS)).where(ours, col(StagedExpert.base_version) == 0),
            )
        )
        session.execute(
            update(Expert)
            .where(col(Expert.id) == StagedExpert.id, ours, col(StagedExpert.base_version) > 0)
            .values({name: getattr(StagedExpert, name) for name in COLUMNS if name not in {"id", "ref"}})
            .execution_options(synchronize_session=False)
        )
        replaced = select(col(StagedExpert.id)).where(ours, col(StagedExpert.replaces_reviews).is_(True))
        session.execute(
            delete(Review)
            .where(col(Review.expert_id).in_(replaced), col(Review.origin) == ReviewOrigin.IMPORTED.value)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            insert(Review).from_select(
                _REVIEW_COLUMNS,
                select(*_columns_of(StagedReview, _REVIEW_COLUMNS)).where(col(StagedReview.batch) == batch),
            )
        )
        # The same rows as `outbox.record` writes, made where the ids already are.
        session.execute(
            insert(outbox.OutboxRow).from_select(
                ["topic", "key", "recorded_at", "due_at", "attempts", "is_dead"],
                select(
                    literal(EXPERT_CHANGED),
                    col(StagedExpert.id),
                    literal(at, outbox.Instant()),
                    literal(at, outbox.Instant()),
                    literal(0),
                    literal(False),
                ).where(ours),
            )
        )
        announced(session).add(EXPERT_CHANGED)
        _delete_staged(session, batch)


def _take(session: Session, ours: ColumnElement[bool]) -> None:
    """Keep others from changing the experts that a batch changes."""
    theirs = (
        select(col(Expert.id))
        .join(StagedExpert, col(StagedExpert.ref) == col(Expert.ref))
        .where(ours)
        .order_by(col(Expert.id))
        .with_for_update(of=Expert)
    )
    session.execute(select(func.count()).select_from(theirs.subquery()))


def _merge_again(session: Session, batch: str, at: datetime) -> int:
    """Merge anew the few experts who changed, appeared or went between staging and flip.

    Return how many were left out: somebody deleted meanwhile does not come back through a line that only
    changes a part.
    """
    left_out = 0
    changed = session.execute(
        select(StagedExpert, Expert)
        .outerjoin(Expert, col(Expert.ref) == col(StagedExpert.ref))
        .where(
            col(StagedExpert.batch) == batch,
            ((col(Expert.id).is_(None)) & (col(StagedExpert.base_version) > 0))
            | ((col(Expert.id).is_not(None)) & (col(Expert.version) != col(StagedExpert.base_version))),
        )
    ).all()
    for staged, expert in changed:
        record = parse(staged.line.encode())
        assert isinstance(record, Record)  # noqa: S101 - it was checked before it was staged
        old = {name: getattr(expert, name) for name in COLUMNS} if expert else None
        row = merge_import(old, record, at=at)
        session.execute(
            delete(StagedExpert).where(col(StagedExpert.batch) == batch, col(StagedExpert.ref) == staged.ref)
        )
        its_reviews = (col(StagedReview.batch) == batch, col(StagedReview.expert_id) == staged.id)
        if missing(row):
            session.execute(delete(StagedReview).where(*its_reviews))
            left_out += 1
            continue
        session.execute(update(StagedReview).where(*its_reviews).values(expert_id=row["id"]))
        session.execute(
            insert(StagedExpert),
            _staged_row(batch, row, old, staged.line.encode(), at, replaces_reviews=staged.replaces_reviews),
        )
    return left_out


def _discard(database: Database, batch: str) -> None:
    with database.writing() as session:
        _delete_staged(session, batch)


def _delete_staged(session: Session, batch: str) -> None:
    for table in (StagedExpert, StagedReview):
        session.execute(delete(table).where(col(table.batch) == batch))


def _columns_of(table: type[SQLModel], names: Iterable[str]) -> list[Any]:
    return [getattr(table, name) for name in names]
