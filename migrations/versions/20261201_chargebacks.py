"""what banks take back of card payments, and what they give back"""

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'chargebacks',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('provider', sa.String(), nullable=False),
        sa.Column('provider_id', sa.String(), nullable=False),
        sa.Column('payment_id', sa.String(), nullable=False),
        sa.Column('escrow_id', sa.String(), nullable=True),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('cents', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(), nullable=False),
        sa.Column('held_cents', sa.BigInteger(), nullable=False),
        sa.Column('back_cents', sa.BigInteger(), nullable=False),
        sa.Column('restored_cents', sa.BigInteger(), nullable=False),
        sa.Column('refund_id', sa.String(), nullable=True),
        sa.Column('reason', sa.String(), nullable=False),
        sa.Column('taken_at', INSTANT, nullable=False),
        sa.Column('closed_at', INSTANT, nullable=True),
        sa.CheckConstraint("state IN ('taken', 'lost', 'won')", name='chargeback_state_is_known'),
        sa.CheckConstraint('cents > 0', name='chargeback_is_an_amount'),
        sa.CheckConstraint('length(currency) = 3', name='chargeback_currency_is_a_code'),
        sa.CheckConstraint('held_cents BETWEEN 0 AND cents', name='no_more_was_held_than_was_taken'),
        sa.CheckConstraint('back_cents BETWEEN 0 AND cents', name='no_more_comes_back_than_was_taken'),
        sa.CheckConstraint('restored_cents BETWEEN 0 AND held_cents', name='no_more_is_held_again_than_was'),
        sa.CheckConstraint("(state = 'won') = (back_cents > 0)", name='what_was_won_came_back'),
        sa.ForeignKeyConstraint(['escrow_id'], ['escrows.id']),
        sa.ForeignKeyConstraint(['payment_id'], ['payments.id']),
        sa.ForeignKeyConstraint(['refund_id'], ['refunds.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('provider', 'provider_id', name='ux_chargebacks_provider'),
    )
    op.create_index('ix_chargebacks_escrow', 'chargebacks', ['escrow_id'])
    op.create_index('ix_chargebacks_payment', 'chargebacks', ['payment_id'])
    op.create_table(
        'sandbox_chargebacks',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('payin_id', sa.String(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('cents', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(), nullable=False),
        sa.Column('made_at', INSTANT, nullable=False),
        sa.CheckConstraint("state IN ('taken', 'lost', 'won')", name='sandbox_chargeback_state_is_known'),
        sa.CheckConstraint('cents > 0', name='sandbox_chargeback_is_an_amount'),
        sa.ForeignKeyConstraint(['payin_id'], ['sandbox_transactions.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_sandbox_chargebacks_payin', 'sandbox_chargebacks', ['payin_id'])


def downgrade() -> None:
    op.drop_table('sandbox_chargebacks')
    op.drop_table('chargebacks')
