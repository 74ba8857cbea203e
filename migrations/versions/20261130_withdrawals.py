"""contracts that private clients withdrew from"""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('withdrawals',
    sa.Column('mission_id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_percent', sa.Integer(), nullable=True),
    sa.Column('stated_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(done_percent IS NULL) = (stated_at IS NULL)', name='shares_have_their_time'),
    sa.CheckConstraint('done_percent IS NULL OR done_percent BETWEEN 0 AND 100', name='share_is_a_percentage'),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id']),
    sa.ForeignKeyConstraint(['mission_id'], ['missions.id']),
    sa.PrimaryKeyConstraint('mission_id')
    )


def downgrade() -> None:
    op.drop_table('withdrawals')
