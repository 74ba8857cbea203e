"""documents of accounting: numbered without gaps, and never changed"""

import sqlalchemy as sa
from alembic import op

revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None

CENTS = sa.BigInteger().with_variant(sa.Numeric(), 'postgresql')
INSTANT = sa.DateTime(timezone=True)
KEYS = {'accounting_documents': 'id', 'document_files': 'document_id'}
STAYS = 'what was issued is never changed'
GAP = 'numbers of a series follow each other'
NO_CREDIT = "kind <> 'credit_note'"


def upgrade() -> None:
    op.create_table(
        'document_series',
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('seller', sa.String(), nullable=False),
        sa.Column('latest', sa.Integer(), nullable=False),
        sa.CheckConstraint('latest >= 1', name='series_begin_with_one'),
        sa.PrimaryKeyConstraint('name'),
    )
    op.create_table(
        'accounting_documents',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('kind', sa.String(), nullable=False),
        sa.Column('number', sa.String(), nullable=False),
        sa.Column('series', sa.String(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('reference', sa.String(), nullable=False),
        sa.Column('expert_id', sa.String(), nullable=False),
        sa.Column('client_id', sa.String(), nullable=True),
        sa.Column('preceding_id', sa.String(), nullable=True),
        sa.Column('language', sa.String(), nullable=False),
        sa.Column('issued_on', sa.Date(), nullable=False),
        sa.Column('issued_at', INSTANT, nullable=False),
        sa.Column('currency', sa.String(), nullable=False),
        sa.Column('net_cents', CENTS, nullable=False),
        sa.Column('tax_cents', CENTS, nullable=False),
        sa.Column('gross_cents', CENTS, nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('content_hash', sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('invoice', 'credit_note', 'commission', 'boost')", name='document_kind_is_known'
        ),
        sa.CheckConstraint("(kind = 'credit_note') = (preceding_id IS NOT NULL)", name='credit_notes_take_back'),
        sa.CheckConstraint('net_cents + tax_cents = gross_cents', name='document_adds_up'),
        sa.CheckConstraint('net_cents >= 0 AND tax_cents >= 0', name='document_is_not_negative'),
        sa.ForeignKeyConstraint(['series'], ['document_series.name']),
        sa.ForeignKeyConstraint(['preceding_id'], ['accounting_documents.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('number', name='ux_accounting_documents_number'),
        sa.UniqueConstraint('series', 'position', name='ux_accounting_documents_position'),
        sa.UniqueConstraint('preceding_id', name='ux_accounting_documents_preceding'),
    )
    op.create_index(
        'ux_accounting_documents_reference',
        'accounting_documents',
        ['kind', 'reference'],
        unique=True,
        sqlite_where=sa.text(NO_CREDIT),
        postgresql_where=sa.text(NO_CREDIT),
    )
    op.create_index('ix_accounting_documents_expert', 'accounting_documents', ['expert_id'])
    op.create_index('ix_accounting_documents_client', 'accounting_documents', ['client_id'])
    op.create_table(
        'document_files',
        sa.Column('document_id', sa.String(), nullable=False),
        sa.Column('pdf', sa.LargeBinary(), nullable=False),
        sa.Column('sha256', sa.String(), nullable=False),
        sa.Column('rendered_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['document_id'], ['accounting_documents.id']),
        sa.PrimaryKeyConstraint('document_id'),
    )
    if op.get_bind().dialect.name == 'postgresql':
        guard_on_postgresql()
    else:
        guard_on_sqlite()


def guard_on_postgresql() -> None:
    """A number comes after the one before: whoever allocates holds the row of the series until the commit."""
    op.execute(f"""
        CREATE FUNCTION documents_stay() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{STAYS}'; END $$
    """)
    for table in KEYS:
        op.execute(f"""
            CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION documents_stay()
        """)
    op.execute("""
        CREATE TRIGGER document_series_stay BEFORE DELETE OR TRUNCATE ON document_series
        FOR EACH STATEMENT EXECUTE FUNCTION documents_stay()
    """)
    op.execute(f"""
        CREATE FUNCTION document_follows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.number <> NEW.series || '-' || NEW.position OR NEW.position < 1 OR (
                NEW.position > 1 AND NOT EXISTS (
                    SELECT 1 FROM accounting_documents WHERE series = NEW.series AND position = NEW.position - 1
                )
            ) THEN
                RAISE EXCEPTION '{GAP}';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER document_follows BEFORE INSERT ON accounting_documents
        FOR EACH ROW EXECUTE FUNCTION document_follows()
    """)
    op.execute(f"""
        CREATE FUNCTION document_series_count() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.name <> OLD.name OR NEW.seller <> OLD.seller OR NEW.latest <> OLD.latest + 1 THEN
                RAISE EXCEPTION '{GAP}';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER document_series_count BEFORE UPDATE ON document_series
        FOR EACH ROW EXECUTE FUNCTION document_series_count()
    """)


def guard_on_sqlite() -> None:
    """The same; one writer at a time, so that nothing overtakes. INSERT OR REPLACE tells no trigger that it deletes."""
    for table, key in KEYS.items():
        for event in ('UPDATE', 'DELETE'):
            op.execute(f"""
                CREATE TRIGGER {table}_stay_{event.lower()} BEFORE {event} ON {table}
                BEGIN SELECT RAISE(ABORT, '{STAYS}'); END
            """)
        op.execute(f"""
            CREATE TRIGGER {table}_are_new BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})
            BEGIN SELECT RAISE(ABORT, '{STAYS}'); END
        """)
    op.execute(f"""
        CREATE TRIGGER document_series_stay BEFORE DELETE ON document_series
        BEGIN SELECT RAISE(ABORT, '{STAYS}'); END
    """)
    op.execute(f"""
        CREATE TRIGGER document_follows BEFORE INSERT ON accounting_documents
        WHEN NEW.number <> NEW.series || '-' || NEW.position OR NEW.position < 1 OR EXISTS (
            SELECT 1 FROM accounting_documents
            WHERE number = NEW.number OR (series = NEW.series AND position = NEW.position)
        ) OR (
            NEW.position > 1 AND NOT EXISTS (
                SELECT 1 FROM accounting_documents WHERE series = NEW.series AND position = NEW.position - 1
            )
        )
        BEGIN SELECT RAISE(ABORT, '{GAP}'); END
    """)
    op.execute(f"""
        CREATE TRIGGER document_references_once BEFORE INSERT ON accounting_documents
        WHEN EXISTS (
            SELECT 1 FROM accounting_documents
            WHERE preceding_id = NEW.preceding_id
            OR (kind = NEW.kind AND reference = NEW.reference AND NEW.kind <> 'credit_note')
        )
        BEGIN SELECT RAISE(ABORT, '{STAYS}'); END
    """)
    op.execute(f"""
        CREATE TRIGGER document_series_count BEFORE UPDATE ON document_series
        WHEN NEW.name <> OLD.name OR NEW.seller <> OLD.seller OR NEW.latest <> OLD.latest + 1
        BEGIN SELECT RAISE(ABORT, '{GAP}'); END
    """)


def downgrade() -> None:
    for table in ('document_files', 'accounting_documents', 'document_series'):
        op.drop_table(table)
    if op.get_bind().dialect.name == 'postgresql':
        for function in ('documents_stay', 'document_follows', 'document_series_count'):
            op.execute(f'DROP FUNCTION {function}()')
