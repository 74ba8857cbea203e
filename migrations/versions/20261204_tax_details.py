"""what sellers give for the yearly report to the tax authority, sealed"""

import sqlalchemy as sa
from alembic import op

revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'tax_details',
        sa.Column('expert_id', sa.String(), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=True),
        sa.Column('given_at', INSTANT, nullable=True),
        sa.Column('asked_at', INSTANT, nullable=True),
        sa.Column('requests', sa.Integer(), nullable=False),
        sa.CheckConstraint('(sealed IS NULL) = (given_at IS NULL)', name='tax_details_were_given'),
        sa.CheckConstraint('(requests = 0) = (asked_at IS NULL)', name='tax_details_were_asked_for'),
        sa.CheckConstraint('requests BETWEEN 0 AND 3', name='tax_details_are_asked_for_three_times'),
        sa.PrimaryKeyConstraint('expert_id'),
    )


def downgrade() -> None:
    op.drop_table('tax_details')
