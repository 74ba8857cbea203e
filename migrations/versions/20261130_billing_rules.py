"""what the public register says of experts' VAT numbers"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('legal_identities', sa.Column('vat_proof', sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('legal_identities') as batch:
        batch.drop_column('vat_proof')
