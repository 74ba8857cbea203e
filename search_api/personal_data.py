"""What `search_api` holds of people, for exports and erasure."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.personal_data import ACCOUNT, EXPERT, REF
from foundation.personal_data import Erasure, Holding
from search_api.models import EmptySearchRow, Evaluation, JudgedQuery, Judgment, SavedSearch, ShadowMoveRow

_LOGINS = "authors are the logins of those who run commands on the installation's own machines"

HOLDINGS = (
    Holding(SavedSearch, "account_id", ACCOUNT, Erasure.DELETED, "saved-searches"),
    Holding(Judgment, "expert_ref", REF, Erasure.DELETED, "grades", secret=frozenset({"author"})),
    Holding(ShadowMoveRow, "expert_id", EXPERT, Erasure.DELETED, why="how often two rankings differed, not the person"),
)
NOT_PERSONAL = {
    "ranking_profiles": _LOGINS,
    "ranking_pointers": "which ranking is live",
    "ranking_moves": _LOGINS,
    "ranking_shadows": "sums over all searches",
    "empty_searches": "counted by what was searched, never by who did; what names an erased person goes with them",
    "judged_queries": "queries without who asked them; what names an erased person goes with them",
    "evaluations": "figures of rankings; an author's name goes with the account",
}


def forget_author(session: Session, account_id: str, name: str) -> None:
    """Keep an operator's grades without their name; two who are gone stay apart."""
    for table in (Judgment, Evaluation):
        statement = update(table).where(col(table.author) == name).values(author=f"erased {account_id[:8]}")
        session.execute(statement.execution_options(synchronize_session=False))


def forget_mentions(session: Session, names: Collection[str]) -> None:
    """Drop what is kept of searches for somebody by name; `names` as `accounts.personal_data.names_of` gives them."""
    columns: tuple[Any, ...] = (col(EmptySearchRow.query), col(JudgedQuery.text))
    for column in columns:
        if names:
            mentioning = or_(*(column.icontains(name, autoescape=True) for name in sorted(names)))
            session.execute(delete(column.class_).where(mentioning).execution_options(synchronize_session=False))
