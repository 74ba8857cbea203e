"""whom payment providers know, their wallets, what they were asked; what the simulated one keeps of payouts and papers"""

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('provider_requests',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('path', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.String(), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('key')
    )
    op.create_table('provider_users',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('party_id', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('is_verified', sa.Boolean(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("role IN ('payer', 'person', 'sole_trader', 'business')", name='role_is_known'),
    sa.CheckConstraint("state IN ('pending', 'active', 'closed')", name='user_state_is_known'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider', 'role', 'party_id', name='ux_provider_users_party')
    )
    op.create_index('ux_provider_users_id', 'provider_users', ['provider', 'provider_id'], unique=True)
    op.create_table('sandbox_movements',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('fee_cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('from_wallet_id', sa.String(), nullable=False),
    sa.Column('to_wallet_id', sa.String(), nullable=True),
    sa.Column('sent_to', sa.String(), nullable=True),
    sa.Column('returned_id', sa.String(), nullable=True),
    sa.Column('failure', sa.String(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('came_back_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('release', 'return', 'payout')", name='sandbox_movement_kind_is_known'),
    sa.CheckConstraint("state IN ('created', 'succeeded', 'failed', 'returned')", name='sandbox_movement_state_is_known'),
    sa.CheckConstraint('cents > 0', name='sandbox_movement_is_an_amount'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_index('ix_sandbox_movements_due', 'sandbox_movements', ['due_at'])
    op.create_index('ix_sandbox_movements_from', 'sandbox_movements', ['from_wallet_id'])
    op.create_index('ix_sandbox_movements_to', 'sandbox_movements', ['to_wallet_id'])
    op.create_table('sandbox_users',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_table('provider_wallets',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('user_id', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('length(currency) = 3', name='wallet_currency_is_a_code'),
    sa.ForeignKeyConstraint(['user_id'], ['provider_users.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('user_id', 'currency', name='ux_provider_wallets_user')
    )
    op.create_table('sandbox_cards',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('user_id', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('return_path', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['sandbox_users.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_table('sandbox_papers',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('user_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('explanation', sa.String(), nullable=False),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('identity', 'registration', 'articles', 'shareholders', 'address')", name='sandbox_paper_kind_is_known'),
    sa.CheckConstraint("state IN ('created', 'asked', 'validated', 'refused', 'outdated')", name='sandbox_paper_state_is_known'),
    sa.ForeignKeyConstraint(['user_id'], ['sandbox_users.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_index('ix_sandbox_papers_user', 'sandbox_papers', ['user_id'])
    op.create_table('sandbox_recipients',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('user_id', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('return_path', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('pending', 'active', 'closed')", name='sandbox_recipient_state_is_known'),
    sa.ForeignKeyConstraint(['user_id'], ['sandbox_users.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_table('sandbox_wallets',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('user_id', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['sandbox_users.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_table('sandbox_subscriptions',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('card_id', sa.String(), nullable=False),
    sa.Column('wallet_id', sa.String(), nullable=False),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('period', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("period IN ('month', 'year')", name='sandbox_period_is_known'),
    sa.CheckConstraint("state IN ('created', 'active', 'authentication', 'ended')", name='sandbox_subscription_state_is_known'),
    sa.CheckConstraint('cents > 0', name='sandbox_subscription_is_an_amount'),
    sa.ForeignKeyConstraint(['card_id'], ['sandbox_cards.id']),
    sa.ForeignKeyConstraint(['wallet_id'], ['sandbox_wallets.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.add_column('sandbox_transactions', sa.Column('wallet_id', sa.String(), nullable=True))
    op.add_column('sandbox_transactions', sa.Column('fee_cents', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('sandbox_transactions', sa.Column('subscription_id', sa.String(), nullable=True))
    op.add_column('wire_details', sa.Column('turn', sa.Integer(), server_default='1', nullable=False))
    op.add_column('wire_details', sa.Column('used_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_wire_details_provider', 'wire_details', ['provider', 'provider_id'])


def downgrade() -> None:
    op.drop_index('ix_wire_details_provider', table_name='wire_details')
    op.drop_column('wire_details', 'used_at')
    op.drop_column('wire_details', 'turn')
    op.drop_column('sandbox_transactions', 'subscription_id')
    op.drop_column('sandbox_transactions', 'fee_cents')
    op.drop_column('sandbox_transactions', 'wallet_id')
    op.drop_table('sandbox_subscriptions')
    op.drop_table('sandbox_wallets')
    op.drop_table('sandbox_recipients')
    op.drop_index('ix_sandbox_papers_user', table_name='sandbox_papers')
    op.drop_table('sandbox_papers')
    op.drop_table('sandbox_cards')
    op.drop_table('provider_wallets')
    op.drop_table('sandbox_users')
    op.drop_index('ix_sandbox_movements_to', table_name='sandbox_movements')
    op.drop_index('ix_sandbox_movements_from', table_name='sandbox_movements')
    op.drop_index('ix_sandbox_movements_due', table_name='sandbox_movements')
    op.drop_table('sandbox_movements')
    op.drop_index('ux_provider_users_id', table_name='provider_users')
    op.drop_table('provider_users')
    op.drop_table('provider_requests')
