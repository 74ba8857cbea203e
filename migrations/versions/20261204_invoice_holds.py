"""missions whose invoices can't be issued yet"""

import sqlalchemy as sa
from alembic import op

revision = '0041'
down_revision = '0040'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('invoice_holds',
    sa.Column('mission_id', sa.String(), nullable=False),
    sa.Column('breaches', sa.JSON(), nullable=False),
    sa.Column('units_per_euro', sa.String(), nullable=True),
    sa.Column('held_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['mission_id'], ['missions.id'], ),
    sa.PrimaryKeyConstraint('mission_id')
    )
    op.create_index('ix_invoice_holds_ended', 'invoice_holds', ['ended_at'])


def downgrade() -> None:
    op.drop_index('ix_invoice_holds_ended', table_name='invoice_holds')
    op.drop_table('invoice_holds')
