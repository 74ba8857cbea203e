"""Approaches: clients who went on from results to propose a mission, or to write; kept to judge the ranking by."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import findings
from accounts.models.findings import Approach, Finding
from accounts.models.shortlists import Shortlist, ShortlistItem
from foundation.database import insert


def note(session: Session, client_id: str, expert_id: str, finding: Finding | None) -> None:
    """Keep that a client approached an expert, once for the same words; nothing where no search led there.

    Where the page that they came from says nothing, what their shortlist knows counts.
    """
    finding = finding or _on_shortlist(session, client_id, expert_id)
    if finding is None:
        return
    values = {
        "client_id": client_id,
        "expert_id": expert_id,
        "query": finding.query,
        "position": finding.position,
        "found_on": finding.on,
    }
    session.execute(insert(session, Approach).values(values).on_conflict_do_nothing())


def sweep(session: Session, *, at: datetime) -> None:
    """Drop what is older than the pages of results that are kept."""
    session.execute(delete(Approach).where(findings.is_old(col(Approach.found_on), at)))


def forget_mentions(session: Session, names: Collection[str]) -> None:
    """Drop approaches by queries that name somebody."""
    if names:
        mentioning = or_(*(col(Approach.query).icontains(name, autoescape=True) for name in sorted(names)))
        session.execute(delete(Approach).where(mentioning).execution_options(synchronize_session=False))


def _on_shortlist(session: Session, client_id: str, expert_id: str) -> Finding | None:
    statement = (
        select(ShortlistItem)
        .join(Shortlist, col(Shortlist.id) == col(ShortlistItem.shortlist_id))
        .where(col(Shortlist.client_id) == client_id, col(ShortlistItem.expert_id) == expert_id)
    )
    item = session.execute(statement).scalar_one_or_none()
    return item.finding if item else None
