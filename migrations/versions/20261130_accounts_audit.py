"""accounts, clients, sign-ins, mailed links; the audit log, which the database itself keeps from being changed"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_entries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('acted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_kind', sa.String(), nullable=False),
    sa.Column('actor_account_id', sa.String(), nullable=True),
    sa.Column('actor_name', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('object_kind', sa.String(), nullable=False),
    sa.Column('object_id', sa.String(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.CheckConstraint("actor_kind <> 'account' OR actor_account_id IS NOT NULL", name='accounts_are_named'),
    sa.CheckConstraint("actor_kind IN ('account', 'command', 'system')", name='actor_kind_is_known'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_audit_entries_actor', 'audit_entries', ['actor_account_id'], unique=False)
    op.create_index('ix_audit_entries_object', 'audit_entries', ['object_kind', 'object_id'], unique=False)
    op.create_table('clients',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('is_person', sa.Boolean(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('legal_form', sa.String(), nullable=True),
    sa.Column('registration_number', sa.String(), nullable=True),
    sa.Column('vat_number', sa.String(), nullable=True),
    sa.Column('vat_proof', sa.JSON(), nullable=True),
    sa.Column('iban', sa.String(), nullable=True),
    sa.Column('billing_name', sa.String(), nullable=True),
    sa.Column('billing_email', sa.String(), nullable=True),
    sa.Column('billing_phone', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('accounts',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('phone', sa.String(), nullable=True),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=True),
    sa.Column('email_confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=True),
    sa.Column('second_factor_secret', sa.String(), nullable=True),
    sa.Column('second_factor_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('second_factor_step', sa.Integer(), nullable=False),
    sa.Column('notifications', sa.JSON(), nullable=False),
    sa.Column('suspended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('suspension_reason', sa.String(), nullable=True),
    sa.Column('suspension_facts', sa.String(), nullable=True),
    sa.Column('terminates_on', sa.Date(), nullable=True),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("expert_id IS NULL OR kind = 'expert'", name='only_experts_have_profiles'),
    sa.CheckConstraint("kind IN ('company', 'private_client', 'expert', 'operator')", name='kind_is_known'),
    sa.CheckConstraint("language IN ('fr', 'en')", name='language_is_ours'),
    sa.CheckConstraint('(erased_at IS NULL) = (email IS NOT NULL)', name='erased_ones_have_no_email'),
    sa.CheckConstraint('(suspended_at IS NULL) = (suspension_reason IS NULL)', name='a_suspension_has_a_reason'),
    sa.CheckConstraint('email = lower(email)', name='email_is_in_small_letters'),
    sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ux_accounts_email', 'accounts', ['email'], unique=True)
    op.create_index('ux_accounts_expert', 'accounts', ['expert_id'], unique=True)
    op.create_table('acceptances',
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('document', sa.String(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'document', 'version')
    )
    op.create_table('mailed_links',
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=True),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("purpose IN ('confirm_email', 'reset_password', 'change_email', 'invite_expert', 'invite_colleague', 'invite_operator')", name='purpose_is_known'),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash')
    )
    op.create_index('ix_mailed_links_account', 'mailed_links', ['account_id'], unique=False)
    op.create_table('memberships',
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('approval_limit_cents', sa.Integer(), nullable=True),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("role IN ('owner', 'buyer', 'accountant', 'viewer')", name='role_is_known'),
    sa.CheckConstraint('approval_limit_cents IS NULL OR approval_limit_cents >= 0', name='limit_is_an_amount'),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('account_id')
    )
    op.create_index('ix_memberships_client', 'memberships', ['client_id'], unique=False)
    op.create_table('recovery_codes',
    sa.Column('code_hash', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('code_hash')
    )
    op.create_index('ix_recovery_codes_account_id', 'recovery_codes', ['account_id'], unique=False)
    op.create_table('sign_ins',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('needs_second_factor', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_sign_ins_account', 'sign_ins', ['account_id'], unique=False)
    op.create_index('ux_sign_ins_token', 'sign_ins', ['token_hash'], unique=True)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("""
            CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$
        """)
        op.execute("""
            CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
            FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_stay()
        """)
        return
    for change in ('update', 'delete'):
        op.execute(f"""
            CREATE TRIGGER audit_entries_no_{change} BEFORE {change} ON audit_entries
            BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END
        """)


def downgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == 'postgresql'
    op.drop_index('ux_sign_ins_token', table_name='sign_ins')
    op.drop_index('ix_sign_ins_account', table_name='sign_ins')
    op.drop_table('sign_ins')
    op.drop_index('ix_recovery_codes_account_id', table_name='recovery_codes')
    op.drop_table('recovery_codes')
    op.drop_index('ix_memberships_client', table_name='memberships')
    op.drop_table('memberships')
    op.drop_index('ix_mailed_links_account', table_name='mailed_links')
    op.drop_table('mailed_links')
    op.drop_table('acceptances')
    op.drop_index('ux_accounts_expert', table_name='accounts')
    op.drop_index('ux_accounts_email', table_name='accounts')
    op.drop_table('accounts')
    op.drop_table('clients')
    op.drop_index('ix_audit_entries_object', table_name='audit_entries')
    op.drop_index('ix_audit_entries_actor', table_name='audit_entries')
    op.drop_table('audit_entries')
    if is_postgresql:
        op.execute('DROP FUNCTION audit_entries_stay')
