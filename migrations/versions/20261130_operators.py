"""operators: profiles held back, complaints, notices"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

ADDED = [('experts', 'is_withheld'), ('accounts', 'complaint'), ('accounts', 'complained_at'), ('accounts', 'terminated_at')]


def upgrade() -> None:
    op.add_column('experts', sa.Column('is_withheld', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('accounts', sa.Column('complaint', sa.String(), nullable=True))
    op.add_column('accounts', sa.Column('complained_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('accounts', sa.Column('terminated_at', sa.DateTime(timezone=True), nullable=True))
    op.create_table('notices',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('ground', sa.String(), nullable=False),
    sa.Column('explanation', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('review_id', sa.String(), nullable=True),
    sa.Column('content', sa.String(), nullable=False),
    sa.Column('notifier_name', sa.String(), nullable=True),
    sa.Column('notifier_email', sa.String(), nullable=True),
    sa.Column('account_id', sa.String(), nullable=True),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decision', sa.String(), nullable=True),
    sa.Column('decision_reason', sa.String(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(), nullable=True),
    sa.CheckConstraint("kind IN ('notice', 'objection')", name='kind_is_known'),
    sa.CheckConstraint("ground IN ('false_review', 'defamation', 'hatred', 'fraud', 'copyright', 'personal_data', 'child_abuse', 'other')", name='ground_is_known'),
    sa.CheckConstraint("decision IS NULL OR decision IN ('no_action', 'comment_hidden', 'review_hidden', 'profile_hidden', 'suspended')", name='decision_is_known'),
    sa.CheckConstraint("language IN ('fr', 'en')", name='language_is_ours'),
    sa.CheckConstraint('(decision IS NULL) = (decided_at IS NULL)', name='decisions_have_a_time'),
    sa.CheckConstraint('(decision IS NULL) = (decision_reason IS NULL)', name='decisions_have_a_reason'),
    sa.CheckConstraint("review_id IS NOT NULL OR kind = 'notice'", name='objections_are_to_reviews'),
    sa.CheckConstraint("notifier_email IS NOT NULL OR account_id IS NOT NULL OR ground = 'child_abuse'", name='who_may_be_nameless'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_notices_expert', 'notices', ['expert_id'])
    op.create_index('ix_notices_sent', 'notices', ['sent_at'])
    op.create_table('hidden_reviews',
    sa.Column('review_id', sa.String(), nullable=False),
    sa.Column('notice_id', sa.String(), nullable=False),
    sa.Column('is_whole', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['notice_id'], ['notices.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('review_id', 'notice_id')
    )


def downgrade() -> None:
    op.drop_table('hidden_reviews')
    op.drop_index('ix_notices_sent', table_name='notices')
    op.drop_index('ix_notices_expert', table_name='notices')
    op.drop_table('notices')
    for table, column in ADDED:
        op.drop_column(table, column)
