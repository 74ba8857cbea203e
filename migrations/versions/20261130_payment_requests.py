"""links for accounting to pay by, and what operators propose to do with money"""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

IS_OPEN = sa.text("state = 'proposed'")


def upgrade() -> None:
    op.create_table('payment_links',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('escrow_id', sa.String(), nullable=False),
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('ends_at > made_at', name='a_payment_link_lasts'),
    sa.ForeignKeyConstraint(['escrow_id'], ['escrows.id']),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_payment_links_escrow', 'payment_links', ['escrow_id'])
    op.create_index('ux_payment_links_token', 'payment_links', ['token_hash'], unique=True)
    op.create_table('money_proposals',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('deed', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('payment_id', sa.String(), nullable=True),
    sa.Column('refund_id', sa.String(), nullable=True),
    sa.Column('escrow_id', sa.String(), nullable=True),
    sa.Column('cents', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('proposed_by', sa.String(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.String(), nullable=False),
    sa.CheckConstraint("(deed = 'assign' AND payment_id IS NOT NULL AND escrow_id IS NOT NULL AND refund_id IS NULL) OR (deed = 'return' AND payment_id IS NOT NULL AND escrow_id IS NULL AND refund_id IS NULL) OR (deed = 'retry' AND payment_id IS NULL AND refund_id IS NOT NULL)", name='a_deed_has_its_object'),
    sa.CheckConstraint("(state IN ('confirmed', 'declined')) = (decided_by IS NOT NULL)", name='a_decision_has_somebody'),
    sa.CheckConstraint("deed IN ('assign', 'return', 'retry')", name='deed_is_known'),
    sa.CheckConstraint("state IN ('proposed', 'confirmed', 'declined', 'withdrawn', 'expired')", name='proposal_state_is_known'),
    sa.CheckConstraint('cents > 0', name='proposal_is_an_amount'),
    sa.CheckConstraint('decided_by IS NULL OR decided_by <> proposed_by', name='nobody_decides_on_their_own'),
    sa.CheckConstraint('length(currency) = 3', name='proposal_currency_is_a_code'),
    sa.ForeignKeyConstraint(['escrow_id'], ['escrows.id']),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id']),
    sa.ForeignKeyConstraint(['refund_id'], ['refunds.id']),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_money_proposals_escrow', 'money_proposals', ['escrow_id'])
    op.create_index('ux_money_proposals_payment', 'money_proposals', ['payment_id'], unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
    op.create_index('ux_money_proposals_refund', 'money_proposals', ['refund_id'], unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)


def downgrade() -> None:
    op.drop_table('money_proposals')
    op.drop_table('payment_links')
