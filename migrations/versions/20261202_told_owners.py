"""what was given after the provider was told of an expert is a correction"""

import sqlalchemy as sa
from alembic import op

revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('owner_details', sa.Column('told_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("""
        UPDATE owner_details SET told_at = given_at
        WHERE declined IS NULL AND EXISTS (
            SELECT 1 FROM provider_users
            WHERE party_id = owner_details.expert_id AND role = owner_details.kind AND provider_id IS NOT NULL
        )
    """)


def downgrade() -> None:
    op.drop_column('owner_details', 'told_at')
