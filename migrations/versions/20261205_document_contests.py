"""documents that experts contest, and what is issued anew for the same"""

import sqlalchemy as sa
from alembic import op

revision = '0044'
down_revision = '0043'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
REFERENCE = 'ux_accounting_documents_reference'
STAYS = 'what was issued is never changed'
NO_CREDIT = "kind <> 'credit_note'"


def upgrade() -> None:
    op.add_column('accounting_documents', sa.Column('correction', sa.Integer(), server_default='0', nullable=False))
    hold_to_one(['kind', 'reference', 'correction'])
    tell_sqlite('AND correction = NEW.correction ')
    op.create_table(
        'document_contests',
        sa.Column('document_id', sa.String(), nullable=False),
        sa.Column('expert_id', sa.String(), nullable=False),
        sa.Column('reason', sa.String(), nullable=False),
        sa.Column('contested_at', INSTANT, nullable=False),
        sa.Column('decided_at', INSTANT, nullable=True),
        sa.Column('decided_by', sa.String(), nullable=True),
        sa.Column('is_upheld', sa.Boolean(), nullable=True),
        sa.Column('note', sa.String(), nullable=False),
        sa.CheckConstraint('(decided_at IS NULL) = (is_upheld IS NULL)', name='contest_is_decided_or_open'),
        sa.ForeignKeyConstraint(['document_id'], ['accounting_documents.id']),
        sa.PrimaryKeyConstraint('document_id'),
    )
    op.create_index('ix_document_contests_decided', 'document_contests', ['decided_at'])


def downgrade() -> None:
    op.drop_table('document_contests')
    hold_to_one(['kind', 'reference'])
    tell_sqlite('')
    op.drop_column('accounting_documents', 'correction')


def tell_sqlite(condition: str) -> None:
    """Have SQLite refuse it as well where INSERT OR REPLACE would drop what was issued."""
    if op.get_bind().dialect.name != 'sqlite':
        return
    op.execute('DROP TRIGGER document_references_once')
    op.execute(f"""
        CREATE TRIGGER document_references_once BEFORE INSERT ON accounting_documents
        WHEN EXISTS (
            SELECT 1 FROM accounting_documents
            WHERE preceding_id = NEW.preceding_id
            OR (kind = NEW.kind AND reference = NEW.reference {condition}AND NEW.kind <> 'credit_note')
        )
        BEGIN SELECT RAISE(ABORT, '{STAYS}'); END
    """)


def hold_to_one(columns: list[str]) -> None:
    """Keep a second document of a kind from being issued for the same."""
    where = sa.text(NO_CREDIT)
    op.drop_index(REFERENCE, table_name='accounting_documents')
    op.create_index(
        REFERENCE, 'accounting_documents', columns, unique=True, sqlite_where=where, postgresql_where=where
    )
