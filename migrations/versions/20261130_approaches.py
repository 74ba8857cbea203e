"""for which search an expert was found, beside picks and drafts; who was approached; no query id beside a client"""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

FOUND = ('shortlist_items', 'message_drafts')


def upgrade() -> None:
    op.create_table('approaches',
    sa.Column('client_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('query', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('found_on', sa.Date(), nullable=False),
    sa.CheckConstraint('position >= 1', name='position_starts_at_1'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'expert_id', 'query')
    )
    op.create_index('ix_approaches_expert', 'approaches', ['expert_id'])
    op.create_index('ix_approaches_found', 'approaches', ['found_on'])
    for table in FOUND:
        op.add_column(table, sa.Column('found_for', sa.String(), nullable=True))
        op.add_column(table, sa.Column('found_at_position', sa.Integer(), nullable=True))
        op.add_column(table, sa.Column('found_on', sa.Date(), nullable=True))
    # SQLite drops a column itself; copying the table would lose its CHECK constraints.
    op.drop_column('offers', 'query_id')


def downgrade() -> None:
    op.add_column('offers', sa.Column('query_id', sa.String(), nullable=True))
    for table in FOUND:
        for column in ('found_on', 'found_at_position', 'found_for'):
            op.drop_column(table, column)
    op.drop_table('approaches')
