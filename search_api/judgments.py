"""Judgments: which expert fits which query how well, by whom; keeping them, and putting them together.

People grade (`graded`), or figures are made from what visitors did (`traffic`); the two are never mixed unasked.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation.database import hold
from search_api.judgment_records import QueryRecord, Record, Source
from search_api.models import JudgedQuery, Judgment

CHUNK = 500


@dataclass(frozen=True)
class JudgedSet:
    """Grades by query, as measures take them."""

    queries: tuple["Judged", ...]

    @property
    def sha(self) -> str:
        """Return the content's address: whatever changes a grade, a kind or a query changes it."""
        content = sorted([item.query, item.kind, sorted(item.grades.items())] for item in self.queries)
        return hashlib.sha256(orjson.dumps(content)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Judged:
    """One query with a grade for each expert who has one; where authors differ, their mean, halves rounded up."""

    query: str
    kind: str
    grades: Mapping[str, int]


@dataclass
class Outcome:
    """What an import did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


def store(session: Session, records: Sequence[Record], *, at: datetime) -> Outcome:
    """Keep judgments: those of the same author, source, query and expert are replaced."""
    hold(session, "judgments")
    outcome = Outcome()
    for start in range(0, len(records), CHUNK):
        _store(session, records[start : start + CHUNK], outcome, at)
    return outcome


def add_query(session: Session, record: QueryRecord) -> None:
    """Keep a query that nobody has judged yet; nothing where it is kept already."""
    hold(session, "judgments")
    if session.get(JudgedQuery, id_of(record.query)) is None:
        session.add(JudgedQuery(id=id_of(record.query), text=record.query, kind=record.kind))


def judged_set(session: Session, source: Source = Source.GRADED) -> JudgedSet:
    """Return what is judged, by one source alone, in the order of the queries."""
    return collect(record for record in records(session) if record.source is source)


def collect(found: Iterable[Record]) -> JudgedSet:
    """Put judgments together by query."""
    kinds: dict[str, str] = {}
    grades: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for record in found:
        kinds[record.query] = record.kind
        grades[record.query][record.expert].append(record.grade)
    return JudgedSet(
        tuple(
            Judged(query, kinds[query], {ref: _mean(given) for ref, given in sorted(by_ref.items())})
            for query, by_ref in sorted(grades.items())
        )
    )


def records(session: Session) -> Iterator[Record]:
    """Yield every judgment, in a stable order."""
    statement = (
        select(JudgedQuery, Judgment)
        .join(Judgment, col(Judgment.query_id) == col(JudgedQuery.id))
        .order_by(col(JudgedQuery.id), col(Judgment.expert_ref), col(Judgment.source), col(Judgment.author))
    )
    for query, row in session.execute(statement).yield_per(CHUNK):
        yield Record(
            query=query.text,
            kind=query.kind,
            expert=row.expert_ref,
            grade=row.grade,
            author=row.author,
            source=Source(row.source),
        )


def counts(session: Session) -> list[dict[str, Any]]:
    """Count queries and judgments by kind, source and author."""
    statement = (
        select(
            col(JudgedQuery.kind),
            col(Judgment.source),
            col(Judgment.author),
            func.count(col(Judgment.query_id).distinct()),
            func.count(),
        )
        .join(JudgedQuery, col(Judgment.query_id) == col(JudgedQuery.id))
        .group_by(col(JudgedQuery.kind), col(Judgment.source), col(Judgment.author))
        .order_by(col(JudgedQuery.kind), col(Judgment.source), col(Judgment.author))
    )
    names = ("kind", "source", "author", "queries", "judgments")
    return [dict(zip(names, row, strict=True)) for row in session.execute(statement)]


def forget(session: Session, query: str, expert: str, *, author: str) -> None:
    """Take one graded judgment back."""
    session.execute(
        delete(Judgment).where(
            col(Judgment.query_id) == id_of(query),
            col(Judgment.expert_ref) == expert,
            col(Judgment.source) == Source.GRADED.value,
            col(Judgment.author) == author,
        )
    )


def id_of(query: str) -> str:
    """Return the identity of a query's text."""
    return hashlib.sha256(query.encode()).hexdigest()[:24]


def _store(session: Session, found: Sequence[Record], outcome: Outcome, at: datetime) -> None:
    ids = {id_of(record.query) for record in found}
    queries = {
        row.id: row for row in session.execute(select(JudgedQuery).where(col(JudgedQuery.id).in_(ids))).scalars()
    }
    stored = {
        (row.query_id, row.expert_ref, row.source, row.author): row
        for row in session.execute(select(Judgment).where(col(Judgment.query_id).in_(ids))).scalars()
    }
    changed_kinds: set[str] = set()
    for record in found:
        query_id = id_of(record.query)
        query = queries.get(query_id)
        if query is None:
            queries[query_id] = query = JudgedQuery(id=query_id, text=record.query, kind=record.kind)
            session.add(query)
            session.flush()
        elif query.kind != record.kind:
            query.kind = record.kind
            changed_kinds.add(query_id)
        row = stored.get((query_id, record.expert, record.source.value, record.author))
        if row is None:
            session.add(_row(record, query_id, at))
            outcome.created += 1
        elif row.grade != record.grade:
            row.grade, row.judged_at = record.grade, at
            outcome.updated += 1
        elif query_id in changed_kinds:
            outcome.updated += 1
        else:
            outcome.unchanged += 1


def _row(record: Record, query_id: str, at: datetime) -> Judgment:
    return Judgment(
        query_id=query_id,
        expert_ref=record.expert,
        source=record.source.value,
        author=record.author,
        grade=record.grade,
        judged_at=at,
    )


def _mean(grades: Sequence[int]) -> int:
    return (2 * sum(grades) + len(grades)) // (2 * len(grades))
