"""experts, outbox, embeddings"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('embeddings',
    sa.Column('encoder', sa.String(), nullable=False),
    sa.Column('text_hash', sa.String(), nullable=False),
    sa.Column('vector', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('encoder', 'text_hash')
    )
    op.create_table('experts',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('ref', sa.String(), nullable=False),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('headline', sa.String(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('skills', sa.JSON(), nullable=False),
    sa.Column('soft_skills', sa.JSON(), nullable=False),
    sa.Column('sectors', sa.JSON(), nullable=False),
    sa.Column('countries', sa.JSON(), nullable=False),
    sa.Column('languages', sa.JSON(), nullable=False),
    sa.Column('client_references', sa.JSON(), nullable=False),
    sa.Column('based_in', sa.String(), nullable=True),
    sa.Column('city', sa.String(), nullable=True),
    sa.Column('legal_status', sa.String(), nullable=True),
    sa.Column('day_rate_cents', sa.Integer(), nullable=True),
    sa.Column('day_rate_currency', sa.String(), nullable=True),
    sa.Column('is_available', sa.Boolean(), nullable=False),
    sa.Column('available_from', sa.Date(), nullable=True),
    sa.Column('is_visible', sa.Boolean(), nullable=False),
    sa.Column('boost_granted_until', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("legal_status IS NULL OR legal_status IN ('sasu', 'sarl', 'eurl', 'micro_entrepreneur', 'portage_salarial', 'sole_trader', 'company', 'other')", name='legal_status_is_known'),
    sa.CheckConstraint('(day_rate_cents IS NULL) = (day_rate_currency IS NULL)', name='day_rate_has_a_currency'),
    sa.CheckConstraint('day_rate_cents IS NULL OR day_rate_cents > 0', name='day_rate_is_positive'),
    sa.CheckConstraint('version >= 1', name='version_grows'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('experts', schema=None) as batch_op:
        batch_op.create_index('ux_experts_ref', ['ref'], unique=True)
        batch_op.create_index('ux_experts_slug', ['slug'], unique=True)

    op.create_table('outbox',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('topic', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('last_error', sa.String(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_due', ['topic', 'due_at', 'id'], unique=False)

    op.create_table('staged_experts',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('ref', sa.String(), nullable=False),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('headline', sa.String(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('skills', sa.JSON(), nullable=False),
    sa.Column('soft_skills', sa.JSON(), nullable=False),
    sa.Column('sectors', sa.JSON(), nullable=False),
    sa.Column('countries', sa.JSON(), nullable=False),
    sa.Column('languages', sa.JSON(), nullable=False),
    sa.Column('client_references', sa.JSON(), nullable=False),
    sa.Column('based_in', sa.String(), nullable=True),
    sa.Column('city', sa.String(), nullable=True),
    sa.Column('legal_status', sa.String(), nullable=True),
    sa.Column('day_rate_cents', sa.Integer(), nullable=True),
    sa.Column('day_rate_currency', sa.String(), nullable=True),
    sa.Column('is_available', sa.Boolean(), nullable=False),
    sa.Column('available_from', sa.Date(), nullable=True),
    sa.Column('is_visible', sa.Boolean(), nullable=False),
    sa.Column('boost_granted_until', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('batch', sa.String(), nullable=False),
    sa.Column('base_version', sa.Integer(), nullable=False),
    sa.Column('replaces_reviews', sa.Boolean(), nullable=False),
    sa.Column('line', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', 'batch')
    )
    op.create_table('staged_reviews',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('skill', sa.String(), nullable=False),
    sa.Column('rating', sa.Integer(), nullable=False),
    sa.Column('comment', sa.String(), nullable=True),
    sa.Column('experienced_on', sa.Date(), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=False),
    sa.Column('origin', sa.String(), nullable=False),
    sa.Column('batch', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', 'batch')
    )
    op.create_table('reviews',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('skill', sa.String(), nullable=False),
    sa.Column('rating', sa.Integer(), nullable=False),
    sa.Column('comment', sa.String(), nullable=True),
    sa.Column('experienced_on', sa.Date(), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=False),
    sa.Column('origin', sa.String(), nullable=False),
    sa.CheckConstraint("origin IN ('imported', 'mission')", name='origin_is_known'),
    sa.CheckConstraint('rating BETWEEN 1 AND 5', name='rating_is_1_to_5'),
    sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('reviews', schema=None) as batch_op:
        batch_op.create_index('ix_reviews_expert', ['expert_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('reviews', schema=None) as batch_op:
        batch_op.drop_index('ix_reviews_expert')

    op.drop_table('reviews')
    op.drop_table('staged_reviews')
    op.drop_table('staged_experts')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_due')

    op.drop_table('outbox')
    with op.batch_alter_table('experts', schema=None) as batch_op:
        batch_op.drop_index('ux_experts_slug')
        batch_op.drop_index('ux_experts_ref')

    op.drop_table('experts')
    op.drop_table('embeddings')
