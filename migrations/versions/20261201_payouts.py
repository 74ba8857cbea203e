"""transfers of what was released, experts' bank accounts, payouts"""

import sqlalchemy as sa
from alembic import op

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None

NOT_FAILED = sa.text("state <> 'failed'")
UNDER_WAY = sa.text("state <> 'failed' AND state <> 'returned'")


def upgrade() -> None:
    op.create_table('transfers',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('escrow_id', sa.String(), nullable=False),
    sa.Column('payee_expert_id', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('owner_id', sa.String(), nullable=True),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('fee_cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('failure', sa.String(), nullable=True),
    sa.Column('retried_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('created', 'succeeded', 'failed')", name='transfer_state_is_known'),
    sa.CheckConstraint('cents > 0 AND fee_cents >= 0 AND fee_cents <= cents', name='transfer_is_an_amount'),
    sa.ForeignKeyConstraint(['escrow_id'], ['escrows.id']),
    sa.ForeignKeyConstraint(['owner_id'], ['provider_users.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider', 'provider_id', name='ux_transfers_provider')
    )
    op.create_index('ix_transfers_payee', 'transfers', ['payee_expert_id'])
    op.create_index('ix_transfers_state', 'transfers', ['state'])
    op.create_index('ux_transfers_escrow', 'transfers', ['escrow_id', 'provider'], unique=True, sqlite_where=NOT_FAILED, postgresql_where=NOT_FAILED)
    op.create_table('bank_accounts',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('owner_id', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('ending', sa.String(), nullable=False),
    sa.Column('number_hash', sa.String(), nullable=False),
    sa.Column('warning', sa.String(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('pending', 'active', 'closed')", name='bank_account_state_is_known'),
    sa.CheckConstraint('length(ending) <= 4', name='numbers_are_not_kept'),
    sa.ForeignKeyConstraint(['owner_id'], ['provider_users.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider', 'provider_id', name='ux_bank_accounts_provider')
    )
    op.create_index('ix_bank_accounts_expert', 'bank_accounts', ['expert_id'])
    op.create_table('payouts',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('transfer_id', sa.String(), nullable=False),
    sa.Column('bank_account_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('return_id', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('failure', sa.String(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expected_on', sa.Date(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('came_back_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('retried_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'returned') = (return_id IS NOT NULL)", name='what_came_back_came_by_a_transaction'),
    sa.CheckConstraint("state IN ('created', 'succeeded', 'failed', 'returned')", name='payout_state_is_known'),
    sa.CheckConstraint('cents > 0', name='payout_is_an_amount'),
    sa.ForeignKeyConstraint(['bank_account_id'], ['bank_accounts.id']),
    sa.ForeignKeyConstraint(['transfer_id'], ['transfers.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider', 'provider_id', name='ux_payouts_provider')
    )
    op.create_index('ix_payouts_expert', 'payouts', ['expert_id'])
    op.create_index('ix_payouts_of_transfer', 'payouts', ['transfer_id'])
    op.create_index('ix_payouts_state', 'payouts', ['state'])
    op.create_index('ux_payouts_transfer', 'payouts', ['transfer_id'], unique=True, sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY)


def downgrade() -> None:
    for table in ('payouts', 'bank_accounts', 'transfers'):
        op.drop_table(table)
