"""mails"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mails',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('recipient', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('template', sa.String(), nullable=False),
    sa.Column('values', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failure', sa.String(), nullable=True),
    sa.CheckConstraint("language IN ('fr', 'en')", name='language_is_ours'),
    sa.CheckConstraint('sent_at IS NULL OR failure IS NULL', name='sent_or_failed'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_index('ix_mails_written', 'mails', ['written_at'])
    op.create_index('ix_mails_recipient', 'mails', ['recipient'])


def downgrade() -> None:
    op.drop_table('mails')
