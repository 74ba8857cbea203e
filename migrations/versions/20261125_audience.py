"""audience: result pages, impressions, views, daily sums"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

KIND_IS_KNOWN = "visitor_kind IN ('company', 'expert', 'anonymous')"


def upgrade() -> None:
    op.create_table('visitor_salts',
    sa.Column('used_on', sa.Date(), nullable=False),
    sa.Column('salt', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('used_on')
    )
    op.create_table('result_pages',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('shown_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('query', sa.String(), nullable=True),
    sa.Column('draw_key', sa.String(), nullable=False),
    sa.Column('profile_id', sa.String(), nullable=False),
    sa.Column('arm', sa.String(), nullable=False),
    sa.Column('canary_id', sa.String(), nullable=True),
    sa.Column('holdout_percent', sa.Integer(), nullable=False),
    sa.Column('visitor_kind', sa.String(), nullable=False),
    sa.Column('visitor_key', sa.String(), nullable=False),
    sa.CheckConstraint(KIND_IS_KNOWN, name='visitor_kind_is_known'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_result_pages_shown', 'result_pages', ['shown_at'])
    op.create_index('ix_result_pages_visitor', 'result_pages', ['visitor_key', 'shown_at'])
    op.create_table('impressions',
    sa.Column('query_id', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('team', sa.String(), nullable=True),
    sa.Column('treatment', sa.String(), nullable=True),
    sa.Column('base', sa.Float(), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('is_repeated', sa.Boolean(), nullable=False),
    sa.CheckConstraint('position >= 1', name='position_starts_at_1'),
    sa.CheckConstraint("treatment IS NULL OR treatment IN ('boosted', 'held_out')", name='treatment_is_known'),
    sa.ForeignKeyConstraint(['query_id'], ['result_pages.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('query_id', 'position')
    )
    op.create_index('ix_impressions_expert', 'impressions', ['expert_id'])
    op.create_table('views',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('viewed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('query_id', sa.String(), nullable=True),
    sa.Column('visitor_kind', sa.String(), nullable=False),
    sa.Column('visitor_key', sa.String(), nullable=False),
    sa.Column('is_repeated', sa.Boolean(), nullable=False),
    sa.CheckConstraint(KIND_IS_KNOWN, name='visitor_kind_is_known'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_views_expert', 'views', ['expert_id'])
    op.create_index('ix_views_visitor', 'views', ['visitor_key', 'viewed_at'])
    op.create_index('ix_views_viewed', 'views', ['viewed_at'])
    op.create_table('audience_days',
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('visitor_kind', sa.String(), nullable=False),
    sa.Column('impressions', sa.Integer(), nullable=False),
    sa.Column('repeated_impressions', sa.Integer(), nullable=False),
    sa.Column('views', sa.Integer(), nullable=False),
    sa.Column('repeated_views', sa.Integer(), nullable=False),
    sa.CheckConstraint(KIND_IS_KNOWN, name='visitor_kind_is_known'),
    sa.PrimaryKeyConstraint('expert_id', 'day', 'visitor_kind')
    )


def downgrade() -> None:
    op.drop_table('audience_days')
    op.drop_table('views')
    op.drop_table('impressions')
    op.drop_table('result_pages')
    op.drop_table('visitor_salts')
