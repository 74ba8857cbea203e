"""the expert's own space: stored files, portraits, letters, earlier versions of profiles, legal identities"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

PURPOSES = "'confirm_email', 'reset_password', 'change_email', 'invite_expert', 'invite_colleague', 'invite_operator'"
EXPERTS = ('experts', 'staged_experts')


def say_purposes(purposes: str) -> None:
    """Have the database know these purposes of mailed links, and no others."""
    condition = f'purpose IN ({purposes})'
    if op.get_bind().dialect.name == 'postgresql':
        op.drop_constraint('purpose_is_known', 'mailed_links', type_='check')
        op.create_check_constraint('purpose_is_known', 'mailed_links', condition)
        return
    # SQLite's table is made anew; its checks are not taken over.
    with op.batch_alter_table('mailed_links', recreate='always') as batch:
        batch.create_check_constraint('purpose_is_known', condition)


def upgrade() -> None:
    say_purposes(PURPOSES + ", 'confirm_availability'")
    for table in EXPERTS:
        op.add_column(table, sa.Column('portrait_id', sa.String(), nullable=True))
        op.add_column(table, sa.Column('availability_confirmed_on', sa.Date(), nullable=True))
        op.add_column(table, sa.Column('owned_fields', sa.JSON(), nullable=False, server_default='[]'))
    op.create_table('stored_files',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('media_type', sa.String(), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('stored_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('size_bytes > 0', name='files_hold_something'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('profile_versions',
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('replaced', sa.JSON(), nullable=False),
    sa.Column('edited_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('expert_id', 'version')
    )
    op.create_table('portrait_files',
    sa.Column('portrait_id', sa.String(), nullable=False),
    sa.Column('size_px', sa.Integer(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('file_id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['file_id'], ['stored_files.id'], ),
    sa.PrimaryKeyConstraint('portrait_id', 'size_px')
    )
    op.create_index('ix_portrait_files_expert', 'portrait_files', ['expert_id'], unique=False)
    op.create_table('reference_letters',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('is_shown', sa.Boolean(), nullable=False),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('file_id', sa.String(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('place BETWEEN 1 AND 3', name='three_letters_at_most'),
    sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['file_id'], ['stored_files.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ux_reference_letters_place', 'reference_letters', ['expert_id', 'place'], unique=True)
    op.create_table('legal_identities',
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.Column('legal_name', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('registration_number', sa.String(), nullable=True),
    sa.Column('vat_number', sa.String(), nullable=True),
    sa.Column('has_vat_franchise', sa.Boolean(), nullable=False),
    sa.Column('portage_company', sa.String(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("status IN ('sasu', 'sarl', 'eurl', 'micro_entrepreneur', 'portage_salarial', 'sole_trader', 'company', 'other')", name='status_is_known'),
    sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('expert_id')
    )


def downgrade() -> None:
    op.execute("DELETE FROM mailed_links WHERE purpose = 'confirm_availability'")
    say_purposes(PURPOSES)
    op.drop_table('legal_identities')
    op.drop_index('ux_reference_letters_place', table_name='reference_letters')
    op.drop_table('reference_letters')
    op.drop_index('ix_portrait_files_expert', table_name='portrait_files')
    op.drop_table('portrait_files')
    op.drop_table('profile_versions')
    op.drop_table('stored_files')
    for table in EXPERTS:
        with op.batch_alter_table(table) as batch:
            for column in ('owned_fields', 'availability_confirmed_on', 'portrait_id'):
                batch.drop_column(column)
