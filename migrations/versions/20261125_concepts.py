"""mean ratings of sectors"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sector_ratings',
    sa.Column('sector', sa.String(), nullable=False),
    sa.Column('mean', sa.Float(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('sector')
    )


def downgrade() -> None:
    op.drop_table('sector_ratings')
