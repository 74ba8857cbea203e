"""declarations of who owns the businesses of experts, sealed until a provider has them; the simulated provider's own"""

import sqlalchemy as sa
from alembic import op

revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
STATES = "state IN ('created', 'asked', 'validated', 'refused', 'incomplete', 'outdated')"
IS_OPEN = sa.text("state IN ('created', 'asked')")


def upgrade() -> None:
    op.create_table(
        'ownership_declarations',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('expert_id', sa.String(), nullable=False),
        sa.Column('user_id', sa.String(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('provider_id', sa.String(), nullable=True),
        sa.Column('reason', sa.String(), nullable=True),
        sa.Column('explanation', sa.String(), nullable=False),
        sa.Column('people', sa.Integer(), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=True),
        sa.Column('given_at', INSTANT, nullable=False),
        sa.Column('changed_at', INSTANT, nullable=False),
        sa.CheckConstraint(STATES, name='ownership_declaration_state_is_known'),
        sa.CheckConstraint('people BETWEEN 1 AND 4', name='ownership_declarations_have_people'),
        sa.CheckConstraint("sealed IS NULL OR state = 'created'", name='ownership_declarations_are_not_kept'),
        sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['provider_users.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_ownership_declarations_expert', 'ownership_declarations', ['expert_id', 'given_at'])
    op.create_index('ix_ownership_declarations_provider_id', 'ownership_declarations', ['provider_id'])
    op.create_index(
        'ux_ownership_declarations_open',
        'ownership_declarations',
        ['user_id'],
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )
    op.create_table(
        'sandbox_declarations',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('key', sa.String(), nullable=False),
        sa.Column('user_id', sa.String(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('reason', sa.String(), nullable=True),
        sa.Column('explanation', sa.String(), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=True),
        sa.Column('made_at', INSTANT, nullable=False),
        sa.CheckConstraint(STATES, name='sandbox_declaration_state_is_known'),
        sa.ForeignKeyConstraint(['user_id'], ['sandbox_users.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('key'),
    )
    op.create_index('ix_sandbox_declarations_user', 'sandbox_declarations', ['user_id'])
    # Whom the simulated provider had verified stays verified.
    op.execute("""
        INSERT INTO sandbox_declarations (id, key, user_id, state, explanation, made_at)
        SELECT 'sandbox-' || sandbox_users.key, sandbox_users.key, sandbox_users.id, 'validated', '', made.made_at
        FROM sandbox_users JOIN provider_users made ON made.id = sandbox_users.key
        WHERE sandbox_users.role = 'business' AND made.is_verified
    """)


def downgrade() -> None:
    op.drop_index('ix_sandbox_declarations_user', table_name='sandbox_declarations')
    op.drop_table('sandbox_declarations')
    op.drop_index('ux_ownership_declarations_open', table_name='ownership_declarations')
    op.drop_index('ix_ownership_declarations_provider_id', table_name='ownership_declarations')
    op.drop_index('ix_ownership_declarations_expert', table_name='ownership_declarations')
    op.drop_table('ownership_declarations')
