"""who experts are as payment providers are told, the papers that prove it, and their sealed pages on the way"""

import sqlalchemy as sa
from alembic import op

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
IS_OPEN = sa.text("state IN ('created', 'asked')")


def upgrade() -> None:
    op.create_table(
        'owner_details',
        sa.Column('expert_id', sa.String(), nullable=False),
        sa.Column('kind', sa.String(), nullable=False),
        sa.Column('first_name', sa.String(), nullable=False),
        sa.Column('last_name', sa.String(), nullable=False),
        sa.Column('born_on', sa.Date(), nullable=False),
        sa.Column('nationality', sa.String(), nullable=False),
        sa.Column('residence', sa.String(), nullable=False),
        sa.Column('line', sa.String(), nullable=False),
        sa.Column('city', sa.String(), nullable=False),
        sa.Column('postal_code', sa.String(), nullable=False),
        sa.Column('country', sa.String(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('company_number', sa.String(), nullable=False),
        sa.Column('given_at', INSTANT, nullable=False),
        sa.Column('declined', sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('person', 'sole_trader', 'business')", name='owner_kind_is_known'),
        sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('expert_id'),
    )
    op.create_table(
        'identity_papers',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('expert_id', sa.String(), nullable=False),
        sa.Column('user_id', sa.String(), nullable=False),
        sa.Column('kind', sa.String(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('provider_id', sa.String(), nullable=True),
        sa.Column('reason', sa.String(), nullable=True),
        sa.Column('explanation', sa.String(), nullable=False),
        sa.Column('pages', sa.Integer(), nullable=False),
        sa.Column('given_at', INSTANT, nullable=False),
        sa.Column('changed_at', INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('identity', 'registration', 'articles', 'shareholders', 'address')",
            name='identity_paper_kind_is_known',
        ),
        sa.CheckConstraint(
            "state IN ('created', 'asked', 'validated', 'refused', 'outdated')", name='identity_paper_state_is_known'
        ),
        sa.CheckConstraint('pages > 0', name='identity_papers_have_pages'),
        sa.ForeignKeyConstraint(['expert_id'], ['experts.id'], ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['provider_users.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_identity_papers_expert', 'identity_papers', ['expert_id', 'given_at'])
    op.create_index('ix_identity_papers_provider_id', 'identity_papers', ['provider_id'])
    op.create_index(
        'ux_identity_papers_open',
        'identity_papers',
        ['user_id', 'kind'],
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )
    op.create_table(
        'identity_pages',
        sa.Column('paper_id', sa.String(), nullable=False),
        sa.Column('place', sa.Integer(), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('given_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['paper_id'], ['identity_papers.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('paper_id', 'place'),
    )
    op.create_table(
        'sandbox_pages',
        sa.Column('paper_id', sa.String(), nullable=False),
        sa.Column('place', sa.Integer(), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['paper_id'], ['sandbox_papers.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('paper_id', 'place'),
    )


def downgrade() -> None:
    op.drop_table('sandbox_pages')
    op.drop_table('identity_pages')
    op.drop_index('ux_identity_papers_open', table_name='identity_papers')
    op.drop_index('ix_identity_papers_provider_id', table_name='identity_papers')
    op.drop_index('ix_identity_papers_expert', table_name='identity_papers')
    op.drop_table('identity_papers')
    op.drop_table('owner_details')
