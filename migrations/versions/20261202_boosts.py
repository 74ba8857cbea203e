"""Boost subscriptions with their cards and charges; until when a boost is paid, apart from one that is granted"""

import sqlalchemy as sa
from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('boost_subscriptions',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('plan', sa.String(), nullable=False),
    sa.Column('price_cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('anchor_on', sa.Date(), nullable=True),
    sa.Column('starts_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('grace_ends_on', sa.Date(), nullable=True),
    sa.Column('next_plan', sa.String(), nullable=True),
    sa.Column('next_price_cents', sa.BigInteger(), nullable=True),
    sa.Column('card_id', sa.String(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name='boost_that_ended_has_an_end'),
    sa.CheckConstraint("next_plan IS NULL OR next_plan IN ('month', 'year')", name='boost_next_plan_is_known'),
    sa.CheckConstraint("plan IN ('month', 'year')", name='boost_plan_is_known'),
    sa.CheckConstraint("state IN ('awaiting', 'active', 'past_due', 'cancelled', 'ended')", name='boost_state_is_known'),
    sa.CheckConstraint("state NOT IN ('active', 'past_due', 'cancelled') OR (starts_on IS NOT NULL AND ends_on > starts_on AND anchor_on IS NOT NULL AND card_id IS NOT NULL)", name='boost_that_runs_was_paid'),
    sa.CheckConstraint("state <> 'past_due' OR grace_ends_on > ends_on", name='boost_past_due_has_its_grace'),
    sa.CheckConstraint('(next_plan IS NULL) = (next_price_cents IS NULL)', name='boost_next_plan_has_a_price'),
    sa.CheckConstraint('length(currency) = 3', name='boost_currency_is_a_code'),
    sa.CheckConstraint('price_cents > 0', name='boost_price_is_an_amount'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_boost_subscriptions_due', 'boost_subscriptions', ['state', 'ends_on'], unique=False)
    op.create_index('ix_boost_subscriptions_expert', 'boost_subscriptions', ['expert_id'], unique=False)
    op.create_index('ux_boost_subscriptions_live', 'boost_subscriptions', ['expert_id'], unique=True, sqlite_where=sa.text("state <> 'ended'"), postgresql_where=sa.text("state <> 'ended'"))
    op.create_table('boost_cards',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('subscription_id', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('form_id', sa.String(), nullable=True),
    sa.Column('provider_subscription_id', sa.String(), nullable=True),
    sa.Column('subscription_state', sa.String(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('typed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dropped_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("subscription_state IS NULL OR subscription_state IN ('created', 'active', 'authentication', 'ended')", name='card_subscription_state_is_known'),
    sa.ForeignKeyConstraint(['subscription_id'], ['boost_subscriptions.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider', 'provider_subscription_id', name='ux_boost_cards_provider')
    )
    op.create_index('ix_boost_cards_subscription', 'boost_cards', ['subscription_id'], unique=False)
    op.create_table('boost_charges',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('subscription_id', sa.String(), nullable=False),
    sa.Column('card_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('plan', sa.String(), nullable=False),
    sa.Column('anchor_on', sa.Date(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('price_cents', sa.BigInteger(), nullable=False),
    sa.Column('credit_cents', sa.BigInteger(), nullable=False),
    sa.Column('net_cents', sa.BigInteger(), nullable=False),
    sa.Column('tax_cents', sa.BigInteger(), nullable=False),
    sa.Column('tax_code', sa.String(), nullable=False),
    sa.Column('tax_rate_bp', sa.Integer(), nullable=False),
    sa.Column('tax_country', sa.String(), nullable=True),
    sa.Column('tax_exemption', sa.String(), nullable=True),
    sa.Column('tax_mentions', sa.JSON(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('is_attended', sa.Boolean(), nullable=False),
    sa.Column('is_stray', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('failure', sa.String(), nullable=True),
    sa.Column('action_url', sa.String(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("plan IN ('month', 'year')", name='charge_plan_is_known'),
    sa.CheckConstraint("reason IN ('first', 'renewal', 'upgrade')", name='charge_reason_is_known'),
    sa.CheckConstraint("state IN ('created', 'challenge', 'succeeded', 'failed')", name='charge_state_is_known'),
    sa.CheckConstraint('credit_cents >= 0 AND net_cents = price_cents - credit_cents', name='charge_adds_up'),
    sa.CheckConstraint('ends_on > starts_on', name='charge_is_for_days'),
    sa.CheckConstraint('length(currency) = 3', name='charge_currency_is_a_code'),
    sa.CheckConstraint('net_cents > 0 AND tax_cents >= 0', name='charge_is_an_amount'),
    sa.ForeignKeyConstraint(['card_id'], ['boost_cards.id'], ),
    sa.ForeignKeyConstraint(['subscription_id'], ['boost_subscriptions.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider', 'provider_id', name='ux_boost_charges_provider')
    )
    op.create_index('ix_boost_charges_expert', 'boost_charges', ['expert_id'], unique=False)
    op.create_index('ix_boost_charges_subscription', 'boost_charges', ['subscription_id'], unique=False)
    op.create_index('ux_boost_charges_open', 'boost_charges', ['subscription_id'], unique=True, sqlite_where=sa.text("state IN ('created', 'challenge')"), postgresql_where=sa.text("state IN ('created', 'challenge')"))
    op.add_column('experts', sa.Column('boost_paid_until', sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column('experts', 'boost_paid_until')
    op.drop_index('ux_boost_charges_open', table_name='boost_charges', sqlite_where=sa.text("state IN ('created', 'challenge')"), postgresql_where=sa.text("state IN ('created', 'challenge')"))
    op.drop_index('ix_boost_charges_subscription', table_name='boost_charges')
    op.drop_index('ix_boost_charges_expert', table_name='boost_charges')
    op.drop_table('boost_charges')
    op.drop_index('ix_boost_cards_subscription', table_name='boost_cards')
    op.drop_table('boost_cards')
    op.drop_index('ux_boost_subscriptions_live', table_name='boost_subscriptions', sqlite_where=sa.text("state <> 'ended'"), postgresql_where=sa.text("state <> 'ended'"))
    op.drop_index('ix_boost_subscriptions_expert', table_name='boost_subscriptions')
    op.drop_index('ix_boost_subscriptions_due', table_name='boost_subscriptions')
    op.drop_table('boost_subscriptions')
