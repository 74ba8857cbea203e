"""audience: the places that searches asked for"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('result_pages', sa.Column('places', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column('result_pages', 'places')
