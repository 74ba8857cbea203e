"""What the parts of the simulated provider share: rows that are made once for a key, and who is told of them."""

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from billing.events import PROVIDER_EVENT
from billing.providers.resources import Resource
from foundation import outbox
from foundation.database import Database, insert

NAME = "sandbox"
RETURNED = "returned"
"""What a refund of a wire says once the bank has sent it back: it was sent all the same."""
Row = TypeVar("Row", bound=SQLModel)


def make(database: Database, fresh: Row, told: str = "") -> Row:
    """Return the row that was made under a key, now or before; whoever listens is told of a new one."""

    def keep(session: Session) -> Row:
        return make_in(session, fresh, told)

    return database.write(keep)


def make_in(session: Session, fresh: Row, told: str = "") -> Row:
    """Do the same in a transaction."""
    table: Any = type(fresh)
    row = insert(session, table).values(**fresh.model_dump()).on_conflict_do_nothing().returning(col(table.id))
    made = session.execute(row).scalar_one_or_none()
    if made and told:
        tell(session, told, made)
    return session.execute(select(table).where(col(table.key) == fresh.key)).scalar_one()  # pyright: ignore[reportAttributeAccessIssue]


def find(database: Database, table: type[Row], row_id: str) -> Row | None:
    """Return a row."""
    with database.reading() as session:
        return session.get(table, row_id)


def returned_id(refund_id: str) -> str:
    """Return the id of the transaction by which a bank sent a refund back."""
    return f"{refund_id}-returned"


def tell(session: Session, kind: str, provider_id: str) -> None:
    """Say that something changed."""
    outbox.record(session, PROVIDER_EVENT, [Resource(NAME, kind, provider_id).key])
