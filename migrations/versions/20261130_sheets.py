"""editions and files of mission sheets, non-disclosure agreements, and which edition an expert has read"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

SIGNED = 'nda_acceptances'


def upgrade() -> None:
    op.create_table('nda_acceptances',
    sa.Column('sheet_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('text_hash', sa.String(), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("language IN ('fr', 'en')", name='nda_language_is_ours'),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('sheet_id', 'expert_id')
    )
    op.create_index('ix_nda_acceptances_account', 'nda_acceptances', ['account_id'], unique=False)
    op.create_table('sheet_editions',
    sa.Column('sheet_id', sa.String(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['sheet_id'], ['sheets.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('sheet_id', 'number')
    )
    op.create_table('sheet_files',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('sheet_id', sa.String(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('file_id', sa.String(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('place BETWEEN 1 AND 5', name='sheet_files_are_few'),
    sa.ForeignKeyConstraint(['file_id'], ['stored_files.id'], ),
    sa.ForeignKeyConstraint(['sheet_id'], ['sheets.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ux_sheet_files_place', 'sheet_files', ['sheet_id', 'place'], unique=True)
    op.add_column('offers', sa.Column('seen_edition', sa.Integer(), server_default='0', nullable=False))
    op.add_column('offers', sa.Column('refusal_reason', sa.String(), server_default='', nullable=False))
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(f"""
            CREATE TRIGGER {SIGNED}_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {SIGNED}
            FOR EACH STATEMENT EXECUTE FUNCTION contracts_stay()
        """)
        return
    for change in ('update', 'delete'):
        op.execute(f"""
            CREATE TRIGGER {SIGNED}_no_{change} BEFORE {change} ON {SIGNED}
            BEGIN SELECT RAISE(ABORT, 'what was sent and signed is only added to'); END
        """)


def downgrade() -> None:
    with op.batch_alter_table('offers') as offers:
        offers.drop_column('refusal_reason')
        offers.drop_column('seen_edition')
    op.drop_index('ux_sheet_files_place', table_name='sheet_files')
    op.drop_table('sheet_files')
    op.drop_table('sheet_editions')
    op.drop_index('ix_nda_acceptances_account', table_name='nda_acceptances')
    op.drop_table('nda_acceptances')
