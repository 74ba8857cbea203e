"""ranking profiles, their pointers, shadows, empty searches"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ranking_profiles',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('content', sa.String(), nullable=False),
    sa.Column('parent_id', sa.String(), nullable=True),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['parent_id'], ['ranking_profiles.id']),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('ranking_pointers',
    sa.Column('surface', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('profile_id', sa.String(), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=True),
    sa.Column('mode', sa.String(), nullable=True),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("surface IN ('search', 'browse')", name='surface_is_known'),
    sa.CheckConstraint("role IN ('live', 'canary', 'shadow')", name='role_is_known'),
    sa.CheckConstraint("(role = 'canary') = (percent IS NOT NULL)", name='canary_has_a_share'),
    sa.CheckConstraint("(role = 'canary') = (mode IS NOT NULL)", name='canary_has_a_mode'),
    sa.CheckConstraint("mode IS NULL OR mode IN ('answers', 'interleaved')", name='mode_is_known'),
    sa.CheckConstraint('percent IS NULL OR (percent >= 1 AND percent <= 99)', name='percent_is_a_share'),
    sa.ForeignKeyConstraint(['profile_id'], ['ranking_profiles.id']),
    sa.PrimaryKeyConstraint('surface', 'role')
    )
    op.create_table('ranking_moves',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('surface', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('from_id', sa.String(), nullable=True),
    sa.Column('to_id', sa.String(), nullable=True),
    sa.Column('percent', sa.Integer(), nullable=True),
    sa.Column('mode', sa.String(), nullable=True),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('override_reason', sa.String(), nullable=True),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['from_id'], ['ranking_profiles.id']),
    sa.ForeignKeyConstraint(['to_id'], ['ranking_profiles.id']),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('ranking_shadows',
    sa.Column('surface', sa.String(), nullable=False),
    sa.Column('live_id', sa.String(), nullable=False),
    sa.Column('shadow_id', sa.String(), nullable=False),
    sa.Column('searches', sa.Integer(), nullable=False),
    sa.Column('overlap_sum', sa.Float(), nullable=False),
    sa.Column('rank_biased_overlap_sum', sa.Float(), nullable=False),
    sa.Column('other_first', sa.Integer(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('surface', 'live_id', 'shadow_id')
    )
    op.create_table('ranking_shadow_moves',
    sa.Column('surface', sa.String(), nullable=False),
    sa.Column('live_id', sa.String(), nullable=False),
    sa.Column('shadow_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('times_left', sa.Integer(), nullable=False),
    sa.Column('times_entered', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('surface', 'live_id', 'shadow_id', 'expert_id')
    )
    op.create_table('empty_searches',
    sa.Column('searched_on', sa.Date(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('query', sa.String(), nullable=False),
    sa.Column('filters', sa.String(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('searched_on', 'key')
    )


def downgrade() -> None:
    op.drop_table('empty_searches')
    op.drop_table('ranking_shadow_moves')
    op.drop_table('ranking_shadows')
    op.drop_table('ranking_moves')
    op.drop_table('ranking_pointers')
    op.drop_table('ranking_profiles')
