"""How a client found whom they pick or approach, as far as it may stand beside their name (decision 24).

Pages of results are kept under a visitor's key, which leads to nobody; what clients do, under their name. Between the
two stands no query id, but words and a place, and those only if several visitors were shown the expert for them: what
was typed does not tell which of the visitors the client was.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import audience_sources, audiences
from accounts.audience_days import ZONE
from accounts.models.audiences import Impression, ResultPage
from accounts.models.findings import Finding, Found

NONE: Mapping[str, Any] = dict.fromkeys(Found.model_fields)
"""The columns of a row that knows nothing."""


def look_up(session: Session, search: str, expert_id: str) -> Finding | None:
    """Return how the page of results with a query id showed an expert; None where it didn't, or it may not be kept."""
    query_id = audiences.query_id(search)
    if query_id is None or "\0" in expert_id:
        return None
    shown = (
        select(col(ResultPage.query), col(Impression.position), col(ResultPage.shown_at))
        .select_from(Impression)
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(col(Impression.expert_id) == expert_id)
    )
    row = session.execute(shown.where(col(ResultPage.id) == query_id)).first()
    if row is None or not row.query:
        return None
    if audience_sources.is_personal(row.query) or not _is_common(session, row.query, expert_id):
        return None
    return Finding(audience_sources.alike(row.query), row.position, row.shown_at.astimezone(ZONE).date())


def columns(finding: Finding | None) -> Mapping[str, Any]:
    """Return the columns of `Found`."""
    if finding is None:
        return NONE
    return {"found_for": finding.query, "found_at_position": finding.position, "found_on": finding.on}


def is_old(column: Any, at: datetime) -> Any:
    """Return the condition that a day lies longer back than pages of results are kept."""
    return column < (at - audiences.KEPT_FOR).astimezone(ZONE).date()


def sweep(session: Session, table: type[Found], *, at: datetime) -> None:
    """Have rows forget how their experts were found once the pages of results are gone."""
    _forget(session, table, is_old(col(table.found_on), at))


def forget_mentions(session: Session, table: type[Found], names: Collection[str]) -> None:
    """Have rows forget queries that name somebody."""
    if names:
        query = col(table.found_for)
        _forget(session, table, or_(*(query.icontains(name, autoescape=True) for name in sorted(names))))


def _forget(session: Session, table: type[Found], condition: Any) -> None:
    statement = update(table).where(condition).values(**NONE)
    session.execute(statement.execution_options(synchronize_session=False))


def _is_common(session: Session, typed: str, expert_id: str) -> bool:
    """Tell whether enough visitors were shown an expert for the same words, as far as the database sees that."""
    query = col(ResultPage.query)
    visitors = (
        select(col(ResultPage.visitor_key))
        .select_from(Impression)
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(col(Impression.expert_id) == expert_id)
        .where(or_(query == typed, func.lower(query) == audience_sources.alike(typed)))
        .distinct()
        .limit(audience_sources.FEWEST_VISITORS)
    )
    return len(session.execute(visitors).all()) == audience_sources.FEWEST_VISITORS
