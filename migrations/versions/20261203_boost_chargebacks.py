"""charges of Boost subscriptions that the payer's bank took back"""

import sqlalchemy as sa
from alembic import op

revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('boost_chargebacks',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=False),
    sa.Column('charge_id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('back_cents', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'won') = (back_cents > 0)", name='what_was_won_of_a_charge_came_back'),
    sa.CheckConstraint("state IN ('taken', 'lost', 'won')", name='boost_chargeback_state_is_known'),
    sa.CheckConstraint('back_cents BETWEEN 0 AND cents', name='no_more_of_a_charge_comes_back_than_was_taken'),
    sa.CheckConstraint('cents > 0', name='boost_chargeback_is_an_amount'),
    sa.CheckConstraint('length(currency) = 3', name='boost_chargeback_currency_is_a_code'),
    sa.ForeignKeyConstraint(['charge_id'], ['boost_charges.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider', 'provider_id', name='ux_boost_chargebacks_provider')
    )
    op.create_index('ix_boost_chargebacks_charge', 'boost_chargebacks', ['charge_id'])


def downgrade() -> None:
    op.drop_index('ix_boost_chargebacks_charge', table_name='boost_chargebacks')
    op.drop_table('boost_chargebacks')
