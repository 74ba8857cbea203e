"""the log of what became of documents: only added to"""

import sqlalchemy as sa
from alembic import op

revision = '0043'
down_revision = '0042'
branch_labels = None
depends_on = None

TABLE = 'document_deliveries'
STAYS = 'what became of a document is only added to'
STATES = (
    "state IN ('queued', 'sent', 'failed', 'handed_over', 'deposited', 'issued', 'received', 'available', "
    "'taken_over', 'approved', 'partly_approved', 'disputed', 'suspended', 'completed', 'refused', 'payment_sent', "
    "'collected', 'rejected', 'cancelled', 'misrouted', 'inadmissible', 'damaged', 'unmade', 'whole', 'settled')"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('document_id', sa.String(), nullable=False),
        sa.Column('sending', sa.String(), nullable=False),
        sa.Column('way', sa.String(), nullable=False),
        sa.Column('party', sa.String(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('code', sa.String(), nullable=False),
        sa.Column('detail', sa.String(), nullable=False),
        sa.Column('key', sa.String(), nullable=False),
        sa.CheckConstraint("way IN ('mail', 'platform', 'archive')", name='way_of_a_document_is_known'),
        sa.CheckConstraint(STATES, name='state_of_a_delivery_is_known'),
        sa.CheckConstraint("party IN ('', 'client', 'expert')", name='party_of_a_delivery_is_known'),
        sa.CheckConstraint("(party <> '') = (way = 'mail')", name='mails_go_to_a_party'),
        sa.ForeignKeyConstraint(['document_id'], ['accounting_documents.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('key'),
    )
    op.create_index('ix_document_deliveries_document', TABLE, ['document_id', 'id'])
    op.create_index('ix_document_deliveries_sending', TABLE, ['sending'])
    op.create_index('ix_document_deliveries_state', TABLE, ['state', 'at'])
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(f"""
            CREATE FUNCTION {TABLE}_stay() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{STAYS}'; END $$
        """)
        op.execute(f"""
            CREATE TRIGGER {TABLE}_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
            FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_stay()
        """)
        return
    for event in ('UPDATE', 'DELETE'):
        op.execute(f"""
            CREATE TRIGGER {TABLE}_stay_{event.lower()} BEFORE {event} ON {TABLE}
            BEGIN SELECT RAISE(ABORT, '{STAYS}'); END
        """)
    # INSERT OR REPLACE tells no trigger that it deletes. A line that is noted twice is left out by the INSERT itself.
    op.execute(f"""
        CREATE TRIGGER {TABLE}_are_new BEFORE INSERT ON {TABLE}
        WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, '{STAYS}'); END
    """)


def downgrade() -> None:
    op.drop_table(TABLE)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(f'DROP FUNCTION {TABLE}_stay()')
