"""the life of a mission: sheets, offers, quotes with their versions and signatures, missions, and how states changed"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

SIGNED = ('quote_versions', 'signatures')


def upgrade() -> None:
    op.create_table('counters',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('state_changes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('object_id', sa.String(), nullable=False),
    sa.Column('before', sa.String(), nullable=False),
    sa.Column('event', sa.String(), nullable=False),
    sa.Column('after', sa.String(), nullable=False),
    sa.Column('party', sa.String(), nullable=False),
    sa.Column('actor_account_id', sa.String(), nullable=True),
    sa.Column('actor_name', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_state_changes_object', 'state_changes', ['kind', 'object_id', 'id'], unique=False)
    op.create_table('series',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('stops_after', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_series_pair', 'series', ['client_id', 'expert_id'], unique=False)
    op.create_table('sheets',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=True),
    sa.Column('token_hash', sa.String(), nullable=True),
    sa.Column('author_account_id', sa.String(), nullable=True),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('needs_nda', sa.Boolean(), nullable=False),
    sa.Column('answer_by', sa.Date(), nullable=True),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state = 'draft' OR client_id IS NOT NULL", name='published_sheets_have_a_client'),
    sa.CheckConstraint("state IN ('draft', 'published', 'closed')", name='sheet_state_is_known'),
    sa.CheckConstraint('(client_id IS NULL) <> (token_hash IS NULL)', name='sheet_has_one_owner'),
    sa.ForeignKeyConstraint(['author_account_id'], ['accounts.id'], ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_sheets_client', 'sheets', ['client_id'], unique=False)
    op.create_index('ux_sheets_token', 'sheets', ['token_hash'], unique=True)
    op.create_table('offers',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('sheet_id', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('query_id', sa.String(), nullable=True),
    sa.Column('message', sa.String(), nullable=False),
    sa.Column('refusal', sa.String(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('sent', 'seen', 'refused', 'answered', 'expired', 'withdrawn')", name='offer_state_is_known'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['sheet_id'], ['sheets.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_offers_expert', 'offers', ['expert_id'], unique=False)
    op.create_index('ux_offers_sheet_expert', 'offers', ['sheet_id', 'expert_id'], unique=True)
    op.create_table('quotes',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=True),
    sa.Column('client_email', sa.String(), nullable=True),
    sa.Column('client_name', sa.String(), nullable=False),
    sa.Column('offer_id', sa.String(), nullable=True),
    sa.Column('sheet_id', sa.String(), nullable=True),
    sa.Column('series_id', sa.String(), nullable=True),
    sa.Column('draft', sa.JSON(), nullable=False),
    sa.Column('draft_edition', sa.Integer(), nullable=False),
    sa.Column('latest_version', sa.Integer(), nullable=False),
    sa.Column('accepted_version', sa.Integer(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('decline_reason', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'draft') = (latest_version = 0)", name='sent_quotes_have_versions'),
    sa.CheckConstraint("accepted_version IS NOT NULL OR state NOT IN ('accepted', 'amended', 'cancelled')", name='signed_quotes_name_their_version'),
    sa.CheckConstraint("kind IN ('scoping', 'mission', 'month')", name='quote_kind_is_known'),
    sa.CheckConstraint("state IN ('draft', 'sent', 'accepted', 'amended', 'declined', 'withdrawn', 'expired', 'cancelled')", name='quote_state_is_known'),
    sa.CheckConstraint('accepted_version IS NULL OR accepted_version <= latest_version', name='accepted_was_sent'),
    sa.CheckConstraint('client_id IS NOT NULL OR client_email IS NOT NULL', name='quote_is_for_somebody'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['series_id'], ['series.id'], ),
    sa.ForeignKeyConstraint(['sheet_id'], ['sheets.id'], ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_quotes_client', 'quotes', ['client_id'], unique=False)
    op.create_index('ix_quotes_expert', 'quotes', ['expert_id'], unique=False)
    op.create_index('ix_quotes_offer', 'quotes', ['offer_id'], unique=False)
    op.create_index('ux_quotes_number', 'quotes', ['number'], unique=True)
    op.create_table('missions',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('quote_id', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('sheet_id', sa.String(), nullable=True),
    sa.Column('series_id', sa.String(), nullable=True),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('portage', sa.String(), nullable=False),
    sa.Column('portage_company', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('funded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('validated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("portage IN ('none', 'partner', 'own')", name='portage_is_known'),
    sa.CheckConstraint("state IN ('awaiting_funds', 'funded', 'in_progress', 'reported', 'validated', 'closed', 'disputed', 'refund_in_question', 'cancelled')", name='mission_state_is_known'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.ForeignKeyConstraint(['quote_id'], ['quotes.id'], ),
    sa.ForeignKeyConstraint(['series_id'], ['series.id'], ),
    sa.ForeignKeyConstraint(['sheet_id'], ['sheets.id'], ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_missions_expert', 'missions', ['expert_id'], unique=False)
    op.create_index('ix_missions_pair', 'missions', ['client_id', 'expert_id'], unique=False)
    op.create_index('ix_missions_state', 'missions', ['state', 'ends_on'], unique=False)
    op.create_index('ux_missions_number', 'missions', ['number'], unique=True)
    op.create_index('ux_missions_quote', 'missions', ['quote_id'], unique=True)
    op.create_table('quote_versions',
    sa.Column('quote_id', sa.String(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('content_hash', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('day_rate_cents', sa.Integer(), nullable=True),
    sa.Column('net_cents', sa.Integer(), nullable=False),
    sa.Column('tax_cents', sa.Integer(), nullable=False),
    sa.Column('gross_cents', sa.Integer(), nullable=False),
    sa.Column('commission_rate_bp', sa.Integer(), nullable=False),
    sa.Column('commission_cents', sa.Integer(), nullable=False),
    sa.Column('reduction_id', sa.String(), nullable=True),
    sa.Column('starts_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('gross_cents = net_cents + tax_cents', name='version_amounts_add_up'),
    sa.CheckConstraint('net_cents >= 0 AND tax_cents >= 0', name='version_amounts_are_positive'),
    sa.CheckConstraint('number >= 1', name='version_number_is_positive'),
    sa.ForeignKeyConstraint(['quote_id'], ['quotes.id'], ),
    sa.PrimaryKeyConstraint('quote_id', 'number')
    )
    op.create_table('signatures',
    sa.Column('quote_id', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('side', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('content_hash', sa.String(), nullable=False),
    sa.Column('terms_version', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("side IN ('client', 'expert')", name='side_is_known'),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ),
    sa.ForeignKeyConstraint(['quote_id'], ['quotes.id'], ),
    sa.PrimaryKeyConstraint('quote_id', 'version', 'side')
    )
    op.create_index('ix_signatures_account', 'signatures', ['account_id'], unique=False)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("""
            CREATE FUNCTION contracts_stay() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'what was sent and signed is only added to'; END $$
        """)
        for table in SIGNED:
            op.execute(f"""
                CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION contracts_stay()
            """)
        return
    for table in SIGNED:
        for change in ('update', 'delete'):
            op.execute(f"""
                CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}
                BEGIN SELECT RAISE(ABORT, 'what was sent and signed is only added to'); END
            """)



def downgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == 'postgresql'
    op.drop_index('ix_signatures_account', table_name='signatures')
    op.drop_table('signatures')
    op.drop_table('quote_versions')
    op.drop_index('ux_missions_quote', table_name='missions')
    op.drop_index('ux_missions_number', table_name='missions')
    op.drop_index('ix_missions_state', table_name='missions')
    op.drop_index('ix_missions_pair', table_name='missions')
    op.drop_index('ix_missions_expert', table_name='missions')
    op.drop_table('missions')
    op.drop_index('ux_quotes_number', table_name='quotes')
    op.drop_index('ix_quotes_offer', table_name='quotes')
    op.drop_index('ix_quotes_expert', table_name='quotes')
    op.drop_index('ix_quotes_client', table_name='quotes')
    op.drop_table('quotes')
    op.drop_index('ux_offers_sheet_expert', table_name='offers')
    op.drop_index('ix_offers_expert', table_name='offers')
    op.drop_table('offers')
    op.drop_index('ux_sheets_token', table_name='sheets')
    op.drop_index('ix_sheets_client', table_name='sheets')
    op.drop_table('sheets')
    op.drop_index('ix_series_pair', table_name='series')
    op.drop_table('series')
    op.drop_index('ix_state_changes_object', table_name='state_changes')
    op.drop_table('state_changes')
    op.drop_table('counters')
    if is_postgresql:
        op.execute('DROP FUNCTION contracts_stay')
