"""shortlists with their comments; saved searches"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('shortlists',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=True),
    sa.Column('token_hash', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('left_out', sa.JSON(), nullable=False),
    sa.Column('share_id', sa.String(), nullable=True),
    sa.Column('share_hash', sa.String(), nullable=True),
    sa.Column('share_ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(client_id IS NULL) <> (token_hash IS NULL)', name='shortlist_has_one_owner'),
    sa.CheckConstraint('(share_id IS NULL) = (share_ends_at IS NULL)', name='share_ends'),
    sa.CheckConstraint('(share_id IS NULL) = (share_hash IS NULL)', name='share_is_whole'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_shortlists_used', 'shortlists', ['used_at'], unique=False)
    op.create_index('ux_shortlists_client', 'shortlists', ['client_id'], unique=True)
    op.create_index('ux_shortlists_share', 'shortlists', ['share_hash'], unique=True)
    op.create_index('ux_shortlists_token', 'shortlists', ['token_hash'], unique=True)
    op.create_table('saved_searches',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('parameters', sa.JSON(), nullable=False),
    sa.Column('frequency', sa.String(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('looked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told', sa.JSON(), nullable=False),
    sa.Column('new_ids', sa.JSON(), nullable=False),
    sa.Column('new_count', sa.Integer(), nullable=False),
    sa.Column('new_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("frequency IN ('off', 'daily', 'weekly')", name='frequency_is_known'),
    sa.CheckConstraint('new_count >= 0', name='new_count_is_a_number'),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_saved_searches_account', 'saved_searches', ['account_id'], unique=False)
    op.create_index('ix_saved_searches_frequency', 'saved_searches', ['frequency'], unique=False)
    op.create_table('shortlist_comments',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('shortlist_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=True),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('opinion', sa.String(), nullable=True),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("opinion IS NULL OR opinion IN ('for', 'against')", name='opinion_is_known'),
    sa.ForeignKeyConstraint(['shortlist_id'], ['shortlists.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_shortlist_comments_expert', 'shortlist_comments', ['expert_id'], unique=False)
    op.create_index('ix_shortlist_comments_list', 'shortlist_comments', ['shortlist_id', 'written_at'], unique=False)
    op.create_table('shortlist_items',
    sa.Column('shortlist_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.CheckConstraint('position BETWEEN 1 AND 5', name='list_is_short'),
    sa.ForeignKeyConstraint(['shortlist_id'], ['shortlists.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('shortlist_id', 'expert_id')
    )
    op.create_index('ix_shortlist_items_expert', 'shortlist_items', ['expert_id'], unique=False)
    op.create_index('ux_shortlist_items_position', 'shortlist_items', ['shortlist_id', 'position'], unique=True)


def downgrade() -> None:
    op.drop_index('ux_shortlist_items_position', table_name='shortlist_items')
    op.drop_index('ix_shortlist_items_expert', table_name='shortlist_items')
    op.drop_table('shortlist_items')
    op.drop_index('ix_shortlist_comments_list', table_name='shortlist_comments')
    op.drop_index('ix_shortlist_comments_expert', table_name='shortlist_comments')
    op.drop_table('shortlist_comments')
    op.drop_index('ix_saved_searches_frequency', table_name='saved_searches')
    op.drop_index('ix_saved_searches_account', table_name='saved_searches')
    op.drop_table('saved_searches')
    op.drop_index('ux_shortlists_token', table_name='shortlists')
    op.drop_index('ux_shortlists_share', table_name='shortlists')
    op.drop_index('ux_shortlists_client', table_name='shortlists')
    op.drop_index('ix_shortlists_used', table_name='shortlists')
    op.drop_table('shortlists')
