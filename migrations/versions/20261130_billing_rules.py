"""what billing decides by: experts' checked VAT numbers, mandates, reductions of the commission, referrals"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('legal_identities', sa.Column('vat_proof', sa.JSON(), nullable=True))
    op.create_table('mandates',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('text_hash', sa.String(), nullable=False),
    sa.Column('mandatary', sa.String(), nullable=False),
    sa.Column('mandator', sa.String(), nullable=False),
    sa.Column('registration_number', sa.String(), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('accepted_by', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("language IN ('fr', 'en')", name='language_is_ours'),
    sa.CheckConstraint('ended_at IS NULL OR ended_at >= accepted_at', name='it_ends_after_it_began'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_mandates_expert', 'mandates', ['expert_id'], unique=False)
    op.create_table('reductions',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=True),
    sa.Column('share_bp', sa.Integer(), nullable=False),
    sa.Column('later_share_bp', sa.Integer(), nullable=False),
    sa.Column('earned_by', sa.String(), nullable=True),
    sa.Column('earned_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('own_client', 'referral')", name='kind_is_known'),
    sa.CheckConstraint("(kind = 'own_client') = (client_id IS NOT NULL)", name='own_clients_are_named'),
    sa.CheckConstraint("(kind = 'referral') = (earned_by IS NOT NULL)", name='referrals_are_named'),
    sa.CheckConstraint('share_bp BETWEEN 0 AND 10000', name='share_is_a_part'),
    sa.CheckConstraint('later_share_bp BETWEEN 0 AND 10000', name='later_share_is_a_part'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_reductions_expert', 'reductions', ['expert_id'], unique=False)
    op.create_index('ux_reductions_pair', 'reductions', ['expert_id', 'client_id'], unique=True)
    op.create_index('ux_reductions_earned_by', 'reductions', ['earned_by'], unique=True)
    op.create_table('reduction_uses',
    sa.Column('reduction_id', sa.String(), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('share_bp', sa.Integer(), nullable=False),
    sa.Column('reserved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('turn >= 1', name='turns_are_counted'),
    sa.CheckConstraint('share_bp BETWEEN 0 AND 10000', name='share_is_a_part'),
    sa.ForeignKeyConstraint(['reduction_id'], ['reductions.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('reduction_id', 'turn')
    )
    op.create_index('ux_reduction_uses_reference', 'reduction_uses', ['reference'], unique=True)
    op.create_table('promo_codes',
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('expert_id'),
    sa.UniqueConstraint('code')
    )
    op.create_table('referrals',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('sponsor_expert_id', sa.String(), nullable=False),
    sa.Column('referred_account_id', sa.String(), nullable=False),
    sa.Column('signed_up_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_by', sa.String(), nullable=True),
    sa.Column('refusal', sa.String(), nullable=True),
    sa.CheckConstraint("refusal IS NULL OR refusal IN ('self', 'same_company', 'circular', 'known_already', 'clients_earn_nothing')", name='refusal_is_known'),
    sa.CheckConstraint('(completed_at IS NULL) = (completed_by IS NULL)', name='completed_by_something'),
    sa.CheckConstraint('refusal IS NULL OR completed_at IS NOT NULL', name='refused_at_the_end'),
    sa.ForeignKeyConstraint(['referred_account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['sponsor_expert_id'], ['experts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_referrals_sponsor', 'referrals', ['sponsor_expert_id'], unique=False)
    op.create_index('ux_referrals_referred', 'referrals', ['referred_account_id'], unique=True)


def downgrade() -> None:
    for table in ('referrals', 'promo_codes', 'reduction_uses', 'reductions', 'mandates'):
        op.drop_table(table)
    with op.batch_alter_table('legal_identities') as batch:
        batch.drop_column('vat_proof')
