"""escrows, payments, refunds, and the simulated provider"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sandbox_transactions',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=True),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('return_path', sa.String(), nullable=False),
    sa.Column('refunded_id', sa.String(), nullable=True),
    sa.Column('failure', sa.String(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('arrives_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('card', 'wire', 'refund')", name='sandbox_kind_is_known'),
    sa.CheckConstraint("state IN ('created', 'challenge', 'succeeded', 'failed')", name='sandbox_state_is_known'),
    sa.CheckConstraint('cents > 0', name='sandbox_amount_is_one'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_sandbox_transactions_arrives', 'sandbox_transactions', ['arrives_at'])
    op.create_index('ix_sandbox_transactions_client', 'sandbox_transactions', ['client_id'])
    op.create_index('ux_sandbox_transactions_key', 'sandbox_transactions', ['key'], unique=True)
    op.create_table('escrows',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('number_key', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('payer_client_id', sa.String(), nullable=False),
    sa.Column('payee_expert_id', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('due_cents', sa.BigInteger(), nullable=False),
    sa.Column('paid_cents', sa.BigInteger(), nullable=False),
    sa.Column('refunded_cents', sa.BigInteger(), nullable=False),
    sa.Column('released_cents', sa.BigInteger(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('held_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'released' AND released_cents = due_cents) OR (state <> 'released' AND released_cents = 0)", name='only_what_is_released_was_paid_out'),
    sa.CheckConstraint("state <> 'held' OR paid_cents - refunded_cents >= due_cents", name='what_is_held_is_covered'),
    sa.CheckConstraint("state <> 'released' OR paid_cents = refunded_cents + released_cents", name='nothing_is_left'),
    sa.CheckConstraint("state IN ('awaiting', 'held', 'disputed', 'released', 'refunded', 'cancelled')", name='escrow_state_is_known'),
    sa.CheckConstraint("state NOT IN ('refunded', 'cancelled') OR (due_cents = 0 AND paid_cents = refunded_cents)", name='what_went_back_is_gone_wholly'),
    sa.CheckConstraint('due_cents >= 0 AND paid_cents >= 0 AND refunded_cents >= 0 AND released_cents >= 0', name='nothing_is_negative'),
    sa.CheckConstraint('length(currency) = 3', name='currency_is_a_code'),
    sa.CheckConstraint('refunded_cents + released_cents <= paid_cents', name='no_more_leaves_than_came'),
    sa.ForeignKeyConstraint(['payer_client_id'], ['clients.id']),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_escrows_payee', 'escrows', ['payee_expert_id'])
    op.create_index('ix_escrows_payer', 'escrows', ['payer_client_id'])
    op.create_index('ux_escrows_number_key', 'escrows', ['number_key'], unique=True)
    op.create_index('ux_escrows_reference', 'escrows', ['reference'], unique=True)
    op.create_table('payments',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('escrow_id', sa.String(), nullable=True),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('failure', sa.String(), nullable=True),
    sa.Column('wire_text', sa.String(), nullable=False),
    sa.Column('wire_sender', sa.String(), nullable=False),
    sa.Column('begun_by', sa.String(), nullable=True),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('returned_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("counted_at IS NULL OR (state = 'succeeded' AND escrow_id IS NOT NULL)", name='only_what_came_is_counted'),
    sa.CheckConstraint("kind IN ('card', 'wire')", name='payment_kind_is_known'),
    sa.CheckConstraint("state IN ('created', 'challenge', 'succeeded', 'failed')", name='payment_state_is_known'),
    sa.CheckConstraint('cents > 0', name='payment_is_an_amount'),
    sa.CheckConstraint('counted_at IS NULL OR returned_at IS NULL', name='counted_or_returned'),
    sa.CheckConstraint('length(currency) = 3', name='payment_currency_is_a_code'),
    sa.ForeignKeyConstraint(['escrow_id'], ['escrows.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider', 'provider_id', name='ux_payments_provider')
    )
    op.create_index('ix_payments_escrow', 'payments', ['escrow_id'])
    op.create_table('refunds',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('escrow_id', sa.String(), nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('explanation', sa.String(), nullable=False),
    sa.Column('asked_by', sa.String(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('consented_by', sa.String(), nullable=True),
    sa.Column('consented_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('consented_from', sa.String(), nullable=True),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("reason <> 'asked' OR state NOT IN ('agreed', 'done', 'failed') OR consented_by IS NOT NULL", name='what_was_asked_for_was_consented_to'),
    sa.CheckConstraint("reason IN ('asked', 'surplus', 'cancelled', 'returned')", name='refund_reason_is_known'),
    sa.CheckConstraint("state IN ('asked', 'refused', 'agreed', 'done', 'failed', 'withdrawn')", name='refund_state_is_known'),
    sa.CheckConstraint('cents > 0', name='refund_is_an_amount'),
    sa.ForeignKeyConstraint(['escrow_id'], ['escrows.id']),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_refunds_escrow', 'refunds', ['escrow_id'])
    op.create_index('ix_refunds_state', 'refunds', ['state'])
    op.create_table('wire_details',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('escrow_id', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('holder', sa.String(), nullable=False),
    sa.Column('account_number', sa.String(), nullable=False),
    sa.Column('bic', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['escrow_id'], ['escrows.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('escrow_id', 'provider', name='ux_wire_details_escrow')
    )
    op.create_table('refund_parts',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('refund_id', sa.String(), nullable=False),
    sa.Column('payment_id', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('failure', sa.String(), nullable=True),
    sa.CheckConstraint("state IN ('created', 'challenge', 'succeeded', 'failed')", name='part_state_is_known'),
    sa.CheckConstraint('cents > 0', name='part_is_an_amount'),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id']),
    sa.ForeignKeyConstraint(['refund_id'], ['refunds.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider_id', 'payment_id', name='ux_refund_parts_provider')
    )
    op.create_index('ix_refund_parts_payment', 'refund_parts', ['payment_id'])
    op.create_index('ix_refund_parts_refund', 'refund_parts', ['refund_id'])


def downgrade() -> None:
    op.drop_table('refund_parts')
    op.drop_table('wire_details')
    op.drop_table('refunds')
    op.drop_table('payments')
    op.drop_table('escrows')
    op.drop_table('sandbox_transactions')
