"""Issuing documents for tests of what becomes of them, and damaging what is kept as no code of ours can."""

from datetime import UTC, datetime

from sqlalchemy import text

from billing.documents import drafts, issues
from billing.documents.contents import Content
from billing.documents.issues import About, Checked
from billing.models.documents import AccountingDocument
from foundation.database import Database
from tests.billing.documents import samples

AT = datetime(2026, 12, 1, 10, tzinfo=UTC)
DRAFT = samples.invoice(number=drafts.UNNUMBERED)
_TABLES = ("accounting_documents", "document_files", "document_series")


def issue(
    database: Database,
    content: Content = DRAFT,
    *,
    reference: str = "m1",
    expert_id: str = "e1",
    client_id: str | None = "c1",
    at: datetime = AT,
    renders: bool = True,
) -> AccountingDocument:
    """Issue a draft, and make its file."""
    about = About(reference, expert_id, client_id)
    issued = database.write(lambda session: issues.issue(session, Checked(content), about, at=at))
    if renders:
        issues.render(database, [issued.id], at)
    return issued


def damage(database: Database, *statements: str) -> None:
    """Change what may never be changed: as a broken disk does, or who has the database's own password."""
    with database.writing() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            for table in _TABLES:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            found = text(f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN {_TABLES}")
            for name in connection.execute(found).scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement))
